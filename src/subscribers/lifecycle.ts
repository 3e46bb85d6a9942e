import type { Context } from '../context.js';
import type { Queries } from '../database/database.js';
import { Prisma, type SubscriberStatus } from '../generated/prisma/client.js';
import type { Access } from './access.js';
import { confirmedStatuses, openStatuses } from './status.js';

/**
 * Ends a subscription at once, for digests too that are planned already. Idempotent; one that bounced or complained stays
 * what it is, because both say more.
 * @returns whether it has ended just now
 */
export async function unsubscribe(ctx: Pick<Context, 'db' | 'clock'>, id: number): Promise<boolean> {
  const { count } = await ctx.db.prisma.subscriber.updateMany({
    where: { id, status: { in: openStatuses } },
    data: { status: 'unsubscribed', unsubscribedAt: ctx.clock(), pausedUntil: null },
  });
  return count > 0;
}

/** Ends all mail to someone who called it spam. @returns whether that was news */
export async function complain(db: Queries, id: number): Promise<boolean> {
  const { count } = await db.subscriber.updateMany({
    where: { id, status: { in: [...openStatuses, 'unsubscribed'] } },
    data: { status: 'complained', pausedUntil: null },
  });
  return count > 0;
}

/** How long an unsubscription can be taken back, in milliseconds: as long as the page may be open that tells of it. */
const undoLifetime = 3_600_000;

/**
 * Takes an unsubscription back, in the hour after it. A second time changes nothing.
 * @param access of an undo link, which only the page has that unsubscribed
 * @returns false where it is too late, or another unsubscription has followed; that needs a new sign-up
 */
export async function resubscribe(
  ctx: Pick<Context, 'db' | 'clock'>,
  { subscriber: { id }, subject }: Access,
): Promise<boolean> {
  const { prisma } = ctx.db;
  const now = ctx.clock();
  const issued = subject.issuedAt?.getTime() ?? 0;
  if (now.getTime() >= issued + undoLifetime) return false;
  // Tokens tell seconds.
  const isThisOne = Prisma.sql`date_trunc('second', unsubscribed_at) = ${new Date(issued)}::timestamptz`;
  const status = Prisma.sql`status = 'unsubscribed' and confirmed_at is not null`;
  await activate(prisma, Prisma.sql`id = ${id} and ${status} and ${isThisOne}`, now);
  return (await prisma.subscriber.count({ where: { id, status: { in: confirmedStatuses } } })) > 0;
}

/** Ends the pauses whose last day is over, on each subscriber's calendar. */
export async function resumePaused(db: Queries, at: Date): Promise<void> {
  await activate(
    db,
    Prisma.sql`status = 'paused' and paused_until <= (${at}::timestamptz at time zone 'UTC')::date + 1
      and paused_until <= coalesce(local_day(timezone, ${at}), (${at}::timestamptz at time zone 'UTC')::date)`,
    at,
  );
}

/** Ends a pause before its time. */
export async function resume(tx: Queries, id: number, at: Date): Promise<void> {
  await activate(tx, Prisma.sql`id = ${id} and status = 'paused'`, at);
}

/** Takes someone back who bounced or complained, on an operator's word. @returns whether they had */
export async function restore(tx: Queries, id: number, at: Date): Promise<boolean> {
  return activate(tx, Prisma.sql`id = ${id} and status in ('bounced', 'complained') and confirmed_at is not null`, at);
}

/** Makes someone active who proved that the address is theirs, with what they had chosen. @returns whether they were not before */
export async function activateConfirmed(
  tx: Queries,
  id: number,
  at: Date,
  chosen: { topics: string[]; timezone: string; language: string } | null,
): Promise<boolean> {
  // First, because the day on which mail may come is that of the time zone.
  if (chosen) {
    const { topics, timezone, language } = chosen;
    const where = { id, status: { in: ['pending', 'unsubscribed'] satisfies SubscriberStatus[] } };
    await tx.subscriber.updateMany({ where, data: { topics, timezone, language } });
  }
  const activated = await activate(tx, Prisma.sql`id = ${id} and status in ('pending', 'unsubscribed')`, at);
  if (activated) await tx.subscriber.update({ where: { id }, data: { confirmedAt: at } });
  return activated;
}

/**
 * The one way to get mail, for the first time and again: the plan looks at once, and of days that are over by `at` no
 * digest comes any more; their papers do, with the next one.
 */
async function activate(db: Queries, which: Prisma.Sql, at: Date): Promise<boolean> {
  const activated = await db.$executeRaw`
    with activated as (
      update subscribers set status = 'active', paused_until = null, unsubscribed_at = null
      where ${which}
      returning id, local_day(timezone, ${at}) as today
    )
    insert into schedules as c (subscriber_id)
    select id from activated
    on conflict (subscriber_id) do update set due_at = '-infinity', planned_day = greatest(
      c.planned_day, (select today - 1 from activated where id = c.subscriber_id)
    )`;
  return activated > 0;
}

/** Makes every link invalid that was handed out so far, those to unsubscribe excepted. */
export async function revokeLinks(db: Queries, id: number): Promise<void> {
  await db.$executeRaw`update subscribers set token_epoch = (token_epoch + 1) % 32768 where id = ${id}`;
}

/** Makes the next plan look at a subscriber anew, as after a change of hour or time zone. */
export async function reschedule(tx: Queries, id: number): Promise<void> {
  await tx.$executeRaw`update schedules set due_at = '-infinity' where subscriber_id = ${id}`;
}
