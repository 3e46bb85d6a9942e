/**
 * Whether `digests` is better off in a table for each month: `npm run bench:partitions -- [subscribers] [days]`. With so many days of digests on
 * record, in a throw-away database, it plans a day, sends it as far as the record goes, audits it and tidies up, by turns on the
 * table as it is and on one that is partitioned by month of its day, and prints the seconds of each and their ratio.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { makeHistory } from '../src/bench/history.js';
import { checkpoint } from '../src/bench/own-mails.js';
import { makeSubscribers } from '../src/bench/synthetic.js';
import { throwAwayConfig } from '../src/bench/throw-away.js';
import { type Context, openContext } from '../src/context.js';
import { auditDay } from '../src/digests/audit.js';
import { type Settlement, settleAndClaim } from '../src/digests/claims.js';
import { pruneDigests } from '../src/digests/prune.js';
import { writeDigests } from '../src/digests/store.js';

const [subscribers = 20_000, days = 365] = process.argv.slice(2).map(Number);
const today = '2026-02-04';
const now = new Date(`${today}T12:00:00Z`);
const dayMs = 86_400_000;
/** As many as a plan writes in a transaction, and as connections ask for at once. */
const batch = { planned: 5_000, claimed: 10 };
const keptDays = 400;
const sent = { status: 'sent', countsAttempt: true, bounced: false } as const;

/** The same table in the schema `aside`, a partition for each month. A key of the id alone cannot be: the day is not in it. */
async function makePartitioned({ pool }: Context['db']): Promise<void> {
  await pool.query('create schema aside');
  await pool.query(
    'create table aside.digests (like public.digests including defaults including generated) partition by range (day)',
  );
  const { rows } = await pool.query<{ month: string; next: string }>(
    `select m::date::text as month, (m + interval '1 month')::date::text as next
     from generate_series(date_trunc('month', $1::date - $2::int), $1::date, interval '1 month') m`,
    [today, days],
  );
  for (const { month, next } of rows)
    await pool.query(
      `create table aside."digests_${month}" partition of aside.digests for values from ('${month}') to ('${next}')
       with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200000, vacuum_index_cleanup = on)`,
    );
  await pool.query('insert into aside.digests select * from public.digests order by day, id');
  const { rows: indexes } = await pool.query<{ definition: string }>(
    `select replace(replace(indexdef, 'public.digests', 'aside.digests'), 'UNIQUE INDEX digests_pkey', 'INDEX digests_id_idx') as definition
     from pg_indexes where tablename = 'digests' and schemaname = 'public'`,
  );
  for (const { definition } of indexes) await pool.query(definition);
  await pool.query('vacuum (analyze) aside.digests');
}

/** Puts one table in the other's place. */
async function swap(pool: Pool): Promise<void> {
  await pool.query(`
    create schema meanwhile;
    alter table public.digests set schema meanwhile;
    alter table aside.digests set schema public;
    alter table meanwhile.digests set schema aside;
    drop schema meanwhile`);
}

async function plan({ db }: Context): Promise<void> {
  const { rows } = await db.pool.query<{ id: number }>('select id from subscribers order by id');
  const { rows: editions } = await db.pool.query<{ id: string }>('select id from editions limit 1');
  const editionId = editions[0]?.id ?? uuidv7();
  for (let i = 0; i < rows.length; i += batch.planned) {
    const digests = rows.slice(i, i + batch.planned).map(({ id }) => {
      return { id: uuidv7(), subscriberId: id, day: today, editionId, abstractLength: 'short' as const };
    });
    await db.prisma.$transaction((tx) => writeDigests(tx, digests, now));
  }
}

/** Claims and settles, as the connections of a worker do together, until nothing waits. */
async function deliver({ db: { pool } }: Context): Promise<void> {
  const by = { owner: 'bench', layoutId: 1, saysWhenBegun: false };
  let settlements: Settlement[] = [];
  do {
    const { claimed } = await settleAndClaim(pool, by, settlements, batch.claimed, now);
    settlements = claimed.map(({ id, attempts }) => ({
      digestId: id,
      attempts,
      next: sent,
      reply: '250 2.0.0 Ok: queued as 4F7C8120',
      unsent: false,
    }));
  } while (settlements.length > 0);
}

/** The digests of the oldest days go, and the room that they took is given back. */
async function prune({ db }: Context, oldestDays: number): Promise<void> {
  await pruneDigests(db.prisma, new Date(now.getTime() - (days - keptDays - oldestDays) * dayMs));
  await db.pool.query('vacuum digests');
}

async function dropMonth({ db: { pool } }: Context): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'aside'::regnamespace and relispartition order by relname limit 1`,
  );
  await pool.query(`drop table aside."${rows[0]?.name}"`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1_000;
}

const sizeOf = async (pool: Pool, schema: string): Promise<number> => {
  const { rows } = await pool.query<{ bytes: string }>(
    `select sum(pg_total_relation_size(oid)) as bytes from pg_class
     where relnamespace = $1::regnamespace and relkind = 'r' and relname like 'digests%'`,
    [schema],
  );
  return Number(rows[0]?.bytes);
};

const dataDir = await mkdtemp(join(tmpdir(), 'offprint-partitions-'));
const ctx = await openContext(throwAwayConfig(dataDir), () => now);
try {
  await makeSubscribers(ctx, subscribers);
  await ctx.db.pool.query(`update subscribers set status = 'active', paused_until = null`);
  await makeHistory(ctx, today, days);
  await makePartitioned(ctx.db);
  type Step = (ctx: Context) => Promise<unknown>;
  const steps: [name: string, asIs: Step, monthly?: Step][] = [
    ['plan', plan],
    ['claim and settle', deliver],
    ['audit', ({ db }) => auditDay(db.prisma, today, now)],
    ['forget a day', (one) => prune(one, 1)],
    ['forget a month', (one) => prune(one, 31), dropMonth],
  ];
  print(`${subscribers} subscribers, ${days} days on record: one table, a table a month, ratio`);
  for (const [name, asIs, monthly = asIs] of steps) {
    await checkpoint(ctx);
    const one = await seconds(() => asIs(ctx));
    await checkpoint(ctx);
    await swap(ctx.db.pool);
    const other = await seconds(() => monthly(ctx));
    await swap(ctx.db.pool);
    print(
      `${name.padEnd(24)} ${one.toFixed(2).padStart(8)} s ${other.toFixed(2).padStart(8)} s  ${(other / one).toFixed(2)}`,
    );
  }
  const bytes = [await sizeOf(ctx.db.pool, 'public'), await sizeOf(ctx.db.pool, 'aside')];
  print(`on disk ${bytes.map((size) => `${(size / 1e9).toFixed(2)} GB`).join(' and ')}`);
} finally {
  await ctx.db.close();
  await rm(dataDir, { recursive: true, force: true });
}
