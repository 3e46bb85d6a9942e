import type { Context } from '../context.js';

/**
 * Ends a subscription at once, for digests too that are planned already. Idempotent; one that bounced or complained stays
 * what it is, because both say more.
 */
export async function unsubscribe(ctx: Pick<Context, 'db' | 'clock'>, id: number): Promise<void> {
  await ctx.db.prisma.subscriber.updateMany({
    where: { id, status: { in: ['pending', 'active', 'paused'] } },
    data: { status: 'unsubscribed', unsubscribedAt: ctx.clock(), pausedUntil: null },
  });
}

/**
 * Takes an unsubscription back.
 * @returns false where the address was never confirmed, bounced or complained; that needs a new sign-up
 */
export async function resubscribe(ctx: Pick<Context, 'db'>, id: number): Promise<boolean> {
  const { prisma } = ctx.db;
  await prisma.subscriber.updateMany({
    where: { id, status: 'unsubscribed', confirmedAt: { not: null } },
    data: { status: 'active', unsubscribedAt: null },
  });
  return (await prisma.subscriber.count({ where: { id, status: { in: ['active', 'paused'] } } })) > 0;
}
