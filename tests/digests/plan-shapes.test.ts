import { beforeAll, describe, expect, it } from 'vitest';
import type { Queries } from '../../src/database/database.js';
import { settleAndClaim } from '../../src/digests/claims.js';
import {
  configureBatch,
  firstPlace,
  isAnyoneDue,
  moveSchedules,
  readDue,
  readExceptions,
} from '../../src/digests/due.js';
import { listPastDigests } from '../../src/digests/history.js';
import { findNextHour } from '../../src/digests/next-hour.js';
import { pruneDigests } from '../../src/digests/prune.js';
import { listDigests } from '../../src/digests/retry.js';
import { SinceThen } from '../../src/digests/since-then.js';
import { Snapshots } from '../../src/digests/snapshots.js';
import { expireOverdue, isAnyDue, isAnyOpen, reapExpiredLeases } from '../../src/digests/store.js';
import { castVotes, readBallot, readVotes } from '../../src/digests/votes.js';
import { noticeNews } from '../../src/papers/news.js';
import { appendOffers, readOffers } from '../../src/papers/offers.js';
import { type Paper, untold } from '../../src/papers/paper.js';
import { daysAround, listPapers, newestDay, writeList, writePapers } from '../../src/papers/store.js';
import type { Address } from '../../src/subscribers/address.js';
import { resumePaused } from '../../src/subscribers/lifecycle.js';
import { upsertPending } from '../../src/subscribers/store.js';
import { loadMatcher } from '../../src/topics/matcher.js';
import { writeMatches } from '../../src/topics/store.js';
import { useContext } from '../helpers/context.js';
import { makePaper } from '../helpers/rows.js';

// What PostgreSQL explains of itself it tells a superuser alone.
const context = useContext({}, [], true);
const now = new Date('2026-02-04T12:00:00Z');
const subscribers = 100_000;
/** As many as sources bring in some months. */
const papers = 20_000;

/**
 * A hundred thousand subscribers, most of whom are not due, with a digest each of one of the last hundred days, most of which are sent:
 * what grows with their number, or with the days, must not be read whole.
 */
beforeAll(async () => {
  const { pool, prisma } = context().db;
  await makePaper(prisma, '2026-02-03');
  await pool.query(
    `insert into source_days (source, day, fetched_at, ready_at, offered)
     select 'huggingface', '2026-01-20'::date - n, now(), '2026-01-20'::date - n + 1, true from generate_series(0, 199) n
     on conflict do nothing`,
  );
  await pool.query(
    `with made as (
       insert into papers (identifier, title, abstract, published_at, created_at, updated_at)
       select '2501.' || lpad(n::text, 5, '0'), 'Paper ' || n, 'Abstract ' || n, '2025-01-01', now(), now()
       from generate_series(1, $1::int) n
       returning id
     )
     insert into listings (source, day, paper_id, added_at)
     select 'huggingface', '2026-01-20'::date - (id % 200), id, now() from made`,
    [papers],
  );
  await pool.query(
    `insert into subscribers (email, email_key, status, created_at)
     select 's' || n, 's' || n, 'active', now() from generate_series(1, $1::int) n`,
    [subscribers],
  );
  await pool.query(
    `insert into schedules (subscriber_id, due_at, planned_day, cursor)
     select id, $1::timestamptz + make_interval(mins => id - 20), '2026-02-03', 0 from subscribers`,
    [now],
  );
  await pool.query(
    `insert into digests (id, edition_id, subscriber_id, day, planned_at, not_before, abstract_length, status, owner, lease_until)
     select gen_random_uuid(), gen_random_uuid(), id, '2026-02-03'::date - day, $1::timestamptz, $1::timestamptz, 'short',
       (case when id % 20000 = 0 then 'queued' when id % 20000 = 1 then 'sending' else 'sent' end)::digest_status,
       case when id % 20000 = 1 then 'worker' end, case when id % 20000 = 1 then now() + interval '1 hour' end
     from (select id, (id - 5) % 100 as day from subscribers where id >= 5) s order by day desc, id`,
    [now],
  );
  await pool.query(
    `insert into editions (id, paper_ids, snapshot_ids, topics, created_at)
     select edition_id, '{1}', '{1}', '[[]]', day from digests order by day`,
  );
  await pool.query(`
    insert into paper_snapshots (paper_id, hash, content, created_at)
    select paper_id, hash, content, '2026-01-20' from current_papers`);
  await pool.query("insert into paper_news (paper_id, kind, noticed_at) values (1, 'version', '2026-02-05T00:00:00Z')");
  await pool.query('vacuum analyze');
}, 60_000);

