import { EventEmitter } from 'node:events';
import { parseCronItems, run, type WorkerEvents } from 'graphile-worker';
import { type Heartbeat, openHeartbeat } from '../src/database/heartbeat.js';
import { wakeDelivery } from '../src/database/queue.js';
import { reap } from '../src/digests/deliver.js';
import { isAnyDue } from '../src/digests/store.js';
import { jobLogger } from '../src/log.js';
import { bounces } from './bounces.js';
import { deliver } from './deliver.js';
import { ingest } from './ingest.js';
import type { Job, JobContext } from './job.js';
import { newAddress } from './new-address.js';
import { notice } from './notice.js';
import { plan } from './plan.js';
import { prune } from './prune.js';
import { sendSignUpMail } from './sign-up-mail.js';

export interface Worker {
  /** What the job engine tells of its jobs. */
  events: WorkerEvents;
  /** Waits for the jobs in hand. */
  stop(): Promise<void>;
}

/**
 * Jobs that wait for none of another pool. Deliveries have one of their own: a process does one at a time, over all its
 * connections, and leaves the others to other processes. So have mails to people, whom no plan and no source may keep waiting.
 */
const pools: { jobs: Record<string, Job>; concurrency: number }[] = [
  { jobs: { deliver }, concurrency: 1 },
  { jobs: { 'sign-up-mail': sendSignUpMail, notice, 'new-address': newAddress }, concurrency: 3 },
  { jobs: { ingest, plan, bounces, prune }, concurrency: 4 },
];

/** How often a worker looks for what dead ones have left. */
const takeBackEveryMs = 15_000;

/** With these, what became of the last jobs is on record when the engine says that it has stopped. */
const recordBeforeStop = { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } };

/** Starts working off jobs. To stop, abort the context's signal, then `stop()`. */
export async function startWorker(context: JobContext): Promise<Worker> {
  const { ctx } = context;
  const events: WorkerEvents = new EventEmitter();
  const heartbeat = await openHeartbeat(ctx.db.pool);
  const failed = (error: Error) => ctx.log.error({ error: error.message }, 'what dead workers left was not taken back');
  events.on('worker:create', ({ worker }) => void heartbeat.announce(worker.workerId).catch(failed));
  await takeBack(context, heartbeat);
  const takingBack = setInterval(() => void takeBack(context, heartbeat).catch(failed), takeBackEveryMs);
  const runners = await Promise.all(
    pools.map(({ jobs, concurrency }) =>
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
    clearInterval(takingBack);
    await Promise.all(runners.map((runner) => runner.stop()));
    await heartbeat.close();
  };
  return { events, stop };
}

/**
 * Takes back the jobs and the digests that dead workers had in hand, and sees to it that what is due is delivered: also
 * where no scheduler runs.
 */
async function takeBack({ ctx }: JobContext, heartbeat: Heartbeat): Promise<void> {
  const dead = await heartbeat.freeJobsOfTheDead();
  if (dead.length > 0) ctx.log.warn({ workers: dead }, 'workers ended with jobs in hand: these are done again');
  await reap(ctx);
  if (await isAnyDue(ctx.db.prisma, ctx.clock())) await wakeDelivery(ctx.db.prisma, 1);
}
