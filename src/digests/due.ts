import { z } from 'zod';
import { arrayText } from '../database/array-text.js';
import type { Queries } from '../database/database.js';
import { Prisma } from '../generated/prisma/client.js';
import { parseLeaning } from '../interests/leanings.js';
import type { Wish } from './choose.js';

/** How late a digest may still come when its hour was missed, as by a stop over midnight: later it is yesterday's news. */
const lateHours = 12;

/** A place in the order in which subscribers are due. */
export interface Place {
  dueAt: string;
  subscriberId: number;
}

/** Before everyone. */
export const firstPlace: Place = { dueAt: '-infinity', subscriberId: 0 };

/** The interests of a subscriber `s`, as text. */
const interestsOf = Prisma.sql`json_build_object(
  'phrases', s.phrases, 'mutedPhrases', s.muted_phrases, 'authors', s.authors, 'categories', s.categories)::text`;

const interests = z.object({
  phrases: z.array(z.string()),
  mutedPhrases: z.array(z.string()),
  authors: z.array(z.string()),
  categories: z.array(z.string()),
});

/** Reads a wish as it stands in a `DueRow`. */
export function parseWish(text: string): Wish {
  const end = text.indexOf('\n');
  const [count, ...words] = (end < 0 ? text : text.slice(0, end)).split(' ').filter(Boolean);
  return {
    count: Number(count),
    topics: words.filter((word) => !word.startsWith(leaningMark)),
    leanings: words.flatMap((word) => (word.startsWith(leaningMark) ? (parseLeaning(word.slice(1)) ?? []) : [])),
    interests: end < 0 ? null : interests.parse(JSON.parse(text.slice(end))),
  };
}

/** Tells leanings from topics. No slug has it. */
const leaningMark = '~';

/** Whether a wish has more than topics. */
export function hasInterests(text: string): boolean {
  return text.includes('\n');
}

const dueRow = z
  .tuple([
    z.number(),
    z.string(),
    z.string(),
    z.string(),
    z.number().nullable(),
    z.enum(['none', 'short', 'full']),
    z.number(),
  ])
  .transform(([subscriberId, status, wish, rhythm, cursor, abstractLength, leastPapers]) => {
    return { subscriberId, status, wish, rhythm, cursor, abstractLength, leastPapers };
  });

/**
 * A subscriber whom the plan has to look at. Two texts, the same for all who have the same: `wish`, which `parseWish` reads;
 * `rhythm`, time zone, hour, frequency, day of the week, and the day that was last planned for, if any.
 */
export type DueRow = z.output<typeof dueRow>;

/**
 * What a subscriber `s` wants, as text: papers a digest, topics, leanings; on a line of its own what is wanted beside them, if anything.
 */
export const wish = Prisma.sql`s.papers_per_digest || ' ' || array_to_string(s.topics, ' ')
  || case when s.leanings = '{}' then '' else ' ~' || array_to_string(s.leanings, ' ~') end
  || case when cardinality(s.phrases) + cardinality(s.muted_phrases) + cardinality(s.authors) + cardinality(s.categories) = 0
    then '' else e'\n' || ${interestsOf} end`;

/** When digests of a subscriber `s` come, with a schedule `c`, as text that `readTurns` takes. */
export const rhythm = Prisma.sql`concat_ws(' ', s.timezone, s.hour, s.frequency, s.week_day, c.planned_day)`;

const dueBatch = z.tuple([
  z.object({
    rows: z.string().transform((text) => z.array(dueRow).parse(JSON.parse(text))),
    last: z.object({ dueAt: z.string(), subscriberId: z.number() }).nullable(),
  }),
]);

/** Whether there is anyone to look at. One probe of an index. */
export async function isAnyoneDue(db: Queries, at: Date): Promise<boolean> {
  // In an order, so that the index is read also where the statistics are from before a plan, when everyone was due.
  const rows = await db.$queryRaw<unknown[]>`select from schedules where due_at <= ${at} order by due_at limit 1`;
  return rows.length > 0;
}

/** How many there are to look at. */
export async function countDue(db: Queries, at: Date): Promise<number> {
  const [counted] = await db.$queryRaw<[{ n: number }]>`select count(*)::int as n from schedules where due_at <= ${at}`;
  return counted.n;
}

