import type { Pool } from 'pg';
import { z } from 'zod';
import { reader, storedAccount } from './content.js';
import type { NextStatus } from './next-status.js';

/** What became of an attempt, to be put on record. */
export interface Settlement {
  digestId: string;
  /** The attempt that it is about: a write for another one is refused. */
  attempts: number;
  next: NextStatus;
  reply: string;
  /** Whether it is certain that no copy is out: then the next attempt need not have the same bytes. */
  unsent: boolean;
}

/** Who claims digests, and how it sends them. */
export interface Claimant {
  owner: string;
  layoutId: number;
  saysWhenBegun: boolean;
}

/** A digest and whom it is for: what its mail is made from, beside its papers; the same at every attempt. */
export const mailedDigest = z.object({
  id: z.string(),
  /** Local calendar day, YYYY-MM-DD. */
  day: z.string(),
  plannedAt: z.coerce.date(),
  abstractLength: z.enum(['none', 'short', 'full']),
  subscriberId: z.number(),
  linkId: z.string(),
  tokenEpoch: z.number(),
  email: z.string(),
  /** What the subscriber had chosen at the first attempt of which a copy may be out. */
  reader: z.string().transform((text) => reader.parse(JSON.parse(text))),
});
export type MailedDigest = z.output<typeof mailedDigest>;

const claimedDigest = mailedDigest.extend({
  attempts: z.number(),
  snapshotIds: z.array(z.number()),
  /** For each paper the names of the topics that matched, best first. */
  topics: z.array(z.array(z.string())),
  editionId: z.string(),
  account: storedAccount.nullable(),
  /** What its mail is made with: that of its first attempt where a copy may be out. */
  layoutId: z.number(),
});
export type ClaimedDigest = z.output<typeof claimedDigest>;

const result = z.object({
  recorded: z.array(z.object({ id: z.string(), subscriberId: z.number().nullable() })),
  claimed: z.array(claimedDigest),
  suppressed: z.number(),
  deferred: z.number(),
});

/** How long a claim holds without being renewed, in seconds; a worker that died is known by this. */
export const leaseSeconds = 60;

/**
 * What is owed again once digests will never be sent (a CTE `ended`: subscriber_id, edition_id): their papers are behind
 * the cursors, and come back with the next digest. For the head of a statement.
 */
export const owePapers = `
  owed as (
    insert into cursor_exceptions (subscriber_id, paper_id, owed)
    select ended.subscriber_id, unnest(e.paper_ids), true
    from ended join editions e on e.id = ended.edition_id
    where ended.subscriber_id is not null
    on conflict (subscriber_id, paper_id) do update set owed = true
  )`;

/** What a subscriber `s` has chosen, as `reader` reads it. */
const readerOf = `json_build_array(
  s.topics, cardinality(s.phrases) + cardinality(s.authors) + cardinality(s.categories), s.frequency, s.week_day, s.hour, s.timezone,
  s.pictures, s.language)::text`;

/**
 * The settlements of attempts, written only where the digest is still claimed by this owner for that attempt; and the next
 * digests that are due. One whose subscriber has left, paused or bounced since the plan becomes `suppressed` instead; one
 * whose domain is paused waits until then, spread over as long again: the longer the pause, the slower the mail after it. The
 * queue is read, and its rows are locked, one by one until there are enough. The most there may be is part of the text, because a
 * plan for a number without a bound reads the whole queue; it is one of two, so that the database keeps two plans and not one for
 * each number of connections. The status of what is settled is compared as text, because the index over what is being sent has an
 * entry for every claim of the last minutes.
 */
