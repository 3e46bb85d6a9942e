import { Router } from 'express';
import { isCalendarDay } from '../../calendar-day.js';
import type { Queries } from '../../database/database.js';
import type { Texts } from '../../languages/texts.js';
import { clamp } from '../../papers/presentation.js';
import { daysAround, listPapers, newestDay, type PaperSort, paperSorts } from '../../papers/store.js';
import { topicChoices, topicSlugs } from '../choices.js';
import { textsOf } from '../language.js';
import { paperView } from '../paper-view.js';
import { publicPage } from '../security.js';
import type { Site } from '../site.js';

const papersShown = 100;

interface Search {
  date: string | null;
  topic: string | null;
  query: string;
  sort: PaperSort;
}

/** Any day's papers, those of a topic, and search over all days. */
export function papersRoutes({ ctx, sharedPages }: Site): Router {
  const router = Router();
  router.get('/papers', publicPage, (req, res) =>
    sharedPages.send(res, 'papers', async () => ({
      ...(await viewOf(ctx.db.prisma, textsOf(res), readSearch(req.query))),
      unknownTopic: unknownTopic(req.query),
    })),
  );
  return router;
}

/** What the page shows. */
async function viewOf(db: Queries, texts: Texts, search: Search) {
  // Without a question, the newest day is the answer.
  const all = search.query !== '' || search.topic !== null;
  const day = search.date ?? (all ? null : await newestDay(db));
  const { query, topic, sort } = search;
  const papers = await listPapers(db, {
    ...(day && { day }),
    ...(topic && { topic }),
    ...(query && { query }),
    sort,
    limit: papersShown,
  });
  const topics = topicChoices(texts, [topic]);
  const known = topics.find(({ chosen }) => chosen);
  const { previous, next } = day ? await daysAround(db, day) : { previous: null, next: null };
  const link = (to: string | null) => to && { href: address({ ...search, date: to }), label: texts.date(to, 'long') };
  return {
    ...search,
    // The day that is shown is no filter unless somebody asked for it: a search goes over all days.
    date: search.date ?? '',
    filtered: search.date !== null || topic !== null || sort !== 'trending',
    heading: heading(texts, search, day),
    topics,
    sorts: paperSorts.map((name) => ({ name, label: texts.t(`papers.sort.${name}`), chosen: name === sort })),
    previous: link(previous),
    next: link(next),
    count: count(texts, papers.length),
    papers: papers.map((paper) => paperView(texts, paper)),
    severalDays: day === null,
    newest: search.date !== null && next !== null ? address({ ...search, date: null }) : null,
    mailed: known ?? null,
    about: known?.description,
    feed: known && { title: `${known.name} · Offprint`, href: `/topics/${known.slug}/feed.xml` },
  };
}

/** Reads the question from the address; what makes no sense is left out, because people edit addresses. */
function readSearch(given: Record<string, unknown>): Search {
  const text = (name: string) => (typeof given[name] === 'string' ? given[name].trim() : '');
  return {
    date: isListDay(text('date')) ? text('date') : null,
    topic: topicSlugs.includes(text('topic')) ? text('topic') : null,
    query: text('q').slice(0, 200),
    sort: paperSorts.find((name) => name === text('sort')) ?? 'trending',
  };
}

/** What somebody took for a topic, to tell them that there is none. */
function unknownTopic(given: Record<string, unknown>): string | null {
  const asked = given['topic'];
  if (typeof asked !== 'string' || asked.trim() === '' || topicSlugs.includes(asked.trim())) return null;
  return clamp(asked.trim(), 60);
}

/** No list is older than the web, and PostgreSQL has no year 0. */
function isListDay(text: string): boolean {
  return isCalendarDay(text) && text >= '1990';
}

function address({ date, topic, query, sort }: Search): string {
  const given = { date, topic, q: query, sort: sort === 'trending' ? null : sort };
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) if (value) parameters.set(name, value);
  return `/papers?${parameters}`;
}

function heading(texts: Texts, { query, topic }: Search, day: string | null): string {
  if (query) return texts.t('papers.about', { query });
  const name = topicChoices(texts, [topic]).find(({ chosen }) => chosen)?.name;
  return [name ?? texts.t('papers.label'), day && texts.date(day, 'long')].filter(Boolean).join(', ');
}

function count(texts: Texts, count: number): string {
  return texts.t(count === papersShown ? 'papers.first' : 'papers.count', { count });
}