/**
 * Settings for this transaction. Some thousand rows are joined by one probe of an index each: left to itself PostgreSQL
 * reads a whole index in order instead, which takes the longer the more subscribers there are. And the commit waits for no
 * disk: what a crash loses of it is as if it had never been planned, and no mail is sent of it, because the claim's commit
 * waits, for everything before it too.
 */
export async function configureBatch(tx: Queries): Promise<void> {
  await tx.$queryRaw`
    select set_config('enable_hashjoin', 'off', true)::text, set_config('enable_mergejoin', 'off', true)::text,
      set_config('synchronous_commit', 'off', true)::text`;
}

/**
 * Reads the next subscribers to look at, in the order of their time.
 * @param after where the batch before ended
 * @param lock takes their schedules for this transaction; those that another has taken are left out
 */
export async function readDue(db: Queries, at: Date, after: Place, limit: number, lock: boolean) {
  const rows = await db.$queryRaw`
    with due as materialized (
      select c.due_at, c.subscriber_id, s.status, ${wish} as wish,
        ${rhythm} as rhythm, c.cursor,
        s.abstract_length, s.least_papers
      from schedules c join subscribers s on s.id = c.subscriber_id
      where c.due_at <= ${at} and (c.due_at, c.subscriber_id) > (${after.dueAt}::timestamptz, ${after.subscriberId}::int)
      order by c.due_at, c.subscriber_id
      limit ${limit}
      ${lock ? Prisma.sql`for update of c skip locked` : Prisma.empty}
    )
    select
      coalesce(json_agg(json_build_array(subscriber_id, status, wish, rhythm, cursor, abstract_length, least_papers)), '[]')::text as rows,
      (select json_build_object('dueAt', due_at::text, 'subscriberId', subscriber_id)
       from due order by due_at desc, subscriber_id desc limit 1) as last
    from due`;
  return dueBatch.parse(rows)[0];
}

const turn = z.object({
  rhythm: z.string(),
  /** The digest day that is due, YYYY-MM-DD; null where none is. */
  day: z.string().nullable(),
  /** When its hour struck, in milliseconds since 1970. */
  struckAt: z.number().nullable(),
  /** When the hour next strikes; null where PostgreSQL does not know the time zone. */
  nextAt: z.number().nullable(),
});
export type Turn = z.output<typeof turn>;

/** What the calendar of each of these rhythms says at an instant. */
export async function readTurns(db: Queries, rhythms: readonly string[], at: Date): Promise<Turn[]> {
  if (rhythms.length === 0) return [];
  const rows = await db.$queryRaw`
    select rhythm, turn.day::text, (extract(epoch from turn.struck_at) * 1000)::float8 as "struckAt",
      (extract(epoch from turn.next_at) * 1000)::float8 as "nextAt"
    from unnest(${[...rhythms]}::text[]) as given (rhythm)
      cross join lateral string_to_array(rhythm, ' ') as part
      cross join lateral turn_at(
        part[1], part[2]::smallint, part[3]::frequency, part[4]::smallint, part[5]::date, ${at}, make_interval(hours => ${lateHours}::int)
      ) as turn`;
  return z.array(turn).parse(rows);
}

const exception = z.object({ subscriberId: z.number(), owed: z.array(z.number()), given: z.array(z.number()) });
/** What a subscriber's cursor does not say: papers behind it that are still owed, papers before it that were given early. */
export type CursorException = z.output<typeof exception>;

/** The exceptions to the cursors of these subscribers; nearly nobody has one. */
export async function readExceptions(
  db: Queries,
  subscriberIds: readonly number[],
): Promise<Map<number, CursorException>> {
  const rows = await db.$queryRaw`
    select subscriber_id as "subscriberId", coalesce(array_agg(paper_id) filter (where owed), '{}') as owed,
      coalesce(array_agg(paper_id) filter (where not owed), '{}') as given
    from cursor_exceptions
    where subscriber_id = any (${arrayText(subscriberIds)}::int[])
    group by subscriber_id`;
  return new Map(
    z
      .array(exception)
      .parse(rows)
      .map((row) => [row.subscriberId, row]),
  );
}

/** What becomes of a subscriber's schedule once the plan has looked. */
export interface Move {
  subscriberId: number;
  /** When to look again, in milliseconds since 1970; null: not before something changes. */
  dueAt: number | null;
  /** The day that was planned for; null leaves it as it was. */
  plannedDay: string | null;
  /** The last offer that was considered; null leaves it as it was. */
  cursor: number | null;
}

