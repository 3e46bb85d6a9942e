import { type Request, type Response, Router } from 'express';
import { planWelcome } from '../../digests/plan.js';
import type { Access } from '../../subscribers/access.js';
import { maskAddress } from '../../subscribers/address.js';
import { subscriberLinks } from '../../subscribers/links.js';
import { confirm, findSignUp, isExpired, renewConfirmation } from '../../subscribers/sign-up.js';
import { withAccess } from '../access.js';
import { topicChoices } from '../choices.js';
import { sendUnknownLink, wantsJson } from '../errors.js';
import { sendPage } from '../page.js';
import { privatePage } from '../security.js';
import type { Site } from '../site.js';

/** Confirming an address: mail scanners follow the link, so that only the button on its page confirms. */
export function confirmRoutes(site: Site): Router {
  const { ctx, limit } = site;
  const router = Router();
  router.use('/confirm', privatePage);

  router.get(
    '/confirm/:token',
    withAccess(site, 'confirm', async (access, res, req) => {
      if (isExpired(access, ctx.clock())) return sendExpired(req, res);
      const chosen = (await findSignUp(ctx.db.prisma, access)) ?? access.subscriber;
      const topics = topicChoices(chosen.topics).filter((topic) => topic.chosen);
      sendPage(res, 200, 'confirm', {
        address: maskAddress(access.subscriber.email),
        topics: topics.map(({ name }) => name),
        timezone: chosen.timezone,
      });
    }),
  );

  router.post(
    '/confirm/:token',
    withAccess(site, 'confirm', async (access, res, req) => {
      if (isExpired(access, ctx.clock())) return sendExpired(req, res);
      const { confirmed, welcome } = await activate(ctx, access);
      if (confirmed === 'refused') return sendUnknownLink(req, res);
      const { preferences } = subscriberLinks(ctx, access.subscriber);
      if (wantsJson(req)) res.json({ status: 'active', welcome, preferences });
      else sendPage(res, 200, 'confirmed', { confirmed, welcome, preferences: new URL(preferences).pathname });
    }),
  );

  router.post(
    '/confirm/:token/again',
    withAccess(site, 'confirm', async (access, res, req) => {
      if (!(await limit(req.ip ?? ''))) await renewConfirmation(ctx, access);
      sendPage(res, 202, 'check-mail', {
        message:
          'A mail with a new link is on its way, unless you were sent one in the last 24 hours: then please use that one.',
      });
    }),
  );
  return router;
}

/** Activates and plans the first digest, both or none. */
function activate(ctx: Site['ctx'], access: Access) {
  return ctx.db.prisma.$transaction(
    async (tx) => {
      const confirmed = await confirm(tx, ctx, access);
      const welcome = confirmed === 'activated' && (await planWelcome(tx, ctx.clock(), access.subscriber.id));
      return { confirmed, welcome };
    },
    { timeout: 30_000 },
  );
}

function sendExpired(req: Request, res: Response): void {
  if (wantsJson(req)) res.status(410).json({ error: 'This link has expired.' });
  else sendPage(res, 410, 'expired', { again: `/confirm/${String(req.params['token'])}/again` });
}
