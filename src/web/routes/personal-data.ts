import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Access } from '../../subscribers/access.js';
import { maskAddress } from '../../subscribers/address.js';
import { revokeLinks } from '../../subscribers/lifecycle.js';
import { dataLinkLifetime } from '../../subscribers/links.js';
import { askForNotice } from '../../subscribers/notice.js';
import { eraseSubscriber, exportSubscriber } from '../../subscribers/personal-data.js';
import { endedStatuses, isOneOf } from '../../subscribers/status.js';
import { withAccess } from '../access.js';
import { wantsJson } from '../errors.js';
import { sendPage } from '../page.js';
import { privatePage } from '../security.js';
import type { Site } from '../site.js';

/**
 * What is stored about a subscriber: to take along, and to delete. Whoever holds a digest, which gets forwarded, can only ask that
 * links to it be mailed to the address.
 */
export function personalDataRoutes(site: Site): Router {
  const { ctx, noticeLimit } = site;
  const router = Router();
  router.use('/preferences', privatePage);

  router.post(
    '/preferences/:token/data',
    withAccess(site, 'preferences', async ({ subscriber }, res, req) => {
      if (await noticeLimit(subscriber.id)) await askForNotice(ctx.db.prisma, subscriber.id, 'data');
      sendAsked(req, res, {
        heading: 'Check your mailbox',
        message: `A mail with the links is on its way to ${maskAddress(subscriber.email)}. They work for an hour. Three such mails are sent a day at the most.`,
      });
    }),
  );

  router.post(
    '/preferences/:token/revoke',
    withAccess(site, 'preferences', async ({ subscriber }, res, req) => {
      // No limit on these mails: each costs the link that asked for it.
      await ctx.db.prisma.$transaction(async (tx) => {
        await revokeLinks(tx, subscriber.id);
        await askForNotice(tx, subscriber.id, 'new-links');
      });
      sendAsked(req, res, {
        heading: 'Old links no longer work',
        message: `Those to unsubscribe still do. A mail with a new one is on its way to ${maskAddress(subscriber.email)}, and each digest has it.`,
      });
    }),
  );

  router.get(
    '/preferences/:token/export',
    withDataAccess(site, async ({ subscriber }, res) => {
      res.set('Content-Disposition', 'attachment; filename="offprint.json"');
      res.json(await exportSubscriber(ctx, subscriber));
    }),
  );

  router.get(
    '/preferences/:token/erase',
    withDataAccess(site, ({ subscriber: { email, status } }, res) => {
      sendPage(res, 200, 'erase', { address: maskAddress(email), remembered: isOneOf(endedStatuses, status) });
    }),
  );

  router.post(
    '/preferences/:token/erase',
    withDataAccess(site, async ({ subscriber }, res) => {
      await eraseSubscriber(ctx, subscriber.id);
      sendPage(res, 200, 'erased');
    }),
  );
  return router;
}

/** A handler behind a link that was mailed on request, within the hour. */
function withDataAccess(site: Site, handle: (access: Access, res: Response) => unknown): RequestHandler {
  return withAccess(site, 'data', async (access, res, req) => {
    const age = site.ctx.clock().getTime() - (access.subject.issuedAt?.getTime() ?? 0);
    if (age < dataLinkLifetime) {
      await handle(access, res);
      return;
    }
    const message = 'This link has expired: it works for an hour. Your preferences send a new one.';
    if (wantsJson(req)) res.status(410).json({ error: message });
    else sendPage(res, 410, 'message', { heading: 'This link has expired', message });
  });
}

function sendAsked(req: Request, res: Response, { heading, message }: { heading: string; message: string }): void {
  if (wantsJson(req)) res.status(202).json({ status: 'accepted', message });
  else sendPage(res, 202, 'message', { heading, message });
}