/** Moves schedules on. A cursor never moves back. */
export async function moveSchedules(tx: Queries, moves: readonly Move[]): Promise<void> {
  await tx.$executeRaw`
    update schedules c set
      due_at = coalesce(to_timestamp(m.due_ms / 1000), 'infinity'),
      planned_day = coalesce(m.planned_day, c.planned_day),
      cursor = greatest(c.cursor, m.cursor)
    from unnest(
      ${arrayText(moves.map((move) => move.subscriberId))}::int[], ${arrayText(moves.map((move) => move.dueAt))}::float8[],
      ${arrayText(moves.map((move) => move.plannedDay))}::date[], ${arrayText(moves.map((move) => move.cursor))}::int[]
    ) as m (subscriber_id, due_ms, planned_day, cursor)
    where c.subscriber_id = m.subscriber_id`;
}

/** Forgets what was owed to these subscribers, and what was given early and has since been passed. */
export async function settleExceptions(tx: Queries, subscriberIds: readonly number[], cursor: number): Promise<void> {
  if (subscriberIds.length === 0) return;
  await tx.$executeRaw`
    delete from cursor_exceptions e
    where e.subscriber_id = any (${[...subscriberIds]})
      and (e.owed or exists (select from offers o where o.paper_id = e.paper_id and o.seq <= ${cursor}))`;
}

/** Notes papers behind a cursor that are still to come. */
export async function owe(tx: Queries, papers: readonly { subscriberId: number; paperId: number }[]): Promise<void> {
  if (papers.length === 0) return;
  await tx.$executeRaw`
    insert into cursor_exceptions (subscriber_id, paper_id, owed)
    select subscriber_id, paper_id, true
    from unnest(
      ${arrayText(papers.map(({ subscriberId }) => subscriberId))}::int[], ${arrayText(papers.map(({ paperId }) => paperId))}::int[]
    ) as given (subscriber_id, paper_id)
    on conflict (subscriber_id, paper_id) do update set owed = true`;
}

/**
 * Begins a schedule with a first digest for `day`: the cursor goes to the log's end, and of what was given the papers that
 * are not in the log yet are noted.
 */
export async function startSchedule(
  tx: Queries,
  subscriberId: number,
  day: string,
  logEnd: number,
  given: readonly number[],
): Promise<void> {
  await tx.$executeRaw`
    insert into cursor_exceptions (subscriber_id, paper_id, owed)
    select ${subscriberId}, paper_id, false from unnest(${[...given]}::int[]) as given (paper_id)
    where not exists (select from offers o where o.paper_id = given.paper_id and o.seq <= ${logEnd})
    on conflict do nothing`;
  await tx.$executeRaw`
    update schedules set planned_day = ${day}::date, cursor = greatest(cursor, nullif(${logEnd}, 0)), due_at = '-infinity'
    where subscriber_id = ${subscriberId}`;
}

/**
 * Passes over everything that is on offer or owed, for everyone, and over the day whose hour has struck.
 * @param logEnd the last place in the log
 */
export async function passOver(tx: Queries, at: Date, logEnd: number): Promise<void> {
  await tx.$executeRaw`delete from cursor_exceptions where owed`;
  await tx.$executeRaw`
    update schedules c set due_at = '-infinity', cursor = greatest(c.cursor, nullif(${logEnd}, 0)),
      planned_day = coalesce(turn.day, c.planned_day)
    from subscribers s cross join lateral turn_at(
      s.timezone, s.hour, s.frequency, s.week_day,
      (select planned_day from schedules own where own.subscriber_id = s.id), ${at}, make_interval(hours => ${lateHours}::int)
    ) as turn
    where s.id = c.subscriber_id`;
}

/**
 * Makes everyone be looked at anew by a plan for an instant that has gone by: schedules are made for the present. Days
 * after that instant count as not planned; a day that has its digest stays planned.
 */
export async function rewindSchedules(db: Queries, at: Date): Promise<void> {
  await db.$executeRaw`
    update schedules c set due_at = '-infinity', planned_day = greatest(
      case when c.planned_day > today.day then today.day - 1 else c.planned_day end,
      (select max(d.day) from digests d where d.subscriber_id = c.subscriber_id and d.day in (today.day, today.day - 1))
    )
    from subscribers s cross join lateral (select local_day(s.timezone, ${at}) as day) today
    where s.id = c.subscriber_id and s.status = 'active'`;
}
