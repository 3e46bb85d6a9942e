import { Router } from 'express';
import type { Site } from '../site.js';

/** Whether the process is alive, and whether it can do its work: for whatever starts, restarts and routes to it. */
export function healthRoutes({ ctx }: Site): Router {
  const router = Router();
  router.use(['/healthz', '/readyz'], (_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  router.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  router.get('/readyz', async (_req, res) => {
    const checks = {
      database: await check(() => ctx.db.pool.query('select from subscribers limit 1')),
      queue: await check(() => ctx.db.pool.query('select from graphile_worker.jobs limit 1')),
    };
    const ready = Object.values(checks).every((state) => state === 'ok');
    res.status(ready ? 200 : 503).json({ status: ready ? 'ok' : 'unavailable', checks });
  });
  return router;
}

async function check(question: () => Promise<unknown>): Promise<string> {
  try {
    await question();
    return 'ok';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
