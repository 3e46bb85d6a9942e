import { type ChildProcess, execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { makePapers, makeSubscribers, now } from '../../src/bench/synthetic.js';
import { parseConfig } from '../../src/config.js';
import { type Context, openContext } from '../../src/context.js';
import { findCluster } from '../../src/database/embedded/cluster.js';
import { openEmbeddedDatabase } from '../../src/database/embedded/embedded.js';
import { findServer } from '../../src/database/embedded/server.js';
import { planDue } from '../../src/digests/plan.js';
import { isAnyOpen } from '../../src/digests/store.js';
import { startProgram } from '../helpers/program.js';
import { type KeptMail, startSmtpServer } from '../helpers/smtp-server.js';
import { startDatabaseProxy } from './database-proxy.js';

/** `npm run test:soak`: an hour; in the suite of faults a short form. */
const isLongRun = process.env['SOAK_MINUTES'] !== undefined;
const minutes = Number(process.env['SOAK_MINUTES'] ?? 1.5);
/** A million an hour; less where other tests run beside it. */
const subscribers = Math.round((isLongRun ? 1_000_000 / 60 : 4_000) * minutes);
const killEveryMs = isLongRun ? 60_000 : 20_000;
const workers = 3;
const connections = 10;
/** Of a worker; beside other tests the collector of garbage comes later. */
const mostMb = isLongRun ? 200 : 250;

/** What the relay has taken of one digest. */
interface Taken {
  hash: string;
  copies: number;
  differ: boolean;
}

it(`row 60: for ${minutes} minutes one worker of three is killed every ${killEveryMs / 1_000} s and PostgreSQL ends twice: nothing is lost, and no more doubled than was in flight`, {
  timeout: (minutes + 20) * 60_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'offprint-soak-'));
  let database = await openEmbeddedDatabase(folder);
  const proxy = await startDatabaseProxy(database.url, null);
  const taken = new Map<string, Taken>();
  const relay = await startSmtpServer({ keep: (mail) => note(taken, mail) });
  const ctx = await openContext(parseConfig({ DATABASE_URL: proxy.url, DATA_DIR: folder, LOG_LEVEL: 'silent' }));
  let service: ChildProcess | undefined;
  try {
    const due = await planAll(ctx);
    service = startProgram(['start', '--only', 'worker', '--workers', `${workers}`], {
      DATABASE_URL: proxy.url,
      DATA_DIR: folder,
      SMTP_URL: relay.url,
      SEND_CONNECTIONS: `${connections}`,
      SEND_RATE: `${Math.ceil(due / (60 * minutes))}`,
      IN_DOUBT: 'resend',
      MAIL_FROM: 'Offprint <digest@example.org>',
      BASE_URL: 'https://papers.example.org',
      LOG_LEVEL: 'fatal',
    });
    service.stdout?.resume();
    service.stderr?.pipe(process.stderr);
    const restartPostgres = async () => {
      process.kill((await findServer(await findCluster(folder)))?.pid ?? 0, 'SIGQUIT');
      await sleep(3_000);
      database = await openEmbeddedDatabase(folder);
      proxy.resume(database.url);
    };
    const { kills, restarts, peakMb } = await breakUntilDone(ctx, restartPostgres);
    const ended = once(service, 'exit');
    service.kill('SIGTERM');
    await ended;
    const { lost, inDoubt, other } = await compare(ctx, taken);
    const copies = [...taken.values()];
    const doubled = copies.reduce((sum, each) => sum + each.copies - 1, 0);
    const bound = kills * connections;
    process.stdout.write(
      `${due} digests, ${kills} kills, ${restarts} ends of PostgreSQL: lost ${lost}, doubled ${doubled} (bound ${bound}), in doubt ${inDoubt}; a worker took ${Math.round(peakMb)} MB at most\n`,
    );
    expect({ lost, other, restarts }).toEqual({ lost: 0, other: 0, restarts: 2 });
    expect(kills).toBeGreaterThanOrEqual(Math.floor((minutes * 60_000) / killEveryMs) - 1);
    expect(doubled).toBeLessThanOrEqual(bound);
    expect(inDoubt).toBeLessThanOrEqual(bound);
    expect(copies.filter(({ differ }) => differ)).toEqual([]);
    expect(peakMb).toBeGreaterThan(0);
    expect(peakMb).toBeLessThanOrEqual(mostMb);
  } finally {
    service?.kill('SIGKILL');
    await ctx.db.close();
    proxy.close();
    await relay.close();
    await database.release();
    await rm(folder, { recursive: true });
  }
});

