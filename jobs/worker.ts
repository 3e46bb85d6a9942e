import { EventEmitter } from 'node:events';
import { parseCronItems, run, type WorkerEvents } from 'graphile-worker';
import { openPresence } from '../src/database/dead-workers.js';
import { jobLogger } from '../src/log.js';
import { answerSubscription } from './answer-subscription.js';
import { deliver } from './deliver.js';
import { ingest } from './ingest.js';
import type { Job, JobContext } from './job.js';
import { plan } from './plan.js';
import { prune } from './prune.js';

export interface Worker {
  /** What the job engine tells of its jobs. */
  events: WorkerEvents;
  /** Waits for the jobs in hand. */
  stop(): Promise<void>;
}

/**
 * Jobs that wait for none of another lane. Deliveries have one of their own, so that the longest keeps no confirmation
 * waiting; a process does one at a time, over all its connections, and leaves the others to other processes.
 */
const lanes: { jobs: Record<string, Job>; concurrency: number }[] = [
  { jobs: { deliver }, concurrency: 1 },
  { jobs: { 'answer-subscription': answerSubscription, ingest, plan, prune }, concurrency: 3 },
];

const freeJobsEveryMs = 30_000;

/** With these, what became of the last jobs is on record when the engine says that it has stopped. */
const recordBeforeStop = { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } };

/** Starts working off jobs. To stop, abort the context's signal, then `stop()`. */
export async function startWorker(context: JobContext): Promise<Worker> {
  const { ctx } = context;
  const events: WorkerEvents = new EventEmitter();
  const presence = await openPresence(ctx.db.pool);
  const failed = (error: Error) => ctx.log.error({ error: error.message }, 'jobs of dead workers could not be freed');
  events.on('worker:create', ({ worker }) => void presence.announce(worker.workerId).catch(failed));
  const freeJobs = async () => {
    const dead = await presence.freeJobsOfTheDead();
    if (dead.length > 0) ctx.log.warn({ workers: dead }, 'workers ended with jobs in hand: these are done again');
  };
  await freeJobs();
  const freeing = setInterval(() => void freeJobs().catch(failed), freeJobsEveryMs);
  const runners = await Promise.all(
    lanes.map(({ jobs, concurrency }) =>
      run({
        preset: recordBeforeStop,
        pgPool: ctx.db.pool,
        taskList: Object.fromEntries(
          Object.entries(jobs).map(([name, job]) => [name, (payload: unknown) => job(context, payload)]),
        ),
        concurrency,
        events,
        noHandleSignals: true,
        pollInterval: 1_000,
        parsedCronItems: parseCronItems([]),
        logger: jobLogger(ctx.log),
      }),
    ),
  );
  const stop = async () => {
    clearInterval(freeing);
    await Promise.all(runners.map((runner) => runner.stop()));
    presence.close();
  };
  return { events, stop };
}