const statementFor = (most: 100 | 1000) => `
  with settled as (
    select * from unnest($2::uuid[], $3::int[], $4::text[], $5::boolean[], $6::timestamptz[], $7::text[],
      $9::boolean[]) as s (id, attempts, status, counts, not_before, reply, unsent)
  ), recorded as (
    update digests d set status = s.status::digest_status, owner = null, lease_until = null, last_reply = s.reply,
      attempts = d.attempts - case when s.counts then 0 else 1 end, not_before = coalesce(s.not_before, d.not_before),
      sent_at = case when s.status = 'sent' then $8::timestamptz end,
      layout_id = case when s.unsent and s.attempts = 1 then null else d.layout_id end,
      reader = case when s.status = 'sent' or (s.unsent and s.attempts = 1) then null else d.reader end
    from settled s
    where d.id = s.id and d.status::text = 'sending' and d.owner = $1 and d.attempts = s.attempts
    returning d.id, d.subscriber_id, d.edition_id, d.status
  ), queue as (
    select id, subscriber_id, reader from digests
    where status = 'queued' and not_before <= $8
    order by not_before
    limit ${most}
    for update skip locked
  ), next as (
    select d.id, s.id is not null and s.status = 'active' as wanted, coalesce(s.status::text, 'erased') as subscriber_status,
      s.email, s.link_id, s.token_epoch, coalesce(d.reader, ${readerOf}) as reader, p.until + random() * make_interval(secs => p.seconds) as later
    from (select * from queue limit $12) d left join subscribers s on s.id = d.subscriber_id
      left join domain_pauses p on p.domain = split_part(s.email, '@', 2) and p.until > $8
  ), claimed as (
    update digests d set status = 'sending', owner = $1, attempts = d.attempts + 1,
      layout_id = coalesce(d.layout_id, $10), begun = $11, reader = next.reader,
      lease_until = clock_timestamp() + make_interval(secs => ${leaseSeconds})
    from next where d.id = next.id and next.wanted and next.later is null
    returning d.id, d.attempts, d.layout_id, d.day, d.planned_at, d.abstract_length, d.edition_id, d.subscriber_id, next.link_id, next.token_epoch, next.email, next.reader
  ), unwanted as (
    update digests d set status = 'suppressed', last_reply = 'not sent: the subscriber is ' || next.subscriber_status
    from next where d.id = next.id and not next.wanted
    returning d.subscriber_id, d.edition_id
  ), deferred as (
    update digests d set not_before = next.later
    from next where d.id = next.id and next.wanted and next.later is not null
    returning d.id
  ), ended as (
    select subscriber_id, edition_id from unwanted
    union all
    select subscriber_id, edition_id from recorded where status = 'expired'
  ), ${owePapers}
  select
    (select coalesce(json_agg(json_build_object('id', id, 'subscriberId', subscriber_id)), '[]') from recorded) as recorded,
    (select count(*)::int from unwanted) as suppressed,
    (select count(*)::int from deferred) as deferred,
    (
      select coalesce(json_agg(json_build_object(
        'id', c.id, 'attempts', attempts, 'day', day, 'plannedAt', planned_at, 'abstractLength', abstract_length,
        'snapshotIds', coalesce(snapshot_ids, '{}'), 'topics', coalesce(topics, '[]'), 'editionId', edition_id, 'account', account, 'reader', reader,
        'subscriberId', subscriber_id, 'linkId', link_id, 'tokenEpoch', token_epoch, 'email', email,
        'layoutId', layout_id
      )), '[]')
      from claimed c left join editions e on e.id = c.edition_id
    ) as claimed`;

/**
 * Puts what became of attempts on record and claims the next digests that are due, all or nothing: what is claimed is
 * committed before the first byte of SMTP, and so is the outcome of what was sent before over the same connection.
 * @param by.owner who claims, and claimed what is settled
 * @param by.layoutId of new mails
 * @param by.saysWhenBegun whether it will tell, by `markBegun`, before it speaks to a relay
 * @param count how many to claim at most, up to 1,000: one for each connection that is free
 * @returns the settlements that were written: of others the claim was lost meanwhile, and another has the digest
 */
export async function settleAndClaim(
  db: Pick<Pool, 'query'>,
  by: Claimant,
  settlements: readonly Settlement[],
  count: number,
  now: Date,
): Promise<z.output<typeof result>> {
  const most = count <= 100 ? 100 : 1000;
  const column = <Value>(pick: (settlement: Settlement) => Value) => settlements.map(pick);
  const { rows } = await db.query({
    name: `settle-and-claim-${most}`,
    text: statementFor(most),
    values: [
      by.owner,
      column(({ digestId }) => digestId),
      column(({ attempts }) => attempts),
      column(({ next }) => next.status),
      column(({ next }) => next.countsAttempt),
      column(({ next }) => next.notBefore ?? null),
      column(({ reply }) => reply.replaceAll('\0', '')),
      now,
      column(({ unsent }) => unsent),
      by.layoutId,
      !by.saysWhenBegun,
      count,
    ],
  });
  return result.parse(rows[0]);
}

/**
 * Says that digests are about to be sent: from now on nobody can tell what became of them but by the reply.
 * @returns those that are still the owner's to send
 */
export async function markBegun(
  db: Pick<Pool, 'query'>,
  owner: string,
  claims: readonly { id: string; attempts: number }[],
): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>({
    name: 'mark-begun',
    text: `
      update digests d set begun = true
      from unnest($2::uuid[], $3::int[]) as c (id, attempts)
      where d.id = c.id and d.status::text = 'sending' and d.owner = $1 and d.attempts = c.attempts
      returning d.id`,
    values: [owner, claims.map(({ id }) => id), claims.map(({ attempts }) => attempts)],
  });
  return new Set(rows.map(({ id }) => id));
}

/**
 * After a statement of which it is not known whether it was committed: the settlements that are on record, and what may have
 * been claimed without anybody knowing, which is queued again as if it had never been.
 * @param inHand ids of the digests that the owner knows to be its own
 */
export async function recoverClaims(
  db: Pick<Pool, 'query'>,
  owner: string,
  settlements: readonly Settlement[],
  inHand: readonly string[],
): Promise<Set<string>> {
  await db.query(
    `update digests set status = 'queued', owner = null, lease_until = null, attempts = attempts - 1
     where status = 'sending' and owner = $1 and not (id = any ($2::uuid[]))`,
    [owner, inHand],
  );
  const { rows } = await db.query<{ id: string }>(
    `select d.id
     from digests d join unnest($1::uuid[], $2::int[], $3::text[], $4::text[]) as s (id, attempts, status, reply) on d.id = s.id
     where d.owner is null and d.attempts = s.attempts and d.status::text = s.status and d.last_reply = s.reply`,
    [
      settlements.map(({ digestId }) => digestId),
      settlements.map(({ attempts, next }) => attempts - (next.countsAttempt ? 0 : 1)),
      settlements.map(({ next }) => next.status),
      settlements.map(({ reply }) => reply.replaceAll('\0', '')),
    ],
  );
  return new Set(rows.map(({ id }) => id));
}
