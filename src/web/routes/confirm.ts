import { type Request, type Response, Router } from 'express';
import { planWelcome } from '../../digests/plan.js';
import type { Access } from '../../subscribers/access.js';
import { type Address, maskAddress } from '../../subscribers/address.js';
import { subscriberLinks } from '../../subscribers/links.js';
import { type Consent, confirm, findSignUp, isExpired, renewConfirmation } from '../../subscribers/sign-up.js';
import { withAccess } from '../access.js';
import { topicChoices } from '../choices.js';
import { clientNetworks } from '../client-network.js';
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
      const offer = await offerOf(ctx, access);
      sendPage(res, 200, 'confirm', { address: maskAddress(access.subscriber.email), offer });
    }),
  );

  router.post(
    '/confirm/:token',
    withAccess(site, 'confirm', async (access, res, req) => {
      if (isExpired(access, ctx.clock())) return sendExpired(req, res);
      const { confirmed, welcome } = await activate(ctx, access, {
        text: await offerOf(ctx, access),
        network: clientNetworks(req.ip ?? '')[0] ?? '',
      });
      if (confirmed === 'refused') return sendUnknownLink(req, res);
      const { preferences } = subscriberLinks(ctx, access.subscriber);
      if (wantsJson(req)) res.json({ status: 'active', welcome, preferences });
      else sendPage(res, 200, 'confirmed', { confirmed, welcome, preferences: new URL(preferences).pathname });
    }),
  );

  router.post(
    '/confirm/:token/again',
    withAccess(site, 'confirm', async (access, res, req) => {
      if (!(await limit(req.ip ?? '', access.subscriber.email as Address))) await renewConfirmation(ctx, access);
      sendPage(res, 202, 'check-mail', {
        message:
          'A mail with a new link is on its way, unless you were sent one in the last 24 hours: then please use that one.',
      });
    }),
  );
  return router;
}

/** What the page says that somebody confirms on. */
async function offerOf(ctx: Site['ctx'], access: Access): Promise<string> {
  const { topics, timezone } = (await findSignUp(ctx.db.prisma, access)) ?? access.subscriber;
  const names = topicChoices(topics).flatMap(({ name, chosen }) => (chosen ? name : []));
  const what = names.length > 0 ? names.join(', ') : 'What is trending';
  return `${what}, every morning at 8 by the clock of ${timezone.replaceAll('_', ' ')}. All of it can be changed later.`;
}

/** Activates and plans the first digest, both or none. */
function activate(ctx: Site['ctx'], access: Access, consent: Consent) {
  return ctx.db.prisma.$transaction(
    async (tx) => {
      const confirmed = await confirm(tx, ctx, access, consent);
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
