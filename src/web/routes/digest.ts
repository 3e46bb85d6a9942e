import { Router } from 'express';
import { composeStoredView } from '../../digests/compose-stored.js';
import { type DigestTemplates, loadDigestTemplates } from '../../digests/templates.js';
import { withAccess } from '../access.js';
import { sendUnknownLink } from '../errors.js';
import { mailContent, privatePage } from '../security.js';
import type { Site } from '../site.js';

/** A digest in the browser, as its mail shows it. */
export function digestRoutes(site: Site): Router {
  const { ctx } = site;
  const router = Router();
  // Compiled for the first reader: a site that nobody reads digests on need not wait for it at its start.
  let templates: Promise<DigestTemplates> | undefined;
  router.get(
    '/digests/:token',
    privatePage,
    withAccess(site, 'digest', async ({ subject: { about: digestId } }, res, req) => {
      if (digestId === undefined) return sendUnknownLink(req, res);
      templates ??= loadDigestTemplates().catch((error) => {
        // The next reader tries again.
        templates = undefined;
        throw error;
      });
      const html = await composeStoredView(ctx, ctx.db.prisma, await templates, digestId);
      if (html === null) return sendUnknownLink(req, res);
      mailContent(req, res, () => void res.type('html').send(html));
    }),
  );
  return router;
}
