import { z } from 'zod';
import type { Context } from '../context.js';
import { UserError } from '../errors.js';
import { emailKey } from './address.js';
import { addressHashes } from './address-hash.js';
import { restore } from './lifecycle.js';
import { endedStatuses } from './status.js';
import { typedAddress } from './typed-address.js';

const suppression = z.object({
  /** Null where the subscriber was erased: then only a keyed hash is kept, which tells no address. */
  email: z.string().nullable(),
  reason: z.enum(endedStatuses),
  /** Null where it is not on record. */
  since: z.coerce.date().nullable(),
});
export type Suppression = z.output<typeof suppression>;

/**
 * The addresses that are never mailed, and why, the newest subscribers first, at most `limit`.
 * @returns how many there are in all, too
 */
export async function listSuppressions(
  { db }: Pick<Context, 'db'>,
  limit: number,
): Promise<{ total: number; suppressions: Suppression[] }> {
  const rows = await db.prisma.$queryRaw`
    select email, status::text as reason, unsubscribed_at as since, id as place
    from subscribers where status = any (${[...endedStatuses]}::text[]::subscriber_status[])
    union all
    select null, reason, created_at, 0 from suppressions
    order by place desc, since desc
    limit ${limit}`;
  const ended = await db.prisma.subscriber.count({ where: { status: { in: endedStatuses } } });
  return { total: ended + (await db.prisma.suppression.count()), suppressions: z.array(suppression).parse(rows) };
}

/**
 * Lets an address be mailed again, on an operator's word. Who bounced or complained gets digests again; of who was erased the
 * hash is forgotten, so that they can sign up. Who unsubscribed comes back by signing up, and by nobody else's word.
 * @returns whether they are a subscriber who is active again
 * @throws UserError when it is no address, is not suppressed, or unsubscribed
 */
export async function releaseSuppression(
  ctx: Pick<Context, 'db' | 'keys' | 'clock'>,
  email: string,
): Promise<{ released: true; active: boolean }> {
  const key = emailKey(typedAddress(email));
  return ctx.db.prisma.$transaction(async (tx) => {
    const subscriber = await tx.subscriber.findUnique({ where: { emailKey: key } });
    if (subscriber?.status === 'unsubscribed')
      throw new UserError('They unsubscribed: only they can come back, by signing up again');
    const forgotten = await tx.suppression.deleteMany({
      where: { addressHash: { in: addressHashes(ctx.keys, key) } },
    });
    const active = subscriber !== null && (await restore(tx, subscriber.id, ctx.clock()));
    if (!active && forgotten.count === 0) throw new UserError('This address is not suppressed');
    return { released: true, active };
  });
}
