/**
 * How long a plan takes, by subscribers and by papers on offer: `npm run bench:plan -- 10000 100000 1000000`.
 * Everyone is due at once, with 1 to 6 topics by Zipf's law, in forty time zones. In a throw-away database; prints a line of
 * JSON a run, with times as ratios to the run before where that says more than seconds of one machine.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../src/config.js';
import { type Context, openContext } from '../src/context.js';
import { planDue } from '../src/digests/plan.js';
import { seedTopics, vocabulary } from '../src/topics/vocabulary.js';
import { checkpoint } from './checkpoint.js';

const at = new Date('2026-02-04T12:00:00Z');
const daysOnOffer = 30;

/** Papers on the lists of the last days, evenly, each in one to four topics. */
async function makePapers({ db }: Context, count: number): Promise<void> {
  const slugs = vocabulary.map(({ slug }) => slug);
  await db.pool.query('truncate papers, source_days, offers, paper_snapshots restart identity cascade');
  await db.pool.query(
    `insert into source_days (source, day, fetched_at, ready_at)
     select 'huggingface', '2026-02-03'::date - n, '2026-02-04', '2026-02-04'::date - n from generate_series(0, $1 - 1) n`,
    [daysOnOffer],
  );
  await db.pool.query(
    `insert into papers (identifier, title, abstract, authors, published_at, upvotes, comments, created_at, updated_at)
     select '2602.' || lpad(n::text, 5, '0'), 'Paper ' || n, repeat('An abstract of a paper. ', 50), '{Ada Lovelace,Alan Turing}',
       '2026-02-01', floor(power(250, random())), floor(power(20, random())), now(), now()
     from generate_series(1, $1::int) n`,
    [count],
  );
  await db.pool.query(
    `insert into listings (source, day, paper_id, added_at)
     select 'huggingface', '2026-02-03'::date - (id % $1), id, '2026-02-03'::date - (id % $1) from papers`,
    [daysOnOffer],
  );
  await db.pool.query(
    `insert into matches (paper_id, topic, score, reason)
     select distinct on (id, topic) id, topic, 1 + random(), 'title'
     from papers, generate_series(1, 4) choice,
       lateral (select ($1::text[])[floor(power($2::int, random() + 0 * id * choice))::int] as topic) zipf`,
    [slugs, slugs.length],
  );
}

/** Active subscribers, planned yesterday, all due now: their day begins at midnight. */
async function makeSubscribers(ctx: Context, count: number): Promise<void> {
  const { db } = ctx;
  const slugs = vocabulary.map(({ slug }) => slug);
  const zones = Intl.supportedValuesOf('timeZone').filter((_, i) => i % 10 === 0);
  await db.pool.query('truncate subscribers, digests, plans, editions restart identity cascade');
  await db.pool.query(
    `insert into subscribers (email, email_key, status, topics, timezone, hour, created_at, confirmed_at)
     select 's' || n || '@example.org', 's' || n || '@example.org', 'active',
       array(
         select distinct ($2::text[])[floor(power($3::int, random() + 0 * n))::int]
         from generate_series(1, 1 + floor(random() * 6 + 0 * n)::int) order by 1
       ),
       ($4::text[])[1 + n % $5::int], 0, now(), now()
     from generate_series(1, $1::int) n`,
    [count, slugs, slugs.length, zones, zones.length],
  );
  // As after a month's pause: all papers are on offer.
  await db.pool.query(
    `insert into schedules (subscriber_id, planned_day, cursor) select id, '2026-02-03', 0 from subscribers`,
  );
  await db.pool.query('vacuum analyze');
  // What was written here is not the plan's: it must not be its lot to bring it to the disk.
  await checkpoint(ctx);
}

async function measure(ctx: Context, subscribers: number, papers: number): Promise<number> {
  await makePapers(ctx, papers);
  await makeSubscribers(ctx, subscribers);
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 100);
  const before = process.memoryUsage().rss;
  const started = performance.now();
  const { days } = await planDue(ctx, at);
  const seconds = (performance.now() - started) / 1_000;
  clearInterval(watch);
  const idle = async () => {
    const idleStarted = performance.now();
    await planDue(ctx, at);
    return Number((performance.now() - idleStarted).toFixed(1));
  };
  // The first one passes what the plan has left behind in the index; autovacuum clears it away within a minute.
  const idleRightAfterMs = await idle();
  await ctx.db.pool.query('vacuum schedules');
  const idleMinuteMs = await idle();
  const sum = (key: 'due' | 'planned') => days.reduce((total, day) => total + day[key], 0);
  const { rows } = await ctx.db.pool.query('select count(*)::int as n from editions');
  process.stdout.write(
    `${JSON.stringify({
      subscribers,
      papers,
      due: sum('due'),
      planned: sum('planned'),
      editions: rows[0]?.n,
      seconds: Number(seconds.toFixed(2)),
      microsecondsEach: Number(((seconds * 1e6) / subscribers).toFixed(1)),
      idleRightAfterMs,
      idleMinuteMs,
      memoryMb: { before: Math.round(before / 1e6), peak: Math.round(peak / 1e6) },
    })}\n`,
  );
  return seconds / subscribers;
}

const sizes = process.argv.slice(2).map(Number);
const dataDir = await mkdtemp(join(tmpdir(), 'offprint-bench-'));
const ctx = await openContext(parseConfig({ DATA_DIR: dataDir, LOG_LEVEL: 'warn' }), () => at);
try {
  await seedTopics(ctx.db.prisma);
  let smaller: number | null = null;
  for (const subscribers of sizes.length > 0 ? sizes : [10_000, 100_000]) {
    const few = await measure(ctx, subscribers, 1_500);
    const many = await measure(ctx, subscribers, 6_000);
    const ratios = {
      subscribers,
      perSubscriberToSmallerRun: smaller === null ? null : Number((few / smaller).toFixed(2)),
      sixThousandPapersToFifteenHundred: Number((many / few).toFixed(2)),
    };
    process.stdout.write(`${JSON.stringify(ratios)}\n`);
    smaller = few;
  }
} finally {
  await ctx.db.close();
  await rm(dataDir, { recursive: true, force: true });
}
