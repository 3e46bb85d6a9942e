import { setTimeout } from 'node:timers/promises';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Access } from '../../subscribers/access.js';
import { type Address, emailKey, maskAddress, parseAddress } from '../../subscribers/address.js';
import { changeAddress, findAddressChange, requestAddressChange } from '../../subscribers/address-change.js';
import { revokeLinks } from '../../subscribers/lifecycle.js';
import { dataLinkLifetime } from '../../subscribers/links.js';
import { askForNotice } from '../../subscribers/notice.js';
import { eraseSubscriber, exportSubscriber } from '../../subscribers/personal-data.js';
import { confirmedStatuses, endedStatuses, isOneOf } from '../../subscribers/status.js';
import { withAccess } from '../access.js';
import { sendUnknownLink, wantsJson } from '../errors.js';
import { bodyOf, typed } from '../forms.js';
import { textsOf } from '../language.js';
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
        heading: textsOf(res).t('site.checkMailbox'),
        message: textsOf(res).t('data.sent', { address: maskAddress(subscriber.email) }),
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
        heading: textsOf(res).t('data.revokedTitle'),
        message: textsOf(res).t('data.revoked', { address: maskAddress(subscriber.email) }),
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
  router.get(
    '/preferences/:token/address',
    withDataAccess(site, ({ subscriber }, res) => {
      sendPage(res, 200, 'address', { address: maskAddress(subscriber.email), email: '', error: null });
    }),
  );

  router.post(
    '/preferences/:token/address',
    withDataAccess(site, async ({ subscriber }, res, req) => {
      const email = typed(bodyOf(req.body)['email']).trim();
      const parsed = parseAddress(email);
      if (!parsed.ok) {
        const message = textsOf(res).t(parsed.reason);
        if (wantsJson(req)) return void res.status(422).json({ errors: [{ field: 'email', message }] });
        return sendPage(res, 422, 'address', { address: maskAddress(subscriber.email), email, error: message });
      }
      if (await noticeLimit(subscriber.id)) await requestAddressChange(ctx, subscriber.id, parsed.address);
      sendAsked(req, res, {
        heading: textsOf(res).t('address.checkTitle'),
        message: textsOf(res).t('address.check', { address: parsed.address }),
      });
    }),
  );

  router.use('/address', privatePage);

  router.get(
    '/address/:token',
    withAccess(site, 'address', async (access, res, req) => {
      const change = await findAddressChange(ctx, access);
      if (change) sendPage(res, 200, 'new-address', { address: change.email });
      else sendUnknownLink(req, res);
    }),
  );

  router.post(
    '/address/:token',
    withAccess(site, 'address', async (access, res, req) => {
      const change = await findAddressChange(ctx, access);
      const changed = change !== null && (await changeAddress(ctx, access.subscriber.id, change.email as Address));
      if (!changed) return sendUnknownLink(req, res);
      const message = textsOf(res).t('address.changed');
      if (wantsJson(req)) res.json({ status: 'changed', message });
      else sendPage(res, 200, 'message', { heading: textsOf(res).t('address.changedTitle'), message });
    }),
  );

  router.post('/lost-link', async (req, res) => {
    const parsed = parseAddress(typed(bodyOf(req.body)['email']).trim());
    if (!parsed.ok) {
      const message = textsOf(res).t(parsed.reason);
      if (wantsJson(req)) return void res.status(422).json({ errors: [{ field: 'email', message }] });
      return sendPage(res, 422, 'message', { heading: textsOf(res).t('data.checkAddress'), message, lost: true });
    }
    const refusal = await site.limit(req.ip ?? '', parsed.address);
    if (refusal) res.set('Retry-After', String(refusal.seconds));
    else await Promise.all([sendLostLink(parsed.address), setTimeout(answerTime)]);
    sendAsked(
      req,
      res,
      refusal
        ? {
            heading: textsOf(res).t('data.laterTitle'),
            message: textsOf(res).t('data.later'),
            status: 429,
          }
        : {
            heading: textsOf(res).t('site.checkMailbox'),
            message: textsOf(res).t('data.lostSent', { address: parsed.address }),
          },
    );
  });

  /** Whether there is a subscription nobody is told but the address. */
  async function sendLostLink(address: Address): Promise<void> {
    const { prisma } = ctx.db;
    const found = await prisma.subscriber.findUnique({ where: { emailKey: emailKey(address) } });
    if (found && isOneOf(confirmedStatuses, found.status) && (await noticeLimit(found.id)))
      await askForNotice(prisma, found.id, 'lost-link');
  }
  return router;
}

/** No request for a lost link is answered sooner, in milliseconds: the work takes 2 to 5, and now and then much longer. */
const answerTime = 50;

/** A handler behind a link that was mailed on request, within the hour. */
function withDataAccess(site: Site, handle: (access: Access, res: Response, req: Request) => unknown): RequestHandler {
  return withAccess(site, 'data', async (access, res, req) => {
    const age = site.ctx.clock().getTime() - (access.subject.issuedAt?.getTime() ?? 0);
    if (age < dataLinkLifetime) {
      await handle(access, res, req);
      return;
    }
    const message = textsOf(res).t('expired.data');
    if (wantsJson(req)) res.status(410).json({ error: message });
    else sendPage(res, 410, 'message', { heading: textsOf(res).t('expired.title'), message });
  });
}

function sendAsked(
  req: Request,
  res: Response,
  { heading, message, status = 202 }: { heading: string; message: string; status?: number },
): void {
  if (!wantsJson(req)) sendPage(res, status, 'message', { heading, message });
  else if (status === 202) res.status(status).json({ status: 'accepted', message });
  else res.status(status).json({ error: message });
}
