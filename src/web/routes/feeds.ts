import { type Response, Router } from 'express';
import { listPastDigests } from '../../digests/history.js';
import type { Texts } from '../../languages/texts.js';
import { arxivUrl } from '../../papers/paper.js';
import { safeUrl } from '../../papers/presentation.js';
import { listPapers } from '../../papers/store.js';
import { digestLink, historyLinks } from '../../subscribers/links.js';
import { topicDescription, topicName } from '../../topics/topic-name.js';
import { vocabulary } from '../../topics/vocabulary.js';
import { withAccess } from '../access.js';
import { type AtomEntry, type AtomFeed, atomXml } from '../atom.js';
import { textsOf } from '../language.js';
import { renderPage } from '../page.js';
import { paperView } from '../paper-view.js';
import { privatePage } from '../security.js';
import type { Site } from '../site.js';

const papersShown = 50;
const digestsShown = 30;
/** How long a reader of feeds may keep a public one, in seconds: papers come twice an hour. */
const keptSeconds = 900;

/** Atom feeds: of all papers, of a topic's, and of a subscriber's own digests. */
export function feedRoutes(site: Site): Router {
  const { ctx } = site;
  const { baseUrl } = ctx.config.web;
  const router = Router();

  router.get('/feed.xml', async (_req, res) => {
    const texts = textsOf(res);
    const entries = await paperEntries(ctx, texts, {});
    sendPublic(res, {
      name: 'papers',
      title: `${texts.t('site.feedTitle')} · Offprint`,
      self: `${baseUrl}/feed.xml`,
      page: `${baseUrl}/papers`,
      updated: newest(entries),
      entries,
    });
  });

  router.get('/topics/:slug/feed.xml', async (req, res, next) => {
    const topic = vocabulary.find(({ slug }) => slug === req.params['slug']);
    if (!topic) return next();
    const texts = textsOf(res);
    const { slug, name, description } = topic;
    const entries = await paperEntries(ctx, texts, { topic: slug });
    sendPublic(res, {
      name: `topic ${slug}`,
      title: `${topicName(texts, slug, name)} · Offprint`,
      subtitle: topicDescription(texts, slug, description),
      self: `${baseUrl}/topics/${slug}/feed.xml`,
      page: `${baseUrl}/papers?topic=${slug}`,
      updated: newest(entries),
      entries,
    });
  });

  router.get(
    '/feed/:token',
    privatePage,
    withAccess(site, 'feed', async ({ subscriber }, res) => {
      const digests = await listPastDigests(ctx.db.prisma, subscriber.id, digestsShown);
      const texts = textsOf(res);
      const links = historyLinks(ctx, subscriber);
      const entries = digests.map(({ id, day, sentAt, papers }) => ({
        name: id,
        title: texts.t('history.entry', { day: texts.date(day, 'long') }),
        updated: sentAt,
        href: digestLink(ctx, subscriber, id),
        html: renderPage(texts, 'feed-digest', {
          papers: papers.map(({ title, identifier, discussionUrl }) => ({
            title,
            href: arxivUrl(identifier) ?? safeUrl(discussionUrl),
          })),
        }),
      }));
      sendFeed(res, {
        name: `digests ${subscriber.linkId}`,
        title: `${texts.t('history.title')} · Offprint`,
        self: links.feed,
        page: links.history,
        updated: newest(entries),
        entries,
      });
    }),
  );
  return router;
}

async function paperEntries(ctx: Site['ctx'], texts: Texts, filter: { topic?: string }): Promise<AtomEntry[]> {
  const papers = await listPapers(ctx.db.prisma, { ...filter, sort: 'newest', limit: papersShown });
  return papers.map((paper) => {
    const { title, href, summary, topics } = paperView(texts, paper);
    return {
      name: paper.identifier,
      title,
      updated: new Date(paper.day),
      href,
      authors: paper.authors,
      categories: topics,
      summary,
    };
  });
}

function newest(entries: readonly AtomEntry[]): Date {
  return new Date(Math.max(0, ...entries.map(({ updated }) => updated.getTime())));
}

function sendPublic(res: Response, feed: AtomFeed): void {
  res.set('Cache-Control', `public, max-age=${keptSeconds}`);
  sendFeed(res, feed);
}

function sendFeed(res: Response, feed: AtomFeed): void {
  res.type('application/atom+xml; charset=utf-8').send(atomXml(textsOf(res).language, feed));
}
