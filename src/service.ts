import { setTimeout as sleep } from 'node:timers/promises';
import type { JobContext } from '../jobs/job.js';
import { startClock } from '../jobs/schedule.js';
import { startWorker } from '../jobs/worker.js';
import type { Config } from './config.js';
import { type Context, openContext } from './context.js';
import { addJob } from './database/queue.js';
import { RefusalBudget } from './digests/refusal-budget.js';
import { loadDigestTemplates } from './digests/templates.js';
import { checkDkimKey } from './mail/dkim.js';
import { type LocalMailbox, openMailbox } from './mail/mailbox.js';
import { relaysOf } from './mail/relay.js';
import { checkStoredTimeZones } from './subscribers/stored-time-zones.js';
import { loadNoticeTemplates } from './subscribers/templates.js';
import { seedTopics } from './topics/vocabulary.js';
import { listen } from './web/listen.js';
import { startWorkerProcesses } from './worker-processes.js';

export type Role = 'web' | 'worker' | 'clock';

export interface Service {
  ctx: Context;
  /** Address of the web site; null without the web role. */
  webUrl: string | null;
  /** Address of the local mailbox; null where mails go to a relay, or where this process sends none. */
  mailboxUrl: string | null;
  stop(): Promise<void>;
}

/** When the first start says that it is ready though no paper has come yet. */
const readyMs = 7_000;
/** How long mails in flight may take once the service is asked to stop. Platforms kill after 10 s. */
const stopMs = 5_000;

/** What was started, undone in reverse order; but first of all the doors are closed. */
class Started {
  readonly #doors: (() => Promise<unknown>)[] = [];
  readonly #stops: (() => Promise<unknown>)[] = [];
  /** Whether it is being stopped, so that nobody should send more work. */
  stopping = false;
  add(stop: () => Promise<unknown>): void {
    this.#stops.unshift(stop);
  }
  addDoor(close: () => Promise<unknown>): void {
    this.#doors.unshift(close);
  }
  async stop(): Promise<void> {
    this.stopping = true;
    for (const stop of [...this.#doors.splice(0), ...this.#stops.splice(0)]) await stop();
  }
}

/**
 * Starts the roles in this process, but for more workers than one, which get processes of their own; when one cannot start,
 * what was started before is stopped again.
 * @throws UserError when the DKIM key cannot sign, a port is taken, or the data directory or the database cannot be used
 */
export async function startService(given: Config, wanted: ReadonlySet<Role>, workers = 1): Promise<Service> {
  const started = new Started();
  try {
    return await startRoles(given, wanted, workers, started);
  } catch (error) {
    await started.stop();
    throw error;
  }
}

async function startRoles(
  given: Config,
  wanted: ReadonlySet<Role>,
  workers: number,
  started: Started,
): Promise<Service> {
  const deadline = performance.now() + readyMs;
  if (given.dkim) checkDkimKey(given.dkim);
  const web = wanted.has('web') ? await listen(given.web.host, given.web.port) : null;
  if (web) started.addDoor(() => web.close());
  const config = web && !given.web.baseUrlGiven ? withBaseUrl(given, `http://localhost:${web.port}`) : given;
  const hasWorkers = wanted.has('worker');
  const sends = hasWorkers && workers === 1;
  // Together, because the database starts in a process of its own, and these two take their time to load.
  const [ctx, mailbox, digestTemplates, noticeTemplates] = await whenAllSettled([
    startContext(config, started),
    hasWorkers && !config.relays ? startMailbox(config, started) : null,
    sends ? loadDigestTemplates() : null,
    sends ? loadNoticeTemplates() : null,
  ]);
  if (digestTemplates && noticeTemplates) {
    const relays = relaysOf(config, mailbox);
    await startSending(
      { ctx, relays, templates: digestTemplates, noticeTemplates, refusals: new RefusalBudget() },
      started,
    );
  }
  if (hasWorkers && !sends) {
    const env = { BASE_URL: config.web.baseUrl, ...(mailbox && { SMTP_URL: `smtp://127.0.0.1:${mailbox.smtpPort}` }) };
    const processes = await startWorkerProcesses(workers, env, ctx.log);
    started.add(() => processes.stop());
  }
  if (wanted.has('clock')) {
    started.add(startClock(ctx));
    await addJob(ctx.db.prisma, 'ingest', {}, { key: 'ingest', queue: 'ingest' });
  }
  if (wanted.has('worker') && wanted.has('clock')) await firstPapers(ctx, deadline);
  if (web) {
    // By need: a process without pages does without their code.
    const { createWebApp } = await import('./web/server.js');
    web.answerWith(createWebApp(ctx, () => started.stopping));
  }
  const mailboxWebUrl = mailbox && `http://localhost:${mailbox.webPort}`;
  return { ctx, webUrl: web && config.web.baseUrl, mailboxUrl: mailboxWebUrl, stop: () => started.stop() };
}

/** What all promises come to. Where one fails, it fails after the last is settled: then all that started can be stopped. */
async function whenAllSettled<Promises extends readonly unknown[] | []>(promises: Promises) {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

async function startContext(config: Config, started: Started): Promise<Context> {
  const ctx = await openContext(config);
  started.add(() => ctx.db.close());
  await seedTopics(ctx.db.prisma);
  await checkStoredTimeZones(ctx);
  return ctx;
}

async function startMailbox(config: Config, started: Started): Promise<LocalMailbox> {
  const mailbox = await openMailbox(config);
  started.add(() => mailbox.close());
  return mailbox;
}

function withBaseUrl(config: Config, baseUrl: string): Config {
  return { ...config, web: { ...config.web, baseUrl } };
}

/** Works off jobs; stopped, it lets those in hand end for a while. */
async function startSending(context: Omit<JobContext, 'signal'>, started: Started): Promise<void> {
  const controller = new AbortController();
  const worker = await startWorker({ ...context, signal: controller.signal });
  started.add(async () => {
    controller.abort();
    await Promise.race([worker.stop(), sleep(stopMs, undefined, { ref: false })]);
  });
}

/** On a database without papers the first digest and the front page need some: waits for the first list, for a while. */
async function firstPapers(ctx: Context, deadline: number): Promise<void> {
  while (performance.now() < deadline && (await ctx.db.prisma.paper.count()) === 0) await sleep(100);
}
