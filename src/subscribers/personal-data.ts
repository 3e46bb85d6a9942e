import { z } from 'zod';
import type { Context } from '../context.js';
import type { Subscriber } from '../generated/prisma/client.js';
import { type Address, mailboxKey } from './address.js';
import { addressHashes } from './address-hash.js';
import { endedStatuses, isOneOf } from './status.js';

const storedDigests = z.array(
  z.object({
    id: z.string(),
    day: z.string(),
    status: z.string(),
    plannedAt: z.date(),
    sentAt: z.date().nullable(),
    lastReply: z.string().nullable(),
    papers: z.array(z.object({ identifier: z.string(), title: z.string(), topics: z.array(z.string()) })),
  }),
);

/** All that is stored about a subscriber, their digests included (GDPR Art. 15 and 20). */
export async function exportSubscriber(ctx: Pick<Context, 'db' | 'keys'>, subscriber: Subscriber) {
  const { prisma } = ctx.db;
  const {
    id,
    emailKey: _key,
    linkId: _link,
    tokenEpoch: _epoch,
    pausedUntil,
    consentNetworkHash,
    ...stored
  } = subscriber;
  const digests = await prisma.$queryRaw`
    select d.id, d.day::text, d.status::text, d.planned_at as "plannedAt", d.sent_at as "sentAt", d.last_reply as "lastReply",
      (
        select coalesce(jsonb_agg(jsonb_build_object('identifier', s.content -> 'identifier', 'title', s.content -> 'title',
          'topics', e.topics -> (place - 1)::int) order by place), '[]')
        from editions e cross join lateral unnest(e.snapshot_ids) with ordinality as chosen (id, place)
          join paper_snapshots s on s.id = chosen.id
        where e.id = d.edition_id
      ) as papers
    from digests_of(${id}, '-infinity', 'infinity') d
    order by d.day desc`;
  const requests = await prisma.confirmationRequest.findMany({
    where: { addressHash: { in: addressHashes(ctx.keys, mailboxKey(subscriber.email as Address)) } },
    orderBy: { requestedAt: 'asc' },
  });
  const signUps = await prisma.signUp.findMany({
    where: { subscriberId: id },
    select: { topics: true, timezone: true, language: true, requestedAt: true },
    orderBy: { requestedAt: 'asc' },
  });
  const votes = await prisma.vote.findMany({
    where: { subscriberId: id },
    select: { more: true, votedAt: true, paper: { select: { identifier: true, title: true } } },
    orderBy: { votedAt: 'asc' },
  });
  const addressChanges = await prisma.addressChange.findMany({
    where: { subscriberId: id },
    select: { email: true, requestedAt: true },
    orderBy: { requestedAt: 'asc' },
  });
  return {
    subscriber: {
      ...stored,
      pausedUntil: calendarDay(pausedUntil),
      consentNetworkHash: consentNetworkHash && Buffer.from(consentNetworkHash).toString('hex'),
    },
    unconfirmedSignUps: signUps,
    unconfirmedAddresses: addressChanges,
    answeredSignUps: requests.map(({ requestedAt }) => requestedAt),
    votes: votes.map(({ more, votedAt, paper }) => ({ ...paper, vote: more ? 'more' : 'less', votedAt })),
    digests: storedDigests.parse(digests),
  };
}

/**
 * Deletes a subscriber (GDPR Art. 17). What stays: their digests, as numbers in the account of the day that belong to
 * nobody, and, only of an address that unsubscribed, bounced or complained, a keyed hash so that it is never mailed again.
 * @returns whether there was one
 */
export async function eraseSubscriber(ctx: Pick<Context, 'db' | 'keys' | 'clock'>, id: number): Promise<boolean> {
  return ctx.db.prisma.$transaction(
    async (tx) => {
      // Locked, a plan that is looking at this subscriber is waited for and none can begin. The schedule comes first, as in
      // the plan, so that the two cannot wait for each other.
      await tx.$queryRaw`select from schedules where subscriber_id = ${id} for update`;
      const [row] = z
        .array(z.object({ email_key: z.string(), status: z.string() }))
        .parse(await tx.$queryRaw`select email_key, status::text from subscribers where id = ${id} for update`);
      if (!row) return false;
      if (isOneOf(endedStatuses, row.status)) {
        const [addressHash] = addressHashes(ctx.keys, row.email_key);
        const data = { reason: row.status, createdAt: ctx.clock() };
        if (addressHash) {
          await tx.suppression.upsert({ where: { addressHash }, create: { addressHash, ...data }, update: {} });
        }
      }
      await tx.$executeRaw`
        update digests d set subscriber_id = null, reader = null,
          status = case when d.status = 'queued' then 'suppressed' else d.status end,
          last_reply = case when d.status = 'queued' then 'the subscriber was erased' else d.last_reply end
        from digests_of(${id}, '-infinity', 'infinity') own where d.id = own.id`;
      await tx.cursorException.deleteMany({ where: { subscriberId: id } });
      await tx.subscriber.delete({ where: { id } });
      return true;
    },
    { timeout: 60_000 },
  );
}

function calendarDay(date: Date | null): string | null {
  return date?.toISOString().slice(0, 10) ?? null;
}
