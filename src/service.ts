import { createServer, type RequestListener, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startClock } from '../jobs/schedule.js';
import { startWorker } from '../jobs/worker.js';
import { type Config, UserError } from './config.js';
import { type Context, openContext } from './context.js';
import { addJob } from './database/queue.js';
import { openMailbox } from './mail/mailbox.js';
import { relaysOf } from './mail/relay.js';
import { loadMailTemplates } from './mail/templates.js';
import { seedTopics } from './topics/vocabulary.js';
import { createWebApp } from './web/server.js';

export const roles = ['web', 'worker', 'clock'] as const;
export type Role = (typeof roles)[number];

export interface Service {
  ctx: Context;
  /** Address of the web site; null without the web role. */
  webUrl: string | null;
  /** Address of the local mailbox; null where mails go to a relay, or where this process sends none. */
  mailboxUrl: string | null;
  stop(): Promise<void>;
}

/** How long the first start waits for papers before it says that it is ready. */
const firstPapersMs = 5_000;
/** How long mails in flight may take once the service is asked to stop. Platforms kill after 10 s. */
const stopMs = 8_000;

/** What was started, undone in reverse order. */
class Started {
  readonly #stops: (() => Promise<unknown>)[] = [];
  add(stop: () => Promise<unknown>): void {
    this.#stops.unshift(stop);
  }
  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0)) await stop();
  }
}

/**
 * Starts the roles in this process; when one cannot start, what was started before is stopped again.
 * @throws UserError when a port is taken, or the data directory or the database cannot be used
 */
export async function startService(given: Config, wanted: ReadonlySet<Role>): Promise<Service> {
  const started = new Started();
  try {
    return await startRoles(given, wanted, started);
  } catch (error) {
    await started.stop();
    throw error;
  }
}

async function startRoles(given: Config, wanted: ReadonlySet<Role>, started: Started): Promise<Service> {
  const web = wanted.has('web') ? await listen(given.web.host, given.web.port, started) : null;
  const config = web && !given.web.baseUrlGiven ? withBaseUrl(given, `http://localhost:${web.port}`) : given;
  const ctx = await openContext(config);
  started.add(() => ctx.db.close());
  await seedTopics(ctx.db.prisma);
  const mailboxUrl = wanted.has('worker') ? await startSending(ctx, started) : null;
  if (wanted.has('clock')) {
    started.add(startClock(ctx));
    await addJob(ctx.db.prisma, 'ingest', {}, { key: 'ingest' });
  }
  if (wanted.has('worker') && wanted.has('clock')) await firstPapers(ctx);
  web?.answerWith(createWebApp(ctx));
  return { ctx, webUrl: web && config.web.baseUrl, mailboxUrl, stop: () => started.stop() };
}

function withBaseUrl(config: Config, baseUrl: string): Config {
  return { ...config, web: { ...config.web, baseUrl } };
}

/** The worker role: the mailbox where there is no relay, and the job engine. */
async function startSending(ctx: Context, started: Started): Promise<string | null> {
  const mailbox = ctx.config.relays ? null : await openMailbox(ctx.config);
  if (mailbox) started.add(() => mailbox.close());
  const relays = relaysOf(ctx.config, mailbox);
  const templates = await loadMailTemplates();
  const controller = new AbortController();
  const worker = await startWorker({ ctx, relays, templates, signal: controller.signal });
  started.add(async () => {
    controller.abort();
    await Promise.race([worker.stop(), sleep(stopMs, undefined, { ref: false })]);
  });
  return mailbox && `http://localhost:${mailbox.webPort}`;
}

/** Takes the port before anything else, so that a port that is taken leaves nothing half-started. */
async function listen(host: string, port: number, started: Started) {
  let listener: RequestListener = (_request, response) => {
    response.writeHead(503, { 'retry-after': '1', 'content-type': 'text/plain' }).end('Offprint is starting.\n');
  };
  const server = createServer((request, response) => listener(request, response));
  await new Promise<void>((done, fail) => {
    server
      .once('error', (error: NodeJS.ErrnoException) => fail(listenError(error, host, port)))
      .listen(port, host, done);
  });
  started.add(() => closeServer(server));
  return {
    port: (server.address() as { port: number }).port,
    answerWith: (next: RequestListener) => {
      listener = next;
    },
  };
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): UserError {
  if (error.code === 'EADDRINUSE')
    return new UserError(`PORT ${port} is taken by another program: set PORT to a free one, like ${port + 1}`);
  if (error.code === 'EACCES')
    return new UserError(`PORT ${port} needs rights that this account lacks: set PORT to one above 1023, like 3000`);
  return new UserError(`HOST ${host} with PORT ${port} cannot be listened on: ${error.message}`);
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((done) => server.close(done));
  server.closeIdleConnections();
  await Promise.race([closed, sleep(1_000, undefined, { ref: false })]);
  server.closeAllConnections();
}

/** On a database without papers the first digest and the front page need some: waits for the first list, for a while. */
async function firstPapers(ctx: Context): Promise<void> {
  const deadline = Date.now() + firstPapersMs;
  while (Date.now() < deadline && (await ctx.db.prisma.paper.count()) === 0) await sleep(100);
}
