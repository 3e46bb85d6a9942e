import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { type Config, loadConfig } from '../config.js';
import type { Context } from '../context.js';
import { planDue } from '../digests/plan.js';
import { listSent, type SentDigest } from '../digests/sent.js';
import { isAnyOpen } from '../digests/store.js';
import { UserError } from '../errors.js';
import { ingestSamples } from '../ingest/ingest.js';
import { defaultLanguage } from '../languages/language.js';
import { newestDay } from '../papers/store.js';
import type { Service } from '../service.js';
import { parseAddress } from '../subscribers/address.js';
import { insertConfirmed, type NewSubscriber } from '../subscribers/store.js';
import { shutdownSignal } from './shutdown-signal.js';
import { addresses } from './start.js';

const day = 86_400_000;
const deliveryMs = 30_000;

const defaults = {
  hour: 8,
  frequency: 'daily',
  papersPerDigest: 8,
  abstractLength: 'short',
  pictures: false,
  leastPapers: 1,
  weekDay: 1,
  language: defaultLanguage,
  pausedUntil: null,
  mutedPhrases: [],
  authors: [],
  categories: [],
} satisfies Partial<NewSubscriber>;

const sampleSubscribers = [
  { email: 'ada@example.org', topics: ['image-generation', 'diffusion', 'speech-and-audio'], phrases: [] },
  { email: 'grace@example.org', topics: ['agents', 'code', 'reasoning'], phrases: [] },
  {
    email: 'alan@example.org',
    topics: ['robotics', 'world-models', '3d'],
    phrases: ['simulator OR "embodied agents"'],
  },
];

export function demoCommand(): Command {
  return new Command('demo')
    .description('show the main job: three sample subscribers get their digests in the local mailbox')
    .option('--once', 'end when the digests are delivered, instead of serving until Ctrl-C')
    .action(async (options: { once?: boolean }) => {
      const signal = shutdownSignal();
      const { startService } = await import('../service.js');
      const dataDir = await mkdtemp(join(tmpdir(), 'offprint-demo-'));
      try {
        const service = await startService(await demoConfig(dataDir), new Set(['web', 'worker'] as const));
        try {
          await sendSamples(service.ctx);
          const sent = await listSent(service.ctx);
          process.stdout.write(demoText(sent, service, options.once ?? false));
          if (!options.once && !signal.aborted) await once(signal, 'abort');
        } finally {
          await service.stop();
        }
      } finally {
        await rm(dataDir, { recursive: true, force: true });
      }
    });
}

/** The configuration with everything that lasts taken out: own data, own database, own mailbox, ports that are free. */
async function demoConfig(dataDir: string): Promise<Config> {
  const config = loadConfig();
  const { web, mailbox, log } = config;
  const webPort = await freePort(web.port, web.host);
  return {
    ...config,
    database: { url: null, dataDir },
    relays: null,
    secretKeys: null,
    web: { ...web, port: webPort, baseUrl: `http://localhost:${webPort}`, baseUrlGiven: false },
    mailbox: { port: await freePort(mailbox.port), smtpPort: await freePort(mailbox.smtpPort) },
    log: { ...log, level: log.level === 'info' ? 'warn' : log.level },
  };
}

/** The port, or 0, any port, where another program has it: the demo gets in nobody's way. */
async function freePort(port: number, host = '127.0.0.1'): Promise<number> {
  const server = createServer();
  const free = await new Promise<boolean>((done) => {
    server.once('error', () => done(false)).listen(port, host, () => done(true));
  });
  if (free) await new Promise((done) => server.close(done));
  return free ? port : 0;
}

/** Papers, subscribers, plan; the worker of the same process delivers. */
async function sendSamples(ctx: Context): Promise<void> {
  const db = ctx.db.prisma;
  await ingestSamples(ctx);
  const newest = await newestDay(db);
  if (!newest) throw new UserError('The sample papers could not be read');
  const morning = new Date(Date.parse(newest) + day + day / 2);
  const subscribers = sampleSubscribers.flatMap(({ email, topics, phrases }) => {
    const parsed = parseAddress(email);
    return parsed.ok ? { email: parsed.address, topics, phrases, timezone: 'UTC', ...defaults } : [];
  });
  await insertConfirmed(db, subscribers, ctx.clock());
  await db.schedule.updateMany({ data: { cursor: 0 } });
  await planDue(ctx, morning);
  const deadline = Date.now() + deliveryMs;
  while (await isAnyOpen(db)) {
    if (Date.now() > deadline)
      throw new UserError('The digests were not delivered in time: run it with LOG_LEVEL=debug');
    await sleep(100);
  }
}

function demoText(sent: SentDigest[], service: Service, ends: boolean): string {
  const digests = sent.map(
    ({ email, papers, topPaper, webView }) =>
      `  ${email}: ${papers} papers, first “${topPaper}”\n${ends ? '' : `    ${webView}\n`}`,
  );
  const where = ends ? '' : `Read them here:\n${addresses(service)}Stop with Ctrl-C.\n`;
  return `Sent ${sent.length} digests into the local mailbox:\n${digests.join('')}${where}`;
}
