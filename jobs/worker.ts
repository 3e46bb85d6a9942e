import { parseCronItems, type Runner, run } from 'graphile-worker';
import { jobLogger } from '../src/log.js';
import { answerSubscription } from './answer-subscription.js';
import { deliver } from './deliver.js';
import { ingest } from './ingest.js';
import type { Job, JobContext } from './job.js';
import { plan } from './plan.js';
import { prune } from './prune.js';

const jobs: Record<string, Job> = { 'answer-subscription': answerSubscription, deliver, ingest, plan, prune };

/** Enough that a long delivery never keeps a confirmation waiting. */
const concurrency = 4;

/** Starts working off jobs. To stop, abort the context's signal, then `stop()`: it waits for the jobs in hand. */
export async function startWorker(context: JobContext): Promise<Runner> {
  const { ctx } = context;
  const taskList = Object.fromEntries(
    Object.entries(jobs).map(([name, job]) => [name, (payload: unknown) => job(context, payload)]),
  );
  return run({
    pgPool: ctx.db.pool,
    taskList,
    concurrency,
    noHandleSignals: true,
    pollInterval: 1_000,
    parsedCronItems: parseCronItems([]),
    logger: jobLogger(ctx.log),
  });
}
