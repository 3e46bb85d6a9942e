import { Router } from 'express';
import { sendPage } from '../page.js';

/** What is said of the site itself: to people, and to programs that read it. */
export function aboutRoutes(): Router {
  const router = Router();
  router.get('/privacy', (_req, res) => sendPage(res, 200, 'privacy'));
  // Pages behind a token say themselves that they are not to be listed; of searches there is no end.
  router.get('/robots.txt', (_req, res) => {
    res
      .type('text')
      .set('Cache-Control', 'public, max-age=86400')
      .send('User-agent: *\nDisallow: /papers?q=\nDisallow: /*&q=\n');
  });
  router.get('/favicon.ico', (_req, res) => res.redirect(301, '/assets/icon.svg'));
  return router;
}
