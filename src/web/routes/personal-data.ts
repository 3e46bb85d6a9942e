import { Router } from 'express';
import { maskAddress } from '../../subscribers/address.js';
import { eraseSubscriber, exportSubscriber } from '../../subscribers/personal-data.js';
import { endedStatuses, isOneOf } from '../../subscribers/status.js';
import { withAccess } from '../access.js';
import { sendPage } from '../page.js';
import { privatePage } from '../security.js';
import type { Site } from '../site.js';

/** What is stored about a subscriber: to take along, and to delete. */
export function personalDataRoutes(site: Site): Router {
  const { ctx } = site;
  const router = Router();
  router.use('/preferences', privatePage);

  router.get(
    '/preferences/:token/export',
    withAccess(site, 'preferences', async ({ subscriber }, res) => {
      res.set('Content-Disposition', 'attachment; filename="offprint.json"');
      res.json(await exportSubscriber(ctx, subscriber));
    }),
  );

  router.get(
    '/preferences/:token/erase',
    withAccess(site, 'preferences', async ({ subscriber: { email, status } }, res, req) => {
      const remembered = isOneOf(endedStatuses, status);
      sendPage(res, 200, 'erase', {
        address: maskAddress(email),
        remembered,
        back: `/preferences/${String(req.params['token'])}`,
      });
    }),
  );

  router.post(
    '/preferences/:token/erase',
    withAccess(site, 'preferences', async ({ subscriber }, res) => {
      await eraseSubscriber(ctx, subscriber.id);
      sendPage(res, 200, 'erased');
    }),
  );
  return router;
}
