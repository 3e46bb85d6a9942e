import { type Request, Router } from 'express';
import { maskAddress } from '../../subscribers/address.js';
import { resubscribe, unsubscribe } from '../../subscribers/lifecycle.js';
import { subscriberLinks } from '../../subscribers/links.js';
import { isOneOf, openStatuses } from '../../subscribers/status.js';
import { withAccess } from '../access.js';
import { sendPage } from '../page.js';
import { privatePage } from '../security.js';
import type { Site } from '../site.js';

/**
 * Unsubscribing, by the button of a page or by a mail program (RFC 8058): any POST will do, its body is not even read,
 * because a mail program may send it as it likes and the token says all. The answer is never a redirect.
 */
export function unsubscribeRoutes(site: Site): Router {
  const { ctx } = site;
  const router = Router();
  router.use('/unsubscribe', privatePage);

  router.get(
    '/unsubscribe/:token',
    withAccess(site, 'unsubscribe', async ({ subscriber }, res, req) => {
      const done = !isOneOf(openStatuses, subscriber.status);
      sendPage(res, 200, 'unsubscribe', { address: maskAddress(subscriber.email), done, ...undo(req, subscriber) });
    }),
  );

  router.post(
    '/unsubscribe/:token',
    withAccess(site, 'unsubscribe', async ({ subscriber: { id, email, confirmedAt } }, res, req) => {
      await unsubscribe(ctx, id);
      sendPage(res, 200, 'unsubscribe', {
        address: maskAddress(email),
        done: true,
        ...undo(req, { status: 'unsubscribed', confirmedAt }),
      });
    }),
  );

  router.post(
    '/unsubscribe/:token/undo',
    withAccess(site, 'unsubscribe', async ({ subscriber }, res) => {
      const back = await resubscribe(ctx, subscriber.id);
      sendPage(res, back ? 200 : 409, 'resubscribed', {
        back,
        address: maskAddress(subscriber.email),
        preferences: new URL(subscriberLinks(ctx, subscriber).preferences).pathname,
      });
    }),
  );
  return router;
}

function undo(req: Request, { status, confirmedAt }: { status: string; confirmedAt: Date | null }) {
  const possible = status === 'unsubscribed' && confirmedAt !== null;
  return { undo: possible ? `/unsubscribe/${String(req.params['token'])}/undo` : null };
}
