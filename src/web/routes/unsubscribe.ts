import { Router } from 'express';
import { maskAddress } from '../../subscribers/address.js';
import { resubscribe, unsubscribe } from '../../subscribers/lifecycle.js';
import { undoLink } from '../../subscribers/links.js';
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
    withAccess(site, 'unsubscribe', ({ subscriber }, res) => {
      const done = !isOneOf(openStatuses, subscriber.status);
      sendPage(res, 200, 'unsubscribe', { address: maskAddress(subscriber.email), done, undo: null });
    }),
  );

  router.post(
    '/unsubscribe/:token',
    withAccess(site, 'unsubscribe', async ({ subscriber }, res) => {
      const endedNow = await unsubscribe(ctx, subscriber.id);
      // Only whoever has just unsubscribed can take it back: an old link is to bring nobody back who left.
      const undo = endedNow && subscriber.confirmedAt ? new URL(undoLink(ctx, subscriber, ctx.clock())).pathname : null;
      sendPage(res, 200, 'unsubscribe', { address: maskAddress(subscriber.email), done: true, undo });
    }),
  );

  router.post(
    '/unsubscribe/:token/undo',
    withAccess(site, 'undo', async (access, res) => {
      const back = await resubscribe(ctx, access);
      sendPage(res, back ? 200 : 409, 'resubscribed', { back });
    }),
  );
  return router;
}
