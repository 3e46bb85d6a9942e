import { Router } from 'express';
import { isCalendarDay } from '../../calendar-day.js';
import { listPastDigests } from '../../digests/history.js';
import { arxivUrl } from '../../papers/paper.js';
import { safeUrl } from '../../papers/presentation.js';
import { maskAddress } from '../../subscribers/address.js';
import { digestLink, historyLinks, subscriberLinks } from '../../subscribers/links.js';
import { withAccess } from '../access.js';
import { wantsJson } from '../errors.js';
import { textsOf } from '../language.js';
import { sendPage } from '../page.js';
import { privatePage } from '../security.js';
import type { Site } from '../site.js';

const digestsShown = 30;

/** What was sent to a subscriber and when, with the digests. */
export function historyRoutes(site: Site): Router {
  const { ctx } = site;
  const router = Router();
  router.get(
    '/history/:token',
    privatePage,
    withAccess(site, 'history', async ({ subscriber }, res, req) => {
      const asked = req.query['before'];
      const before = typeof asked === 'string' && isCalendarDay(asked) ? asked : null;
      // One more, to know whether there are more.
      const found = await listPastDigests(ctx.db.prisma, subscriber.id, digestsShown + 1, before);
      const digests = found.slice(0, digestsShown).map(({ id, day, sentAt, papers }) => ({
        day,
        sentAt: sentAt.toISOString(),
        url: digestLink(ctx, subscriber, id),
        papers: papers.map(({ title, identifier, discussionUrl }) => ({
          title,
          url: arxivUrl(identifier) ?? safeUrl(discussionUrl),
        })),
      }));
      const { history, feed } = historyLinks(ctx, subscriber);
      const oldest = found.length > digestsShown ? digests.at(-1)?.day : undefined;
      const more = oldest === undefined ? null : `${history}?before=${oldest}`;
      if (wantsJson(req)) return void res.json({ digests, more, feed });
      const texts = textsOf(res);
      sendPage(res, 200, 'history', {
        address: maskAddress(subscriber.email),
        timezone: subscriber.timezone,
        digests: digests.map((digest) => ({
          ...digest,
          long: texts.date(digest.day, 'long'),
          at: texts.time(new Date(digest.sentAt), subscriber.timezone),
        })),
        isFirst: before === null,
        more: more && new URL(more).pathname + new URL(more).search,
        feed,
        preferences: new URL(subscriberLinks(ctx, subscriber).preferences).pathname,
      });
    }),
  );
  return router;
}
