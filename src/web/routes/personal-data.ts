import { type Request, Router } from 'express';
import { openLink } from '../../subscribers/access.js';
import { maskAddress } from '../../subscribers/address.js';
import { eraseSubscriber, exportSubscriber } from '../../subscribers/personal-data.js';
import { endedStatuses, isOneOf } from '../../subscribers/status.js';
import { sendUnknownLink } from '../errors.js';
import { sendPage } from '../page.js';
import { privatePage } from '../security.js';
import type { Site } from '../site.js';

/** What is stored about a subscriber: to take along, and to delete. */
export function personalDataRoutes({ ctx }: Site): Router {
  const router = Router();
  router.use('/preferences', privatePage);
  const open = (req: Request) => openLink(ctx, 'preferences', String(req.params['token']));

  router.get('/preferences/:token/export', async (req, res) => {
    const access = await open(req);
    if (!access) return sendUnknownLink(req, res);
    res.set('Content-Disposition', 'attachment; filename="offprint.json"');
    res.json(await exportSubscriber(ctx, access.subscriber));
  });

  router.get('/preferences/:token/erase', async (req, res) => {
    const access = await open(req);
    if (!access) return sendUnknownLink(req, res);
    const { email, status } = access.subscriber;
    const remembered = isOneOf(endedStatuses, status);
    sendPage(res, 200, 'erase', {
      address: maskAddress(email),
      remembered,
      back: `/preferences/${String(req.params['token'])}`,
    });
  });

  router.post('/preferences/:token/erase', async (req, res) => {
    const access = await open(req);
    if (!access) return sendUnknownLink(req, res);
    await eraseSubscriber(ctx, access.subscriber.id);
    sendPage(res, 200, 'erased');
  });
  return router;
}
