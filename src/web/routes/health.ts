import { Router } from 'express';
import { refuseRestored } from '../../database/high-water-mark.js';
import type { Site } from '../site.js';

/**
 * That no mail goes out, as far as is on record: no relay takes it, which whoever sends has noted; or what was being sent has
 * been taken back by nobody long after the claim ran out, which workers do every few seconds: none lives, or none can write.
 */
const mailProblem = `
  (select reply as problem from mail_outage)
  union all
  (select 'digests that nobody sends any more are not taken back' from digests
   where status = 'sending' and lease_until < clock_timestamp() - interval '2 minutes' limit 1)`;

/** Whether the process is alive, and whether it can do its work: for whatever starts, restarts and routes to it. */
export function healthRoutes({ ctx, isStopping }: Site): Router {
  const router = Router();
  router.use(['/healthz', '/readyz'], (_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  router.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  router.get('/readyz', async (_req, res) => {
    if (isStopping()) return void res.status(503).json({ status: 'stopping', checks: {} });
    const ask = async (question: string) => {
      const { rows } = await ctx.db.pool.query<{ problem: string }>(question);
      if (rows[0]) throw new Error(rows[0].problem);
    };
    const check = async (name: string, ...questions: (() => Promise<void>)[]) => {
      try {
        for (const question of questions) await question();
        return 'ok';
      } catch (error) {
        // Hosts and ports are for the log: anyone may ask here.
        ctx.log.warn({ check: name, error: (error as Error).message }, 'not ready');
        return 'unavailable';
      }
    };
    const checks = {
      database: await check('database', () => ask('select from subscribers limit 0')),
      queue: await check('queue', () => ask('select from graphile_worker.jobs limit 0')),
      mail: await check(
        'mail',
        () => ask(mailProblem),
        () => refuseRestored(ctx),
      ),
    };
    const ready = Object.values(checks).every((state) => state === 'ok');
    res.status(ready ? 200 : 503).json({ status: ready ? 'ok' : 'unavailable', checks });
  });
  return router;
}
