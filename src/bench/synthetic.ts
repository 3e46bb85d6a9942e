import { readFile } from 'node:fs/promises';
import type { Context } from '../context.js';
import { arrayText } from '../database/array-text.js';
import type { MailedDigest } from '../digests/claims.js';
import { anyReader } from '../digests/content.js';
import { projectPath } from '../project.js';
import { readDailyPapers } from '../sources/daily-papers.js';
import { loadMatcher } from '../topics/matcher.js';
import { writeMatches } from '../topics/store.js';
import { seedTopics, vocabulary } from '../topics/vocabulary.js';

/** The instant that is measured at: everyone's hour has struck, wherever they live. */
export const now = new Date('2026-02-04T12:00:00Z');
const newestList = '2026-02-03';
/** As many as arXiv and Hugging Face bring in a day of many. */
const papers = 150;
const days = 7;

/**
 * Puts papers on the lists of a week: the samples that come with Offprint, over and over under other ids, with votes as skewed as
 * real ones, matched with their topics as papers are.
 * @param count a day's, if not said: as many as arXiv and Hugging Face bring together
 */
export async function makePapers({ db }: Pick<Context, 'db'>, count = papers): Promise<void> {
  await seedTopics(db.prisma);
  const { entries } = readDailyPapers(await readFile(projectPath('samples/papers.json'), 'utf8'));
  const rows = Array.from({ length: count }, (_, i) => {
    const { paper } = entries[i % entries.length] ?? { paper: null };
    return {
      identifier: `2602.${String(10_000 + i)}`,
      title: paper?.title ?? '',
      abstract: paper?.abstract ?? '',
      summary: paper?.summary ?? null,
      authors: paper?.authors ?? [],
      organization: paper?.organization ?? null,
      keywords: paper?.keywords ?? [],
      // The powers of two numbers that share no factor with the count: skewed, and the same in every run.
      upvotes: Math.floor(250 ** (((i * 67) % count) / count)),
      comments: Math.floor(20 ** (((i * 29) % count) / count)) - 1,
      discussionUrl: `https://huggingface.co/papers/2602.${String(10_000 + i)}`,
      publishedAt: new Date('2026-02-01T09:00:00Z'),
      createdAt: now,
      updatedAt: now,
    };
  });
  const made = await db.prisma.paper.createManyAndReturn({ data: rows, select: { id: true } });
  const ids = made.map(({ id }) => id);
  await db.prisma.$executeRaw`
    insert into source_days (source, day, fetched_at, ready_at)
    select 'huggingface', ${newestList}::date - n, ${now}::timestamptz, (${newestList}::date - n + 1)::timestamp at time zone 'UTC'
    from generate_series(0, ${days - 1}::int) n`;
  await db.prisma.$executeRaw`
    insert into listings (source, day, paper_id, added_at)
    select 'huggingface', ${newestList}::date - (place % ${days})::int, id, ${newestList}::date - (place % ${days})::int
    from unnest(${arrayText(ids)}::int[]) with ordinality as paper (id, place)`;
  await db.prisma.$transaction((tx) => writeMatches(tx, loadMatcher(), ids), { timeout: 120_000 });
}

/** Own phrases, as people have them. */
const phrases = [
  '"world model" OR simulator',
  'diffusion',
  'speech -music',
  '"chain of thought"',
  'robot OR robots',
  'benchmark',
];

/**
 * Makes active subscribers whose digest of this day is due: one to six topics by Zipf's law, a fifth with a phrase of their own, all time
 * zones, a tenth weekly and of these most not today, one in fifty paused.
 */
