import { z } from 'zod';
import { arrayText } from '../database/array-text.js';
import type { Queries } from '../database/database.js';
import { Prisma } from '../generated/prisma/client.js';
import { confirmedStatuses } from '../subscribers/status.js';
import { lifetime, type NextStatus } from './next-status.js';

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
  editionId: z.string(),
  plannedAt: z.coerce.date(),
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
const leaseSeconds = 60;
/** Leases are between machines, so they go by the one clock that all of them share. */
const leaseUntil = Prisma.sql`clock_timestamp() + make_interval(secs => ${leaseSeconds}::int)`;

/**
 * What is owed again once digests will never be sent (a CTE `ended`: subscriber_id, edition_id): their papers are behind
 * the cursors, and come back with the next digest. For the head of a statement.
 */
const owePapers = Prisma.sql`
  owed as (
    insert into cursor_exceptions (subscriber_id, paper_id, owed)
    select ended.subscriber_id, unnest(e.paper_ids), true
    from ended join editions e on e.id = ended.edition_id
    where ended.subscriber_id is not null
    on conflict (subscriber_id, paper_id) do update set owed = true
  )`;

export interface NewDigest {
  id: string;
  subscriberId: number;
  /** Local calendar day, YYYY-MM-DD. */
  day: string;
  editionId: string;
  abstractLength: StoredDigest['abstractLength'];
}

/**
 * Writes digests as planned at `now`.
 * @returns the subscribers who have one of that day already: they get no other
 */
export async function writeDigests(tx: Queries, digests: readonly NewDigest[], now: Date): Promise<Set<number>> {
  if (digests.length === 0) return new Set();
  const ids = digests.map(({ id }) => id);
  const written = await tx.$executeRaw`
    insert into digests (id, subscriber_id, day, edition_id, planned_at, not_before, abstract_length)
    select id, subscriber_id, day, edition_id, ${now}, ${now}, abstract_length
    from unnest(
      ${arrayText(ids)}::uuid[], ${arrayText(digests.map((digest) => digest.subscriberId))}::int[],
      ${arrayText(digests.map((digest) => digest.day))}::date[],
      ${arrayText(digests.map((digest) => digest.editionId))}::uuid[],
      ${arrayText(digests.map((digest) => digest.abstractLength))}::abstract_length[]
    ) as given (id, subscriber_id, day, edition_id, abstract_length)
    on conflict (subscriber_id, day) do nothing`;
  if (written === digests.length) return new Set();
  const there = new Set(
    (await tx.digest.findMany({ where: { id: { in: ids } }, select: { id: true } })).map(({ id }) => id),
  );
  return new Set(digests.filter(({ id }) => !there.has(id)).map(({ subscriberId }) => subscriberId));
}

export interface PlannedDay {
  /** Local calendar day, YYYY-MM-DD. */
  day: string;
  due: number;
  planned: number;
  noMatch: number;
}

/** Puts what a batch of the plan did on the account of its days. */
export async function bookPlan(tx: Queries, days: readonly PlannedDay[], now: Date): Promise<void> {
  await tx.plan.createMany({ data: days.map((sum) => ({ ...sum, day: new Date(sum.day), plannedAt: now })) });
}

/** Whether there is a digest to claim. */
export async function isAnyDue(db: Queries, now: Date): Promise<boolean> {
  // The status is part of the text: as a parameter it would not be known to fit the partial index.
  const rows = await db.$queryRaw<unknown[]>`
    select from digests where status = 'queued' and not_before <= ${now} limit 1`;
  return rows.length > 0;
}

/**
 * Takes the next digest that is due, for one connection that is free. Committed before the first byte of SMTP. In the
 * same statement a digest whose subscriber has left, paused or bounced since the plan becomes `suppressed`.
 * @returns the digest, 'suppressed' where it was one that must not be sent, or null where nothing is due
 */
export async function claimDigest(db: Queries, owner: string, now: Date): Promise<ClaimedDigest | 'suppressed' | null> {
  const rows = await db.$queryRaw`
    with next as (
      select d.id, s.id is not null and s.status = 'active' as wanted, coalesce(s.status::text, 'erased') as subscriber_status,
        s.email, s.token_epoch
      from digests d left join subscribers s on s.id = d.subscriber_id
      where d.status = 'queued' and d.not_before <= ${now}
      order by d.not_before
      limit 1
      for update of d skip locked
    ), claimed as (
      update digests d set status = 'sending', owner = ${owner}, lease_until = ${leaseUntil}, attempts = d.attempts + 1
      from next where d.id = next.id and next.wanted
      returning d.id, d.attempts, d.day::text, d.edition_id as "editionId", d.planned_at as "plannedAt",
        d.abstract_length as "abstractLength", d.subscriber_id as "subscriberId", next.token_epoch as "tokenEpoch", next.email
    ), ended as (
      update digests d set status = 'suppressed', last_reply = 'not sent: the subscriber is ' || next.subscriber_status
      from next where d.id = next.id and not next.wanted
      returning d.id, d.subscriber_id, d.edition_id
    ), ${owePapers}
    select (select count(*)::int from ended) as suppressed, (select to_jsonb(claimed) from claimed) as claimed`;
  const [found] = z.tuple([z.object({ suppressed: z.number(), claimed: claimed.nullable() })]).parse(rows);
  return found.claimed ?? (found.suppressed > 0 ? 'suppressed' : null);
}

