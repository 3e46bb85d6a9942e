import { z } from 'zod';
import type { Queries } from '../database/database.js';

const booked = z.object({ due: z.number(), planned: z.number(), noMatch: z.number() });

const countedDigests = z.object({
  sent: z.number(),
  suppressed: z.number(),
  failed: z.number(),
  inDoubt: z.number(),
  expired: z.number(),
  waiting: z.number(),
  /** Digests without papers, which the plan never writes. */
  empty: z.number(),
});

const account = z.object({
  ...booked.shape,
  ...countedDigests.shape,
  /** Papers of this day's digests that came to the same subscriber with an earlier one. */
  repeated: z.number(),
  /**
   * Active subscribers whose hour struck some time ago, and no plan has looked at them. It does not unbalance the account:
   * whoever plans by hand, for another time than the present, leaves some.
   */
  overdue: z.number(),
});

/** The account of a digest day, and each way in which it does not add up, in words. */
export interface Audit extends z.infer<typeof account> {
  day: string;
  balanced: boolean;
  problems: string[];
}

/** What an audit counts, one after the other. */
export const auditParts = 4;

/** How long a plan may take to come to a subscriber, in minutes, before that is a problem. */
const planMinutes = 15;

/**
 * Draws up the account of a day: due = sent + no match + suppressed + failed + in doubt + expired + waiting. What was
 * due and planned comes from the plan's own book; all else is counted in the tables, and so is who ought to have been due
 * in the twelve hours before `now` and was passed over.
 * @param day digest day, YYYY-MM-DD
 * @param onProgress told after each of its parts how many are done
 */
export async function auditDay(
  db: Queries,
  day: string,
  now: Date,
  onProgress: (done: number) => void = () => {},
): Promise<Audit> {
  const plans = await countBooked(db, day);
  onProgress(1);
  const digests = await countDigests(db, day);
  onProgress(2);
  const repeated = await countRepeated(db, day);
  onProgress(3);
  const overdue = await countOverdue(db, now);
  onProgress(auditParts);
  const counts = { ...plans, ...digests, repeated, overdue };
  const problems = findProblems(counts);
  return { day, ...counts, balanced: problems.length === 0, problems };
}

async function countBooked(db: Queries, day: string) {
  const rows = await db.$queryRaw`
    select coalesce(sum(due), 0)::int as due, coalesce(sum(planned), 0)::int as planned,
      coalesce(sum(no_match), 0)::int as "noMatch"
    from plans where day = ${day}::date`;
  return z.tuple([booked]).parse(rows)[0];
}

async function countDigests(db: Queries, day: string) {
  const rows = await db.$queryRaw`
    select
      count(*) filter (where status = 'sent')::int as sent,
      count(*) filter (where status = 'suppressed')::int as suppressed,
      count(*) filter (where status = 'failed')::int as failed,
      count(*) filter (where status = 'in_doubt')::int as "inDoubt",
      count(*) filter (where status = 'expired')::int as expired,
      count(*) filter (where status in ('queued', 'sending'))::int as waiting,
      count(*) filter (where e.id is null or cardinality(e.paper_ids) = 0)::int as empty
    from digests d left join editions e on e.id = d.edition_id
    where d.day = ${day}::date`;
  return z.tuple([countedDigests]).parse(rows)[0];
}

/** Twice as long as papers are on offer: what came before cannot come again. */
const repeatedWithinDays = 62;

/**
 * Papers that came to the same subscriber before. Of digests that were never sent they are given again: these are left out. No digest
 * has a paper from before its first snapshot: only those are read that came since, two days more for calendars behind and digests that came late.
 */
async function countRepeated(db: Queries, day: string): Promise<number> {
  const rows = await db.$queryRaw`
    with today as (
      select d.subscriber_id, d.edition_id from digests d where d.day = ${day}::date
    ), since as (
      select e.id, e.paper_ids, greatest(min(s.created_at)::date - 2, ${day}::date - ${repeatedWithinDays}::int) as day
      from editions e cross join lateral unnest(e.paper_ids) as paper (id) join paper_snapshots s on s.paper_id = paper.id
      where e.id in (select edition_id from today)
      group by e.id
    )
    select count(*)::int as repeated
    from today d join since on since.id = d.edition_id
      cross join lateral generate_series(1, ${day}::date - since.day) as back (days)
      -- One at the most, which keeps PostgreSQL from reading all digests of those days.
      cross join lateral (
        select e.status, e.edition_id from digests e
        where e.day = ${day}::date - back.days and e.subscriber_id = d.subscriber_id
        limit 1
      ) earlier
      join editions given on given.id = earlier.edition_id
      cross join lateral unnest(since.paper_ids) as paper (id)
    where earlier.status not in ('suppressed', 'expired') and paper.id = any (given.paper_ids)`;
  return z.tuple([z.object({ repeated: z.number() })]).parse(rows)[0].repeated;
}

async function countOverdue(db: Queries, now: Date): Promise<number> {
  const rows = await db.$queryRaw`
    select count(*)::int as overdue
    from schedules c join subscribers s on s.id = c.subscriber_id
    where s.status = 'active'
      and c.due_at between ${now}::timestamptz - interval '12 hours' and ${now}::timestamptz - make_interval(mins => ${planMinutes}::int)`;
  return z.tuple([z.object({ overdue: z.number() })]).parse(rows)[0].overdue;
}

/** What is wrong with an account, in words; nothing when it adds up. */
function findProblems(found: z.infer<typeof account>): string[] {
  const { due, planned, noMatch, sent, suppressed, failed, inDoubt, expired, waiting, empty, repeated } = found;
  const digests = sent + suppressed + failed + inDoubt + expired + waiting;
  return [
    due !== planned + noMatch &&
      `${due} were due, but ${planned} planned and ${noMatch} without a match make ${planned + noMatch}`,
    planned !== digests && `${planned} digests were planned, but ${digests} are on record`,
    empty > 0 && `${empty} digests have no papers`,
    repeated > 0 && `${repeated} papers were given to the same subscriber twice`,
  ].filter((problem) => problem !== false);
}

/** The newest digest day that was planned, YYYY-MM-DD; null before the first. */
export async function newestDigestDay(db: Queries): Promise<string | null> {
  const rows = await db.$queryRaw`select max(day)::text as day from plans`;
  return z.tuple([z.object({ day: z.string().nullable() })]).parse(rows)[0].day;
}
