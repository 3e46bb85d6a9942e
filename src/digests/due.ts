import { z } from 'zod';
import type { Queries } from '../database/database.js';
import { Prisma } from '../generated/prisma/client.js';

/** How late a digest may still come when its hour was missed, as by a stop over midnight: later it is yesterday's news. */
const lateHours = 12;

/** A place in the order in which subscribers are due. */
export interface Place {
  dueAt: string;
  subscriberId: number;
}

/** Before everyone. */
export const firstPlace: Place = { dueAt: '-infinity', subscriberId: 0 };

const dueRow = z
  .tuple([
    z.number(),
    z.string(),
    z.string(),
    z.number().nullable(),
    z.string().nullable(),
    z.number().nullable(),
    z.number().nullable(),
    z.enum(['none', 'short', 'full']),
    z.array(z.number()).nullable(),
    z.array(z.number()).nullable(),
  ])
  .transform(([subscriberId, status, wish, cursor, day, struckAt, nextAt, abstractLength, owed, given]) => {
    return { subscriberId, status, wish, cursor, day, struckAt, nextAt, abstractLength, owed, given };
  });

/**
 * A subscriber whom the plan has to look at. `wish`: papers a digest, then topics, as one text, the same for the same
 * preferences. `day`: the digest day that is due, null where none is; `struckAt`, `nextAt`: when its hour struck, and when
 * the hour next strikes, in milliseconds since 1970; `nextAt` is null where the time zone is unknown to PostgreSQL.
 */
export type DueRow = z.output<typeof dueRow>;

const dueBatch = z.tuple([
  z.object({
    rows: z.array(dueRow),
    last: z.object({ dueAt: z.string(), subscriberId: z.number() }).nullable(),
  }),
]);

/** Whether there is anyone to look at. One probe of an index. */
export async function isAnyoneDue(db: Queries, at: Date): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`select from schedules where due_at <= ${at} limit 1`;
  return rows.length > 0;
}

/**
 * Reads the next subscribers to look at, in the order of their time.
 * @param after where the batch before ended
 * @param lock takes their schedules for this transaction; those that another has taken are left out
 */
export async function readDue(db: Queries, at: Date, after: Place, limit: number, lock: boolean) {
  const rows = await db.$queryRaw`
    with due as materialized (
      select c.subscriber_id, c.due_at, c.cursor, c.planned_day, s.status, s.timezone, s.hour, s.frequency,
        s.papers_per_digest, s.topics, s.abstract_length
      from schedules c join subscribers s on s.id = c.subscriber_id
      where c.due_at <= ${at} and (c.due_at, c.subscriber_id) > (${after.dueAt}::timestamptz, ${after.subscriberId}::int)
      order by c.due_at, c.subscriber_id
      limit ${limit}
      ${lock ? Prisma.sql`for update of c skip locked` : Prisma.empty}
    ), rhythm as materialized (
      select distinct timezone, hour, frequency, coalesce(planned_day, '-infinity') as planned_key, planned_day
      from due where status = 'active'
    ), turn as materialized (
      select rhythm.timezone, rhythm.hour, rhythm.frequency, rhythm.planned_key, turn.*
      from rhythm cross join lateral
        turn_at(timezone, hour, frequency, planned_day, ${at}, make_interval(hours => ${lateHours}::int)) turn
    ), exceptions as materialized (
      select subscriber_id, array_agg(paper_id) filter (where owed) as owed, array_agg(paper_id) filter (where not owed) as given
      from cursor_exceptions where subscriber_id in (select subscriber_id from due) group by subscriber_id
    )
    select coalesce(json_agg(json_build_array(
        subscriber_id, d.status, d.papers_per_digest || ' ' || array_to_string(d.topics, ' '), d.cursor, t.day,
        extract(epoch from t.struck_at) * 1000, extract(epoch from t.next_at) * 1000, d.abstract_length, e.owed, e.given
      ) order by d.due_at, subscriber_id), '[]') as rows,
      (select json_build_object('dueAt', due_at::text, 'subscriberId', subscriber_id)
       from due order by due_at desc, subscriber_id desc limit 1) as last
    from due d
      left join turn t on (t.timezone, t.hour, t.frequency, t.planned_key)
        = (d.timezone, d.hour, d.frequency, coalesce(d.planned_day, '-infinity'))
      left join exceptions e using (subscriber_id)`;
  return dueBatch.parse(rows)[0];
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
      ${moves.map((move) => move.subscriberId)}::int[], ${moves.map((move) => move.dueAt)}::float8[],
      ${moves.map((move) => move.plannedDay)}::date[], ${moves.map((move) => move.cursor)}::int[]
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
 * Makes everyone be looked at anew by a plan for an instant that has gone by: schedules are made for the present. Days
 * after that instant count as not planned; a day that has its digest stays planned.
 */
export async function rewindSchedules(db: Queries, at: Date): Promise<void> {
  await db.$executeRaw`
    update schedules c set due_at = '-infinity', planned_day = greatest(
      case when c.planned_day > today.day then today.day - 1 else c.planned_day end,
      (select max(d.day) from digests d where d.subscriber_id = c.subscriber_id and d.day <= today.day)
    )
    from subscribers s cross join lateral (select local_day(s.timezone, ${at}) as day) today
    where s.id = c.subscriber_id and s.status = 'active'`;
}