/** The plans of every statement that some work runs, as PostgreSQL carries them out, with the parameters that it gets. */
async function plansOf(work: (db: ReturnType<typeof context>['db']['prisma']) => Promise<unknown>): Promise<string> {
  const { prisma } = context().db;
  const plans: string[] = [];
  const settings = [
    "load 'auto_explain'",
    'set local auto_explain.log_min_duration = 0',
    'set local auto_explain.log_nested_statements = on',
    'set local client_min_messages = log',
  ];
  await prisma
    .$transaction(async (tx) => {
      for (const setting of settings) await tx.$executeRawUnsafe(setting);
      const notices = listenToNotices(plans);
      await work(tx as typeof prisma);
      // A statement that was not read to its end is explained when the next one comes.
      await tx.$queryRaw`select`;
      notices.stop();
      throw new RollBack();
    })
    .catch((error: unknown) => {
      if (!(error instanceof RollBack)) throw error;
    });
  return plans.join('\n');
}

class RollBack extends Error {}

/** The same for what goes by a connection of the pool. */
async function plansOfConnection(work: (client: import('pg').PoolClient) => Promise<unknown>): Promise<string> {
  const client = await context().db.pool.connect();
  const plans: string[] = [];
  const hear = ({ message }: { message?: string | undefined }) => plans.push(message ?? '');
  try {
    await client.query('begin');
    await client.query(
      "load 'auto_explain'; set local auto_explain.log_min_duration = 0; set local auto_explain.log_nested_statements = on",
    );
    await client.query('set local client_min_messages = log');
    client.on('notice', hear);
    await work(client);
    await client.query('rollback');
  } finally {
    client.off('notice', hear);
    client.release();
  }
  return plans.join('\n');
}

/** Hears what the connections of the pool are told. */
function listenToNotices(plans: string[]): { stop: () => void } {
  const { pool } = context().db;
  const clients = (pool as unknown as { _clients: import('pg').PoolClient[] })._clients;
  const hear = ({ message }: { message?: string | undefined }) => plans.push(message ?? '');
  for (const client of clients) client.on('notice', hear);
  return {
    stop: () => {
      for (const client of clients) client.off('notice', hear);
    },
  };
}

const paperNumbered = (n: number): Paper => ({
  ...untold,
  identifier: `2501.${String(n).padStart(5, '0')}`,
  title: `Paper ${n}, revised`,
  abstract: `Abstract ${n}`,
  publishedAt: new Date('2025-01-01'),
});
const worker = { owner: 'worker', layoutId: 1, saysWhenBegun: false };
const wholeTable = /Seq Scan on (digests|editions|subscribers|schedules|papers|listings|paper_snapshots)/g;
const digestOf = (db: Queries, subscriberId: number) => db.digest.findFirstOrThrow({ where: { subscriberId } });

