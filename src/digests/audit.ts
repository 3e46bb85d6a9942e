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

/** How long a plan may take to come to a subscriber, in minutes, before that is a problem. */
const planMinutes = 15;

/**
 * Draws up the account of a day: due = sent + no match + suppressed + failed + in doubt + expired + waiting. What was
 * due and planned comes from the plan's own book; all else is counted in the tables, and so is who ought to have been due
 * in the twelve hours before `now` and was passed over.
 * @param day digest day, YYYY-MM-DD
 */
export async function auditDay(db: Queries, day: string, now: Date): Promise<Audit> {
  const counts = {
    ...(await countBooked(db, day)),
    ...(await countDigests(db, day)),
    repeated: await countRepeated(db, day),
    overdue: await countOverdue(db, now),
  };
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

/** Twice as long as papers are on offer: what came before cannot come again, and a year of digests is not read for it. */
const repeatedWithinDays = 62;

/** Of digests that were never sent the papers are given again: these are left out. */
async function countRepeated(db: Queries, day: string): Promise<number> {
  const rows = await db.$queryRaw`
    select count(*)::int as repeated
    from digests d
      join editions e on e.id = d.edition_id
      join digests earlier on earlier.subscriber_id = d.subscriber_id and earlier.day < d.day and earlier.day >= d.day - ${repeatedWithinDays}::int
        and earlier.status not in ('suppressed', 'expired')
      join editions given on given.id = earlier.edition_id
      cross join lateral unnest(e.paper_ids) as paper (id)
    where d.day = ${day}::date and paper.id = any (given.paper_ids)`;
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
