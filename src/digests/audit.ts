import { z } from 'zod';
import type { Queries } from '../database/database.js';

const account = z.object({
  due: z.number(),
  planned: z.number(),
  noMatch: z.number(),
  sent: z.number(),
  suppressed: z.number(),
  failed: z.number(),
  inDoubt: z.number(),
  expired: z.number(),
  waiting: z.number(),
  /** Digests without papers, which the plan never writes. */
  empty: z.number(),
  /** Papers that one subscriber got in this day's digests and in another. */
  repeated: z.number(),
});

/** The account of a digest day, and each way in which it does not add up, in words. */
export interface Audit extends z.infer<typeof account> {
  day: string;
  balanced: boolean;
  problems: string[];
}

/**
 * Draws up the account of a day: due = sent + no match + suppressed + failed + in doubt + expired + waiting. What was
 * due and planned comes from the plan's own book; all else is counted in the tables.
 * @param day digest day, YYYY-MM-DD
 */
export async function auditDay(db: Queries, day: string): Promise<Audit> {
  const rows = await db.$queryRaw`
    with booked as (
      select coalesce(sum(due), 0)::int as due, coalesce(sum(planned), 0)::int as planned, coalesce(sum(no_match), 0)::int as "noMatch"
      from plans where day = ${day}::date
    ), counted as (
      select
        count(*) filter (where status = 'sent')::int as sent,
        count(*) filter (where status = 'suppressed')::int as suppressed,
        count(*) filter (where status = 'failed')::int as failed,
        count(*) filter (where status = 'in_doubt')::int as "inDoubt",
        count(*) filter (where status = 'expired')::int as expired,
        count(*) filter (where status in ('queued', 'sending'))::int as waiting,
        count(*) filter (where not exists (select from digest_papers p where p.digest_id = d.id))::int as empty
      from digests d where day = ${day}::date
    ), doubled as (
      select count(*)::int as repeated
      from digests d join digest_papers p on p.digest_id = d.id
      where d.day = ${day}::date and exists (
        select from digest_papers other
        where other.subscriber_id = p.subscriber_id and other.paper_id = p.paper_id and other.digest_id <> p.digest_id
      )
    )
    select * from booked, counted, doubled`;
  const found = z.tuple([account]).parse(rows)[0];
  const problems = findProblems(found);
  return { day, ...found, balanced: problems.length === 0, problems };
}

/** What is wrong with an account, in words; nothing when it adds up. */
export function findProblems(found: z.infer<typeof account>): string[] {
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