describe('no statement that runs every minute, for every mail or for a page reads a whole table:', () => {
  it.each<[string, (db: ReturnType<typeof context>['db']['prisma']) => Promise<unknown>]>([
    ['whether anyone is due', (db) => isAnyoneDue(db, now)],
    [
      'who is due',
      async (db) => {
        await configureBatch(db);
        const { rows } = await readDue(db, now, firstPlace, 5_000, true);
        expect(rows.length).toBeGreaterThan(10);
        await readExceptions(
          db,
          rows.map(({ subscriberId }) => subscriberId),
        );
        await moveSchedules(
          db,
          rows.map(({ subscriberId }) => ({ subscriberId, dueAt: now.getTime(), plannedDay: null, cursor: null })),
        );
      },
    ],
    ['whose pause is over', (db) => resumePaused(db, now)],
    ['whether a digest is due', (db) => isAnyDue(db, now)],
    ['whether one waits or is under way', (db) => isAnyOpen(db)],
    ['the reaper', (db) => reapExpiredLeases(db, { inDoubt: 'resend', graceSeconds: 0 }, now)],
    ['what has waited too long', (db) => expireOverdue(db, now)],
    ['a sign-up', (db) => upsertPending(db, { address: 's5' as Address, emailKey: 's5', now })],
    ['what was sent to somebody', (db) => listPastDigests(db, 5, 30)],
    ['when digests come next', (db) => findNextHour(db, 5, now)],
    ['what somebody may vote on', async (db) => readBallot(db, 5, (await digestOf(db, 5)).id)],
    ['votes', (db) => castVotes(db, 5, [{ paperId: 1, vote: 'more' }], now)],
    ['what is stored about somebody', (db) => readVotes(db, 5)],
    ['what is past its time', (db) => pruneDigests(db, now)],
    [
      'a list of papers that was read',
      async (db) => {
        const listed = [5, 6, 30_000].map((n) => paperNumbered(n));
        const list = { source: 'huggingface', day: '2026-02-03', papers: listed };
        const written = await writePapers(db, list, now);
        expect(written.map(({ isNew }) => isNew)).toEqual([false, false, true]);
        const ids = written.map(({ id }) => id);
        await writeList(db, list, now);
        await writeMatches(db, loadMatcher(), ids);
        await noticeNews(db, { ids, revised: ['2501.00005'] }, now);
        expect(await appendOffers(db, now)).toBeGreaterThan(0);
      },
    ],
    ['what is on offer', (db) => readOffers(db, now)],
    [
      'the page of a day',
      async (db) => {
        expect(await newestDay(db)).toBe('2026-02-03');
        await daysAround(db, '2026-02-03');
        await listPapers(db, { day: '2026-01-20', sort: 'trending', limit: 100 });
      },
    ],
  ])('%s', async (_, work) => {
    const plans = await plansOf(work);
    expect(plans).toMatch(/Scan|Conflict Arbiter Indexes/);
    expect(plans.match(wholeTable)).toBeNull();
  });

  it.each([null, 'queued', 'sending', 'failed', 'in_doubt', 'expired', 'suppressed'] as const)(
    'what an operator lists: %s',
    async (status) => {
      const plans = await plansOf((db) => listDigests(db, status, 20));
      expect(plans).toMatch(/digests_(queued|sending|ended)_idx/);
      expect(plans.match(wholeTable)).toBeNull();
    },
  );

  it('what became of papers that were sent', async () => {
    const plans = await plansOfConnection(async (client) => {
      const digest = { subscriberId: 5, day: '2026-02-09', plannedAt: new Date('2026-02-09T08:00:00Z') };
      await new SinceThen(client, new Snapshots(client)).of(digest);
    });
    expect(plans).toContain('digests_day_subscriber_id_key');
    expect(plans.match(wholeTable)).toBeNull();
  });

  it.each(['auto', 'force_generic_plan'])('what is settled and claimed, planned as %s', async (mode) => {
    const plans = await plansOfConnection(async (client) => {
      await client.query(`set local plan_cache_mode = ${mode}`);
      const { claimed } = await settleAndClaim(client, worker, [], 10, now);
      expect(claimed).toHaveLength(5);
      const next = { status: 'sent', countsAttempt: true, bounced: false } as const;
      const settlements = claimed.map(({ id, attempts }) => ({
        digestId: id,
        attempts,
        next,
        reply: '250 ok',
        unsent: false,
      }));
      expect((await settleAndClaim(client, worker, settlements, 10, now)).recorded).toHaveLength(5);
    });
    expect(plans).toContain('Index Scan using digests_queued_idx');
    // Nor what is being sent, where each claim of the last minutes has left an entry.
    expect(plans).not.toContain('digests_sending_idx');
    expect(plans.match(wholeTable)).toBeNull();
  });
});
