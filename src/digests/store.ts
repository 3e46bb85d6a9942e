import { z } from 'zod';
import type { Config } from '../config.js';
import { arrayText } from '../database/array-text.js';
import type { Queries } from '../database/database.js';
import { Prisma } from '../generated/prisma/client.js';
import { confirmedStatuses } from '../subscribers/status.js';
import { leaseSeconds, owePapers } from './claims.js';
import { lifetime, type NextStatus } from './next-status.js';

/** Leases are between machines, so they go by the one clock that all of them share. */
const leaseUntil = Prisma.sql`clock_timestamp() + make_interval(secs => ${leaseSeconds}::int)`;

export interface NewDigest {
  id: string;
  subscriberId: number;
  /** Local calendar day, YYYY-MM-DD. */
  day: string;
  editionId: string;
  abstractLength: 'none' | 'short' | 'full';
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
    on conflict (day, subscriber_id) do nothing`;
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

/** How many digests there are to claim, as far as `most`. */
export async function countDue(db: Queries, now: Date, most: number): Promise<number> {
  const rows = await db.$queryRaw`
    select count(*)::int as n
    from (select from digests where status = 'queued' and not_before <= ${now} limit ${most}::int) due`;
  return z.tuple([z.object({ n: z.number() })]).parse(rows)[0].n;
}

/**
 * Notes that an address refused a digest for good: nothing more is sent to it, at once or, where it is only a strike, the third
 * time in a row.
 */
export async function noteBounce(db: Queries, subscriberId: number, bounced: NextStatus['bounced']): Promise<void> {
  // Not in the statement that records the outcome: an erasure locks the subscriber first and their digests then.
  if (bounced === true || (bounced && (await isStruckOut(db, subscriberId)))) await markBounced(db, subscriberId);
}

/** Digests in a row that must fail before an address is given up of which no server said that it does not exist. */
const mostStrikes = 3;

async function isStruckOut(db: Queries, subscriberId: number): Promise<boolean> {
  const rows = await db.$queryRaw`
    select status::text from digests_of(${subscriberId}, '-infinity', 'infinity') order by day desc limit ${mostStrikes}`;
  const last = z.array(z.object({ status: z.string() })).parse(rows);
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
 * Frees what dead workers had claimed. What they had not begun to send is queued as if it had never been claimed. Of the rest
 * nobody knows: by policy it is sent again, with the same bytes, a minute later for each attempt, or held for an operator;
 * after the third attempt it is held in any case. For a while after the database has started nobody is taken for dead: the living
 * could not say so before.
 * @returns the ids by what became of them
 */
export async function reapExpiredLeases(
  db: Queries,
  { inDoubt, graceSeconds }: Pick<Config['sending'], 'inDoubt' | 'graceSeconds'>,
  now: Date,
): Promise<Record<'queued' | 'in_doubt', string[]>> {
  const rows = await db.$queryRaw`
    update digests set
      status = (case
        when begun and (${inDoubt} = 'hold' or attempts >= ${mostClaims}) then 'in_doubt' else 'queued'
      end)::digest_status,
      owner = null, lease_until = null,
      attempts = attempts - case when begun then 0 else 1 end,
      not_before = case when begun then ${now}::timestamptz + make_interval(mins => attempts - 1) else not_before end,
      last_reply = case when begun then 'no reply on record: the worker that was sending it ended'
        else 'not sent: the worker that was to send it ended' end
    where status = 'sending' and lease_until < clock_timestamp()
      and pg_postmaster_start_time() < clock_timestamp() - make_interval(secs => ${graceSeconds}::int)
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
    ), ${Prisma.raw(owePapers)}
    select count(*)::int as expired from ended`;
  return z.tuple([z.object({ expired: z.number() })]).parse(rows)[0].expired;
}

/** Gives up what waits or is under way, because it may have been sent; nothing is owed for it. @returns how many */
export async function dropOpen(tx: Queries): Promise<number> {
  return tx.$executeRaw`
    update digests set status = 'expired', owner = null, lease_until = null,
      last_reply = 'not sent again: it may have been sent before the database was restored'
    where status in ('queued', 'sending')`;
}

/** Whether a digest waits or is under way. */
export async function isAnyOpen(db: Queries): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`
    (select from digests where status = 'queued' limit 1) union all (select from digests where status = 'sending' limit 1)`;
  return rows.length > 0;
}