export async function makeSubscribers(
  { db, timeZones }: Pick<Context, 'db' | 'timeZones'>,
  count: number,
): Promise<void> {
  const slugs = vocabulary.map(({ slug }) => slug);
  const zones = timeZones.list();
  await db.pool.query(
    `with made as (
       insert into subscribers (email, email_key, status, topics, phrases, timezone, hour, frequency, week_day, paused_until, created_at,
         confirmed_at)
       select 's' || n || '@example.org', 's' || n || '@example.org',
         (case when n % 50 = 0 then 'paused' else 'active' end)::subscriber_status,
         array(
           select distinct ($2::text[])[floor(power($3::int, (((n % 9973) * 7919 + i * 104729) % 9973) / 9973.0))::int]
           from generate_series(1, 1 + n % 6) i order by 1
         ),
         case when n % 5 = 0 then array[($4::text[])[1 + n / 5 % $5::int]] else '{}' end,
         ($6::text[])[1 + n % $7::int], 0, (case when n % 10 = 3 then 'weekly' else 'daily' end)::frequency, 1 + n % 7,
         case when n % 50 = 0 then date '2030-01-01' end, $8, $8
       from generate_series(1, $1::int) n
       returning id
     )
     insert into schedules (subscriber_id, planned_day, cursor) select id, '2026-02-02', 0 from made`,
    [count, slugs, slugs.length, phrases, phrases.length, zones, zones.length, now],
  );
  await db.pool.query('analyze');
}

/** A day's list of papers as Hugging Face's API gives it. */
export async function dailyPapers(day: string): Promise<unknown[]> {
  const samples = JSON.parse(await readFile(projectPath('samples/papers.json'), 'utf8')) as { paper: object }[];
  return Array.from({ length: papers }, (_, i) => {
    const { paper, ...entry } = samples[i % samples.length] ?? { paper: {} };
    const upvotes = Math.floor(250 ** (((i * 67) % papers) / papers));
    const submittedOnDailyAt = `${day}T08:00:00.000Z`;
    return { ...entry, paper: { ...paper, id: `2602.${20_000 + i}`, upvotes, submittedOnDailyAt } };
  });
}

/** Most read in the morning. */
const readingHours = [6, 7, 7, 8, 8, 8, 8, 9, 9, 12, 18, 21];

/**
 * Subscribers as a file to import: one to six topics by Zipf's law, a fifth with a phrase of their own, all time zones, most in the
 * morning, a tenth weekly, one in fifty paused.
 */
export function* csvOfSubscribers(zones: readonly string[], count: number): Generator<string> {
  const slugs = vocabulary.map(({ slug }) => slug);
  yield 'email,topics,timezone,hour,frequency,weekDay,status,pausedUntil,phrases\n';
  for (let n = 1; n <= count; n++) {
    const chosen = Array.from({ length: 1 + (n % 6) }, (_, i) => {
      const place = Math.floor(slugs.length ** ((((n % 9_973) * 7_919 + (i + 1) * 104_729) % 9_973) / 9_973));
      return slugs[place - 1];
    });
    const paused = n % 50 === 0;
    const phrase = n % 5 === 0 ? (phrases[(n / 5) % phrases.length] ?? '') : '';
    const fields = [
      `s${n}@example.org`,
      [...new Set(chosen)].join(';'),
      zones[n % zones.length],
      readingHours[(n * 7) % readingHours.length],
      n % 10 === 3 ? 'weekly' : 'daily',
      1 + (n % 7),
      paused ? 'paused' : 'active',
      paused ? '2030-01-01' : '',
      `"${phrase.replaceAll('"', '""')}"`,
    ];
    yield `${fields.join()}\n`;
  }
}

/** A digest that is about to be composed: of each number another. */
export function digestNumber(i: number): MailedDigest {
  const hex = i.toString(16).padStart(12, '0');
  return {
    id: `01900000-0000-7000-8000-${hex}`,
    day: '2026-02-04',
    plannedAt: now,
    abstractLength: 'short',
    subscriberId: i,
    linkId: `01900000-0000-4000-8000-${hex}`,
    tokenEpoch: 0,
    email: `s${i}@example.org`,
    reader: { ...anyReader, topics: ['agents', 'reasoning'], hour: i % 24 },
  };
}
