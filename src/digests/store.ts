import { z } from 'zod';
import type { Queries } from '../database/database.js';
import { Prisma } from '../generated/prisma/client.js';
import { lifetime, type NextStatus } from './next-status.js';
import { printedPaper } from './printing.js';

/** Who a claimed digest belongs to while it is being sent: a write for another owner or attempt is refused. */
export interface Claim {
  digestId: string;
  owner: string;
  attempts: number;
}

const stored = z.object({
  id: z.string(),
  /** Local calendar day, YYYY-MM-DD. */
  day: z.string(),
  plannedAt: z.date(),
  abstractLength: z.enum(['none', 'short', 'full']),
  subscriberId: z.number(),
  tokenEpoch: z.number(),
  email: z.string(),
});
/** A digest on record and whom it is for: what its mail is made from, the same at every attempt. */
export type StoredDigest = z.infer<typeof stored>;

const claimed = stored.extend({ attempts: z.number() });
export type ClaimedDigest = z.infer<typeof claimed>;

/** How long a claim holds without being renewed; a worker that died is known by this. */
const leaseSeconds = 120;
/** Leases are between machines, so they go by the one clock that all of them share. */
const leaseUntil = Prisma.sql`clock_timestamp() + make_interval(secs => ${leaseSeconds}::int)`;

/**
 * Gives the papers of digests that will never be sent (`ended`: id, subscriber_id) back to the plan, which offers them
 * again: they leave the record of what was given, and the lists they are from count as not offered.
 */
const giveBackPapers = Prisma.sql`
  freed as (
    update digest_papers g set subscriber_id = null from ended where g.digest_id = ended.id
  ), reopened as (
    update subscribers s set covered_through = least(s.covered_through, earliest.day - 1)
    from (
      select ended.subscriber_id, min(listed.day) as day
      from ended join digest_papers g on g.digest_id = ended.id
        cross join lateral (select max(l.day) as day from listings l where l.paper_id = g.paper_id) listed
      group by ended.subscriber_id
    ) earliest
    where s.id = earliest.subscriber_id
  )`;

/** Whether there is a digest to claim. */
export async function isAnyDue(db: Queries, now: Date): Promise<boolean> {
  return (
    (await db.digest.findFirst({ where: { status: 'queued', notBefore: { lte: now } }, select: { id: true } })) !== null
  );
}

/**
 * Takes the next digest that is due, for one connection that is free. Committed before the first byte of SMTP. In the
 * same statement a digest whose subscriber has left, paused or bounced since the plan becomes `suppressed`.
 * @returns the digest, 'suppressed' where it was one that must not be sent, or null where nothing is due
 */
export async function claimDigest(db: Queries, owner: string, now: Date): Promise<ClaimedDigest | 'suppressed' | null> {
  const rows = await db.$queryRaw<unknown[]>`
    with next as (
      select d.id, coalesce(s.status::text, 'erased') as subscriber_status, s.email, s.token_epoch
      from digests d left join subscribers s on s.id = d.subscriber_id
      where d.status = 'queued' and d.not_before <= ${now}
      order by d.not_before
      limit 1
      for update of d skip locked
    ), taken as (
    update digests d set
      status = (case when next.subscriber_status = 'active' then 'sending' else 'suppressed' end)::digest_status,
      owner = case when next.subscriber_status = 'active' then ${owner} end,
      lease_until = case when next.subscriber_status = 'active' then ${leaseUntil} end,
      attempts = d.attempts + (next.subscriber_status = 'active')::int,
      answer = case when next.subscriber_status = 'active' then d.answer else 'not sent: the subscriber is ' || next.subscriber_status end
    from next where d.id = next.id
    returning d.id, d.status, d.attempts, d.day::text, d.planned_at as "plannedAt", d.abstract_length as "abstractLength",
      d.subscriber_id as "subscriberId", next.token_epoch as "tokenEpoch", next.email
    ), ended as (
      select id, "subscriberId" as subscriber_id from taken where status = 'suppressed'
    ), ${giveBackPapers}
    select * from taken`;
  const [row] = z.array(z.looseObject({ status: z.string() })).parse(rows);
  if (!row) return null;
  return row.status === 'suppressed' ? 'suppressed' : claimed.parse(row);
}

/**
 * Puts what became of an attempt on record.
 * @returns false where the claim was lost meanwhile: then another has the digest, and nothing is written
 */
