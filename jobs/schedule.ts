import cron from 'node-cron';
import type { Context } from '../src/context.js';
import { addJob, type Jobs } from '../src/database/queue.js';

/** What runs by itself, and when (UTC). The clock only asks; that nothing happens twice is the database's affair. */
const schedule: { job: 'ingest' | 'plan' | 'deliver' | 'bounces' | 'prune'; at: string }[] = [
  { job: 'ingest', at: '2,32 * * * *' },
  { job: 'plan', at: '* * * * *' },
  { job: 'deliver', at: '* * * * *' },
  { job: 'bounces', at: '* * * * *' },
  { job: 'prune', at: '43 3 * * *' },
];

/** Starts the clock; returns how to stop it. Any number may run: a job that waits already is not added again. */
export function startClock(ctx: Context): () => Promise<void> {
  const wanted = schedule.filter(({ job }) => job !== 'bounces' || ctx.config.bounceInbox);
  const tasks = wanted.map(({ job, at }) =>
    cron.schedule(
      at,
      async () => {
        try {
          await addJob(ctx.db.prisma, job, {} satisfies Jobs[typeof job], {
            // Deliveries share their work; of the others one must not begin while another still runs.
            ...(job === 'deliver' ? { key: 'deliver-0' } : { key: job, queue: job }),
          });
        } catch (error) {
          ctx.log.error({ job, error: (error as Error).message }, 'the clock could not ask for a job');
        }
      },
      { name: job, timezone: 'Etc/UTC' },
    ),
  );
  return async () => {
    for (const task of tasks) await task.destroy();
  };
}