/** Kills workers and ends PostgreSQL from time to time until no digest waits or is under way. */
async function breakUntilDone(ctx: Context, restartPostgres: () => Promise<void>) {
  const begun = performance.now();
  const restartsAt = [1 / 3, 2 / 3].map((part) => begun + part * minutes * 60_000);
  let [kills, restarts, peakMb, killAt] = [0, 0, 0, begun + killEveryMs];
  for (; await isAnyOpenOrUnknown(ctx); await sleep(1_000)) {
    const restartAt = restartsAt[restarts];
    if (restartAt !== undefined && performance.now() >= restartAt) {
      restarts++;
      await restartPostgres();
    }
    const senders = await sendingProcesses(ctx);
    peakMb = Math.max(peakMb, ...(await Promise.all(senders.map(residentMb))));
    const victim = senders[kills % senders.length];
    if (victim === undefined || performance.now() < killAt) continue;
    killAt += killEveryMs;
    process.kill(victim, 'SIGKILL');
    kills++;
  }
  return { kills, restarts, peakMb };
}

/** What is on record against what the relay has taken. */
async function compare(ctx: Context, taken: ReadonlyMap<string, Taken>) {
  const { rows } = await ctx.db.pool.query<{ id: string; status: string }>('select id, status from digests');
  const inDoubt = rows.filter(({ status }) => status === 'in_doubt').length;
  const sent = rows.filter(({ status }) => status === 'sent');
  const lost = sent.filter(({ id }) => !taken.has(`<${id}@example.org>`)).length;
  return { inDoubt, lost, other: rows.length - inDoubt - sent.length };
}

function note(taken: Map<string, Taken>, { messageId, raw }: KeptMail): void {
  const hash = createHash('sha256').update(raw).digest('base64').slice(0, 22);
  const before = taken.get(messageId);
  if (!before) taken.set(messageId, { hash, copies: 1, differ: false });
  else taken.set(messageId, { hash, copies: before.copies + 1, differ: before.differ || before.hash !== hash });
}

/** Plans a digest for everyone. @returns how many */
async function planAll(ctx: Context): Promise<number> {
  await makePapers(ctx);
  await makeSubscribers(ctx, subscribers);
  await planDue({ ...ctx, clock: () => now }, now);
  // Due now, and not when the synthetic day was.
  const { rowCount } = await ctx.db.pool.query('update digests set planned_at = now(), not_before = now()');
  return rowCount ?? 0;
}

/** While the database is away nobody knows whether a digest waits or is under way. */
function isAnyOpenOrUnknown(ctx: Context): Promise<boolean> {
  return isAnyOpen(ctx.db.prisma).catch(() => true);
}

/** The processes of the workers that have digests in hand. */
async function sendingProcesses(ctx: Context): Promise<number[]> {
  const query =
    "select distinct split_part(owner, ':', 2)::int as pid from digests where status = 'sending' order by 1";
  const { rows } = await ctx.db.pool.query<{ pid: number }>(query).catch(() => ({ rows: [] }));
  return rows.map(({ pid }) => pid).filter(isAlive);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const run = promisify(execFile);

/** Memory that a process has in RAM; 0 where it has ended. */
async function residentMb(pid: number): Promise<number> {
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', `${pid}`]).catch(() => ({ stdout: '0' }));
  return Number(stdout) / 1_024;
}
