import { z } from 'zod';
import type { Context } from '../context.js';
import type { Queries } from '../database/database.js';
import { UserError } from '../errors.js';
import { DigestStatus } from '../generated/prisma/enums.js';
import { emailKey } from '../subscribers/address.js';
import { addressHashes } from '../subscribers/address-hash.js';
import { preferencesOf } from '../subscribers/preferences.js';
import { typedAddress } from '../subscribers/typed-address.js';

const digest = z.object({
  id: z.string(),
  /** Local calendar day, YYYY-MM-DD. */
  day: z.string(),
  status: z.enum(DigestStatus),
  papers: z.number(),
  attempts: z.number(),
  plannedAt: z.coerce.date(),
  sentAt: z.coerce.date().nullable(),
  /** What the server said, or what kept it from being asked. */
  lastReply: z.string().nullable(),
});

const digestsTold = 30;

/** What an operator is told of a subscriber who asks where their mail is. */
export type LookedUp = Awaited<ReturnType<typeof lookUpSubscriber>>;

/**
 * What is on record of a subscriber and their newest digests, whatever became of these.
 * @throws UserError where it is no address, or nobody's
 */
export async function lookUpSubscriber(ctx: Pick<Context, 'db' | 'keys'>, email: string) {
  const key = emailKey(typedAddress(email));
  const { prisma } = ctx.db;
  const found = await prisma.subscriber.findUnique({ where: { emailKey: key } });
  if (!found) throw new UserError(await whyUnknown(ctx, key));
  const { id, status, createdAt, confirmedAt, unsubscribedAt } = found;
  return {
    email: found.email,
    status,
    createdAt,
    confirmedAt,
    unsubscribedAt,
    ...preferencesOf(found),
    nextPlanAt: await readNextPlan(prisma, id),
    digests: await readNewestDigests(prisma, id),
  };
}

async function whyUnknown(ctx: Pick<Context, 'db' | 'keys'>, key: string): Promise<string> {
  const addressHash = { in: addressHashes(ctx.keys, key) };
  const suppression = await ctx.db.prisma.suppression.findFirst({ where: { addressHash }, select: { reason: true } });
  if (!suppression) return 'There is no subscriber with this address';
  return `Whoever had this address was erased, and it is never mailed again: ${suppression.reason}`;
}

/** When the plan next looks at a subscriber; null where that is not worked out yet, or it never does. */
async function readNextPlan(db: Queries, subscriberId: number): Promise<Date | null> {
  const rows = await db.$queryRaw`
    select due_at as at from schedules where subscriber_id = ${subscriberId} and isfinite(due_at)`;
  return z.array(z.object({ at: z.coerce.date() })).parse(rows)[0]?.at ?? null;
}

async function readNewestDigests(db: Queries, subscriberId: number) {
  const rows = await db.$queryRaw`
    select d.id, d.day::text, d.status::text, cardinality(e.paper_ids) as papers, d.attempts, d.planned_at as "plannedAt",
      d.sent_at as "sentAt", d.last_reply as "lastReply"
    from digests_of(${subscriberId}, '-infinity', 'infinity') d join editions e on e.id = d.edition_id
    order by d.day desc
    limit ${digestsTold}`;
  return z.array(digest).parse(rows);
}
