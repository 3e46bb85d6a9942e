import { Router } from 'express';
import { findSharedDigest } from '../../digests/history.js';
import { dayName } from '../../digests/wording.js';
import { withAccess } from '../access.js';
import { sendUnknownLink } from '../errors.js';
import { textsOf } from '../language.js';
import { sendPage } from '../page.js';
import { paperView } from '../paper-view.js';
import { privatePage } from '../security.js';
import type { Site } from '../site.js';

/** A digest in the browser: nothing on the page is its subscriber's own, because such a page gets shared. */
export function digestRoutes(site: Site): Router {
  const { prisma } = site.ctx.db;
  const router = Router();
  router.get(
    '/digests/:token',
    privatePage,
    withAccess(site, 'digest', async ({ subject: { about: digestId } }, res, req) => {
      const digest = digestId === undefined ? null : await findSharedDigest(prisma, digestId);
      if (!digest) return sendUnknownLink(req, res);
      const { day, papers } = digest;
      const texts = textsOf(res);
      sendPage(res, 200, 'digest', {
        day: { iso: day, long: dayName(texts, day) },
        papers: papers.map(({ paper, topics }) => paperView(texts, { ...paper, day, why: topics })),
      });
    }),
  );
  return router;
}