/**
 * Puts what became of an attempt on record.
 * @returns false where the claim was lost meanwhile: then another has the digest, and nothing is written
 */
export async function recordOutcome(
  db: Queries,
  claim: Claim,
  next: NextStatus,
  reply: string,
  now: Date,
): Promise<boolean> {
  const rows = await db.$queryRaw`
    with recorded as (
      update digests set
        status = ${next.status}::digest_status, owner = null, lease_until = null, last_reply = ${reply.replaceAll('\0', '')},
        attempts = attempts - ${next.countsAttempt ? 0 : 1}::int,
        not_before = coalesce(${next.notBefore ?? null}, not_before),
        sent_at = case when ${next.status} = 'sent' then ${now}::timestamptz end
      where id = ${claim.digestId}::uuid and status = 'sending' and owner = ${claim.owner} and attempts = ${claim.attempts}
      returning subscriber_id, edition_id
    ), ended as (
      select subscriber_id, edition_id from recorded where ${next.status} = 'expired'
    ), ${owePapers}
    select subscriber_id as "subscriberId" from recorded`;
  const [recorded] = z.array(z.object({ subscriberId: z.number().nullable() })).parse(rows);
  if (!recorded) return false;
  // A statement of its own: an erasure locks the subscriber first and their digests then. Lost in between by a crash, the
  // next digest bounces again.
  const { subscriberId } = recorded;
  if (subscriberId !== null && (next.bounced === true || (next.bounced && (await isStruckOut(db, subscriberId)))))
    await markBounced(db, subscriberId);
  return true;
}

/** Digests in a row that must fail before an address is given up of which no server said that it does not exist. */
const mostStrikes = 3;

async function isStruckOut(db: Queries, subscriberId: number): Promise<boolean> {
  const last = await db.digest.findMany({
    where: { subscriberId },
    orderBy: { day: 'desc' },
    take: mostStrikes,
    select: { status: true },
  });
  return last.length === mostStrikes && last.every(({ status }) => status === 'failed');
}

async function markBounced(db: Queries, subscriberId: number): Promise<void> {
  await db.subscriber.updateMany({
    where: { id: subscriberId, status: { in: confirmedStatuses } },
    data: { status: 'bounced', pausedUntil: null },
  });
}

/** Says that `owner` is alive and still sending what it claimed. */
export async function renewLeases(db: Queries, owner: string): Promise<void> {
  await db.$executeRaw`
    update digests set lease_until = ${leaseUntil}
    where status = 'sending' and owner = ${owner}`;
}

/** Attempts after which a digest whose worker died each time is an operator's to decide about: it may be what kills them. */
const mostClaims = 3;

/**
 * Frees what dead workers had claimed. Their mails may have gone out or not: by policy they are sent again, with the same
 * bytes, a minute later for each attempt, or held for an operator; after the third attempt they are held in any case.
 * @returns the ids by what became of them
 */
export async function reapExpiredLeases(
  db: Queries,
  inDoubt: 'resend' | 'hold',
  now: Date,
): Promise<Record<'queued' | 'in_doubt', string[]>> {
  const rows = await db.$queryRaw`
    update digests set
      status = (case when ${inDoubt} = 'hold' or attempts >= ${mostClaims} then 'in_doubt' else 'queued' end)::digest_status,
      owner = null, lease_until = null, not_before = ${now}::timestamptz + make_interval(mins => attempts - 1),
      last_reply = 'no reply on record: the worker that was sending it ended'
    where status = 'sending' and lease_until < clock_timestamp()
    returning id, status::text`;
  const reaped = z.array(z.object({ id: z.string(), status: z.string() })).parse(rows);
  const those = (status: string) => reaped.filter((row) => row.status === status).map(({ id }) => id);
  return { queued: those('queued'), in_doubt: those('in_doubt') };
}

/** Gives up what waited so long that the next digest is about due. */
export async function expireOverdue(db: Queries, now: Date): Promise<number> {
  const rows = await db.$queryRaw`
    with ended as (
      update digests set status = 'expired', last_reply = coalesce(last_reply, 'not sent: it had waited too long')
      where status = 'queued' and planned_at < ${new Date(now.getTime() - lifetime)}
      returning subscriber_id, edition_id
    ), ${owePapers}
    select count(*)::int as expired from ended`;
  return z.tuple([z.object({ expired: z.number() })]).parse(rows)[0].expired;
}

/** Whether a digest waits or is under way. */
export async function isAnyOpen(db: Queries): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`
    (select from digests where status = 'queued' limit 1) union all (select from digests where status = 'sending' limit 1)`;
  return rows.length > 0;
}

/** A digest by its id; null where it does not exist, or is no longer anybody's. */
export async function findDigest(db: Queries, id: string): Promise<StoredDigest | null> {
  const rows = await db.$queryRaw`
    select d.id, d.day::text, d.edition_id as "editionId", d.planned_at as "plannedAt",
      d.abstract_length as "abstractLength", s.id as "subscriberId", s.token_epoch as "tokenEpoch", s.email
    from digests d join subscribers s on s.id = d.subscriber_id
    where d.id = ${id}::uuid`;
  return z.array(stored).parse(rows)[0] ?? null;
}
