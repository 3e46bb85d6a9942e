import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'vitest';
import { planDue } from '../../src/digests/plan.js';
import { startMorning } from '../digests/delivery.js';
import type { TestContext } from '../helpers/context.js';
import { startProgram } from '../helpers/program.js';
import { makePaper } from '../helpers/rows.js';
import { type KeptMail, type SmtpScript, startSmtpServer, type TestSmtpServer } from '../helpers/smtp-server.js';
import { type DatabaseProxy, startDatabaseProxy, type Watch } from './database-proxy.js';

/** Where in its work a process is ended. */
export const failpoints = [
  'before the claim',
  'after the claim',
  'before DATA',
  'after the dot',
  'after 250',
  'before the commit',
  'after the commit',
  'in the reaper',
  'while planning',
] as const;
export type Failpoint = (typeof failpoints)[number];

export interface Cell {
  failpoint: Failpoint;
  signal: 'SIGKILL' | 'SIGTERM';
  workers: number;
  policy: 'resend' | 'hold';
  /** Which time the process comes by the failpoint it is ended. */
  nth: number;
}

/** So many that each of the workers gets some. */
const mails = 400;
/** Of each worker; so many mails can be in flight when it is killed. */
export const connections = 4;

/** What a cell came to: the account of what the servers took against what is on record. */
export interface Account {
  cell: Cell;
  lost: number;
  doubled: number;
  inDoubt: number;
}

/** Starts a delivery over four connections to a server of its own, which follows the script. */
export async function startDelivery(ctx: TestContext, env: Record<string, string>, on?: SmtpScript['on']) {
  const server = await startSmtpServer(on ? { on } : {});
  const program = startProgram(['deliver', '--until-idle'], {
    DATABASE_URL: ctx.db.url,
    DATA_DIR: ctx.config.database.dataDir,
    SMTP_URL: server.url,
    SEND_CONNECTIONS: `${connections}`,
    MAIL_FROM: 'Offprint <digest@example.org>',
    BASE_URL: 'https://papers.example.org',
    ...env,
  });
  program.stdout?.resume();
  return { server, program, ended: once(program, 'exit') };
}

/**
 * Plans digests, lets workers deliver them, ends one of them at the failpoint, lets another finish, and compares the record with
 * what the servers have kept.
 */
export async function runCell(ctx: TestContext, cell: Cell): Promise<Account> {
  const servers: TestSmtpServer[] = [];
  const proxies: DatabaseProxy[] = [];
  const running = new Set<ChildProcess>();
  const start = async (command: string[], watch: Watch | null, on?: SmtpScript['on']) => {
    const server = await startSmtpServer(on ? { on } : {});
    const proxy = await startDatabaseProxy(ctx.db.url, watch);
    servers.push(server);
    proxies.push(proxy);
    const program = startProgram(command, {
      DATABASE_URL: proxy.url,
      DATA_DIR: ctx.config.database.dataDir,
      SMTP_URL: server.url,
      SEND_CONNECTIONS: `${connections}`,
      IN_DOUBT: cell.policy,
      MAIL_FROM: 'Offprint <digest@example.org>',
      BASE_URL: 'https://papers.example.org',
      LOG_LEVEL: 'fatal',
    });
    program.stdout?.resume();
    program.stderr?.pipe(process.stderr);
    running.add(program);
    return { program, ended: once(program, 'exit').then(() => running.delete(program)) };
  };
  try {
    await prepare(ctx, cell);
    let victim: ChildProcess | undefined;
    let reached = false;
    const end = () => {
      reached = true;
      victim?.kill(cell.signal);
    };
    const planning = cell.failpoint === 'while planning';
    const command = planning ? ['plan'] : ['deliver', '--until-idle'];
    const first = await start(command, watchFor(cell, end), scriptFor(cell, end));
    victim = first.program;
    const others = planning
      ? []
      : await Promise.all(Array.from({ length: cell.workers - 1 }, () => start(command, null)));
    await first.ended;
    expect({ reached, by: victim.signalCode }).toEqual({
      reached: true,
      by: cell.signal === 'SIGKILL' ? 'SIGKILL' : null,
    });
    // As if the time had passed for which a claim holds.
    await ctx.db.pool.query(
      `update digests set lease_until = clock_timestamp() - interval '1 second' where status = 'sending' and owner like $1`,
      [`%:${victim.pid}:%`],
    );
    if (planning) await (await start(['plan'], null)).ended;
    const finishing = await start(['deliver', '--until-idle'], null);
    await Promise.all([finishing.ended, ...others.map(({ ended }) => ended)]);
    return await account(
      ctx,
      cell,
      servers.flatMap((server) => server.mails),
    );
  } finally {
    for (const program of running) program.kill('SIGKILL');
    for (const proxy of proxies) proxy.close();
    for (const server of servers) await server.close();
  }
}

