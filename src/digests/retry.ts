import { z } from 'zod';
import type { Queries } from '../database/database.js';
import { wakeDelivery } from '../database/queue.js';
import { Prisma } from '../generated/prisma/client.js';
import { DigestStatus } from '../generated/prisma/enums.js';
import { lifetime } from './next-status.js';

export type { DigestStatus };
export const digestStatuses: readonly DigestStatus[] = Object.values(DigestStatus);

/** What an operator is told of where they name no status: what is not done, or went wrong. */
const unsettledStatuses: readonly DigestStatus[] = ['queued', 'sending', 'failed', 'in_doubt'];

/** What an operator may have sent again. */
export const retriableStatuses: readonly DigestStatus[] = ['failed', 'in_doubt'];

const listedDigest = z.object({
  id: z.string(),
  subscriberId: z.number().nullable(),
  /** Null where the subscriber was erased. */
  email: z.string().nullable(),
  /** Local calendar day, YYYY-MM-DD. */
  day: z.string(),
  status: z.enum(DigestStatus),
  attempts: z.number(),
  plannedAt: z.coerce.date(),
  notBefore: z.coerce.date(),
  /** What the server said, or what kept it from being asked. */
  lastReply: z.string().nullable(),
});
export type ListedDigest = z.output<typeof listedDigest>;

/**
 * The newest digests with a status, at most `limit`.
 * @param status null: all that wait, failed or are in doubt
 * @returns how many there are in all, too
 */
export async function listDigests(
  db: Queries,
  status: DigestStatus | null,
  limit: number,
): Promise<{ total: number; digests: ListedDigest[] }> {
  const having = havingStatus(status ? [status] : unsettledStatuses);
  const rows = await db.$queryRaw`
    select d.id, d.subscriber_id as "subscriberId", s.email, d.day::text, d.status::text, d.attempts,
      d.planned_at as "plannedAt", d.not_before as "notBefore", d.last_reply as "lastReply"
    from digests d left join subscribers s on s.id = d.subscriber_id
    where ${having}
    order by d.planned_at desc, d.id desc
    limit ${limit}`;
  const [counted] = await db.$queryRaw<[{ total: number }]>`
    select count(*)::int as total from digests d where ${having}`;
  return { total: counted.total, digests: z.array(listedDigest).parse(rows) };
}

/**
 * Digests `d` with one of these statuses, each named in the text: as parameters no index would fit, because those of the few that are
 * not sent are over some statuses alone.
 */
function havingStatus(statuses: readonly DigestStatus[]): Prisma.Sql {
  return Prisma.raw(`(${statuses.map((status) => `d.status = '${status}'`).join(' or ')})`);
}

export interface RetryResult {
  retried: string[];
  /** Those that stay as they are, and why. */
  refused: { id: string; reason: string }[];
}

/**
 * Queues digests once more that failed or are in doubt, on an operator's word; they go out with the same bytes and the same
 * Message-ID. What expired or was suppressed is owed, and comes with the next digest.
 */
export async function retryDigests(db: Queries, ids: readonly string[], now: Date): Promise<RetryResult> {
  const wanted = [...new Set(ids)];
  const oldest = new Date(now.getTime() - lifetime);
  const rows = await db.$queryRaw`
    update digests d set status = 'queued', not_before = ${now},
      last_reply = concat_ws('; before: ', 'queued again by an operator', last_reply)
    from subscribers s
    where d.id = any (${wanted}::uuid[]) and ${havingStatus(retriableStatuses)} and d.planned_at >= ${oldest}
      and s.id = d.subscriber_id and s.status = 'active'
    returning d.id`;
  const retried = z
    .array(z.object({ id: z.string() }))
    .parse(rows)
    .map(({ id }) => id);
  await wakeDelivery(db, retried.length);
  const others = wanted.filter((id) => !retried.includes(id));
  const found = new Map((await readStanding(db, others)).map((digest) => [digest.id, digest]));
  const refused = others.map((id) => {
    const digest = found.get(id);
    return { id, reason: digest ? refusalOf(digest, oldest) : 'there is no such digest' };
  });
  return { retried, refused };
}

const standing = z.object({
  id: z.string(),
  status: z.enum(DigestStatus),
  plannedAt: z.coerce.date(),
  /** Null where the subscriber was erased. */
  subscriberStatus: z.string().nullable(),
});

async function readStanding(db: Queries, ids: readonly string[]) {
  const rows = await db.$queryRaw`
    select d.id, d.status::text, d.planned_at as "plannedAt", s.status::text as "subscriberStatus"
    from digests d left join subscribers s on s.id = d.subscriber_id
    where d.id = any (${[...ids]}::uuid[])`;
  return z.array(standing).parse(rows);
}

function refusalOf({ status, plannedAt, subscriberStatus }: z.output<typeof standing>, oldest: Date): string {
  if (!retriableStatuses.includes(status)) return `it is ${status}`;
  if (subscriberStatus !== 'active') return `the subscriber is ${subscriberStatus ?? 'erased'}`;
  if (plannedAt < oldest) return `it was planned over ${lifetime / 3_600_000} hours ago: the next one has come`;
  return 'it has changed just now: try again';
}