export async function recordOutcome(
  db: Queries,
  claim: Claim,
  next: NextStatus,
  answer: string,
  now: Date,
): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`
    with recorded as (
      update digests set
        status = ${next.status}::digest_status, owner = null, lease_until = null, answer = ${answer.replaceAll('\0', '')},
        attempts = attempts - ${next.countsAttempt ? 0 : 1}::int,
        not_before = coalesce(${next.notBefore ?? null}, not_before),
        sent_at = case when ${next.status} = 'sent' then ${now}::timestamptz end
      where id = ${claim.digestId}::uuid and status = 'sending' and owner = ${claim.owner} and attempts = ${claim.attempts}
      returning id, subscriber_id
    ), ended as (
      select id, subscriber_id from recorded where ${next.status} = 'expired'
    ), ${giveBackPapers}, bounced as (
      update subscribers s set status = 'bounced', paused_until = null
      from recorded where ${next.bounced} and s.id = recorded.subscriber_id and s.status in ('active', 'paused')
    )
    select subscriber_id from recorded`;
  return rows.length > 0;
}

/** Says that `owner` is alive and still sending what it claimed. */
export async function renewLeases(db: Queries, owner: string): Promise<void> {
  await db.$executeRaw`
    update digests set lease_until = ${leaseUntil}
    where status = 'sending' and owner = ${owner}`;
}

/**
 * Frees what a dead worker had claimed. Its mails may have gone out or not: by policy they are sent again, with the
 * same bytes, or held for an operator.
 * @returns the ids
 */
export async function reapExpiredLeases(db: Queries, inDoubt: 'resend' | 'hold', now: Date): Promise<string[]> {
  const status = inDoubt === 'hold' ? 'in_doubt' : 'queued';
  const rows = await db.$queryRaw<unknown[]>`
    update digests set status = ${status}::digest_status, owner = null, lease_until = null, not_before = ${now},
      answer = 'no answer on record: the worker that was sending it ended'
    where status = 'sending' and lease_until < clock_timestamp()
    returning id`;
  return z
    .array(z.object({ id: z.string() }))
    .parse(rows)
    .map((row) => row.id);
}

/** Gives up what waited so long that the next digest is about due. */
export async function expireOverdue(db: Queries, now: Date): Promise<number> {
  const rows = await db.$queryRaw<unknown[]>`
    with ended as (
      update digests set status = 'expired', answer = coalesce(answer, 'not sent: it had waited too long')
      where status = 'queued' and planned_at < ${new Date(now.getTime() - lifetime)}
      returning id, subscriber_id
    ), ${giveBackPapers}
    select id from ended`;
  return rows.length;
}

/** How many digests wait or are under way. */
export async function countOpen(db: Queries): Promise<number> {
  return db.digest.count({ where: { status: { in: ['queued', 'sending'] } } });
}

const storedColumns = Prisma.sql`
  d.id, d.day::text, d.planned_at as "plannedAt", d.abstract_length as "abstractLength",
  s.id as "subscriberId", s.token_epoch as "tokenEpoch", s.email`;

/** A digest by its id; null where it does not exist, or is no longer anybody's. */
export async function findDigest(db: Queries, id: string): Promise<StoredDigest | null> {
  const rows = await db.$queryRaw`
    select ${storedColumns} from digests d join subscribers s on s.id = d.subscriber_id where d.id = ${id}::uuid`;
  return z.array(stored).parse(rows)[0] ?? null;
}

/** Some of the digests that this transaction itself has written: its id is on their rows. */
export async function findJustWritten(db: Queries, limit: number): Promise<StoredDigest[]> {
  const rows = await db.$queryRaw`
    select ${storedColumns} from digests d join subscribers s on s.id = d.subscriber_id
    where d.status = 'queued' and d.xmin = pg_current_xact_id()::xid
    order by d.id
    limit ${limit}`;
  return z.array(stored).parse(rows);
}

/** How many different papers are in the digests that this transaction itself has written. */
export async function countPapersJustWritten(db: Queries): Promise<number> {
  const rows = await db.$queryRaw`
    select count(distinct paper_id)::int as papers from digest_papers where xmin = pg_current_xact_id()::xid`;
  return z.tuple([z.object({ papers: z.number() })]).parse(rows)[0].papers;
}

/** The papers of a digest in their order, as they were printed, with the names of the topics that matched. */
export async function loadPapers(db: Queries, digestId: string) {
  const rows = await db.$queryRaw`
    select p.content as paper,
      array(select t.name from unnest(dp.topics) with ordinality as chosen (slug, place) join topics t on t.slug = chosen.slug order by chosen.place) as topics
    from digest_papers dp join printings p on p.id = dp.printing_id
    where dp.digest_id = ${digestId}::uuid
    order by dp.position`;
  return z.array(z.object({ paper: printedPaper, topics: z.array(z.string()) })).parse(rows);
}