/** Subscribers who are due, and unless planning is what is tested, their digests. */
export async function prepare(ctx: TestContext, { failpoint }: Pick<Cell, 'failpoint'>): Promise<void> {
  await startMorning(ctx);
  ctx.time.now = new Date();
  const { prisma, pool } = ctx.db;
  // Midnight has struck whenever it is.
  await pool.query(
    `with made as (
       insert into subscribers (email, email_key, status, hour, created_at)
       select 'reader' || n || '@example.com', 'reader' || n || '@example.com', 'active', 0, now() from generate_series(1, $1::int) n
       returning id
     )
     insert into schedules (subscriber_id) select id from made`,
    [mails],
  );
  await makePaper(prisma, new Date(ctx.time.now.getTime() - 86_400_000).toISOString().slice(0, 10));
  if (failpoint === 'while planning') return;
  await planDue(ctx, ctx.time.now);
  if (failpoint !== 'in the reaper') return;
  // What a worker left that died before: claimed, and not begun.
  await pool.query(
    `update digests set status = 'sending', owner = 'dead', attempts = 1, begun = false,
       lease_until = clock_timestamp() - interval '1 second'
     where subscriber_id <= 5`,
  );
}

function watchFor({ failpoint, nth, signal }: Cell, act: () => void): Watch | null {
  const silences = signal === 'SIGKILL';
  const statement = 'settle-and-claim-';
  switch (failpoint) {
    case 'before the claim':
      return { text: statement, nth: 1, when: 'before', act, silences };
    case 'after the claim':
      return { text: statement, nth: 1, when: 'answered', act, silences };
    case 'before the commit':
      return { text: statement, nth: nth + 1, when: 'before', act, silences };
    case 'after the commit':
      return { text: statement, nth: nth + 1, when: 'answered', act, silences };
    case 'in the reaper':
      return { text: 'lease_until < clock_timestamp()', nth: 1, when: nth % 2 ? 'before' : 'answered', act, silences };
    case 'while planning':
      return { text: 'insert into digests', nth: 1, when: nth % 2 ? 'before' : 'answered', act, silences };
    default:
      return null;
  }
}

function scriptFor({ failpoint, nth, signal }: Cell, act: () => void): SmtpScript['on'] | undefined {
  let seen = 0;
  return ({ step }) => {
    if (failpoint === 'before DATA' && step === 'DATA' && ++seen === nth) {
      act();
      return signal === 'SIGKILL' ? { next: 'silence' } : undefined;
    }
    if (failpoint === 'after the dot' && step === 'dot' && ++seen === nth) {
      act();
      return undefined;
    }
    if (failpoint === 'after 250' && step === 'dot' && ++seen === nth) setImmediate(act);
    return undefined;
  };
}

/** Compares the record with what the servers have kept. */
export async function account(ctx: TestContext, cell: Cell, kept: readonly KeptMail[]): Promise<Account> {
  const digests = await ctx.db.prisma.digest.findMany({ select: { id: true, status: true } });
  expect(digests).toHaveLength(mails);
  const copies = new Map<string, Buffer[]>();
  for (const { messageId, raw } of kept) copies.set(messageId, [...(copies.get(messageId) ?? []), raw]);
  const isKept = (id: string) => copies.has(`<${id}@example.org>`);
  // Each is sent or in doubt, none is under way or forgotten.
  expect(new Set(digests.map(({ status }) => status))).toSatisfy((all: Set<string>) =>
    [...all].every((status) => status === 'sent' || status === 'in_doubt'),
  );
  const lost = digests.filter(({ id, status }) => !isKept(id) && status !== 'in_doubt').length;
  const inDoubt = digests.filter(({ status }) => status === 'in_doubt').length;
  let doubled = 0;
  for (const [first, ...others] of copies.values()) {
    doubled += others.length;
    for (const other of others) expect(other.equals(first ?? Buffer.of())).toBe(true);
  }
  return { cell, lost, doubled, inDoubt };
}

/** The bounds that are promised. */
export function expectWithinBounds({ cell, lost, doubled, inDoubt }: Account): void {
  const gentle = cell.signal === 'SIGTERM';
  // Where nothing had been begun to be sent, nothing is in doubt.
  const begun = !['before the claim', 'after the claim', 'in the reaper', 'while planning'].includes(cell.failpoint);
  const atMost = (bound: number) => expect.toSatisfy((count: number) => count <= bound, `at most ${bound}`);
  expect({ lost, doubled, inDoubt }).toEqual({
    lost: 0,
    doubled: cell.policy === 'hold' || gentle || !begun ? 0 : atMost(connections),
    inDoubt: cell.policy === 'resend' || gentle || !begun ? 0 : atMost(connections),
  });
}
