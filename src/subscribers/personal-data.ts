import { z } from 'zod';
import type { Context } from '../context.js';
import type { Subscriber } from '../generated/prisma/client.js';
import { addressHashes } from './address-hash.js';

const printedPaper = z.object({ identifier: z.string(), title: z.string() });

/** All that is stored about a subscriber, their digests included (GDPR Art. 15 and 20). */
export async function exportSubscriber(ctx: Pick<Context, 'db' | 'keys'>, subscriber: Subscriber) {
  const { prisma } = ctx.db;
  const { id, emailKey, tokenEpoch: _, pausedUntil, plannedDay, coveredThrough, ...stored } = subscriber;
  const digests = await prisma.digest.findMany({
    where: { subscriberId: id },
    orderBy: { day: 'desc' },
    include: { papers: { orderBy: { position: 'asc' }, include: { printing: true } } },
  });
  const requests = await prisma.confirmationRequest.findMany({
    where: { addressHash: { in: addressHashes(ctx.keys, emailKey) } },
    orderBy: { requestedAt: 'asc' },
  });
  return {
    subscriber: {
      ...stored,
      pausedUntil: calendarDay(pausedUntil),
      plannedDay: calendarDay(plannedDay),
      coveredThrough: calendarDay(coveredThrough),
    },
    answeredSignUps: requests.map(({ requestedAt }) => requestedAt),
    digests: digests.map(({ day, status, plannedAt, sentAt, answer, papers, id: digestId }) => ({
      id: digestId,
      day: calendarDay(day),
      status,
      plannedAt,
      sentAt,
      answer,
      papers: papers.map(({ printing, topics }) => ({ ...printedPaper.parse(printing.content), topics })),
    })),
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
      // Locked, a plan or a delivery that is looking at this subscriber is waited for and none can begin.
      const [row] = z
        .array(z.object({ email_key: z.string(), status: z.string() }))
        .parse(await tx.$queryRaw`select email_key, status::text from subscribers where id = ${id} for update`);
      if (!row) return false;
      if (['unsubscribed', 'bounced', 'complained'].includes(row.status)) {
        const [addressHash] = addressHashes(ctx.keys, row.email_key);
        const data = { reason: row.status, createdAt: ctx.clock() };
        if (addressHash) {
          await tx.suppression.upsert({ where: { addressHash }, create: { addressHash, ...data }, update: {} });
        }
      }
      await tx.digest.updateMany({
        where: { subscriberId: id, status: 'queued' },
        data: { status: 'suppressed', answer: 'the subscriber was erased' },
      });
      await tx.digestPaper.updateMany({ where: { subscriberId: id }, data: { subscriberId: null } });
      await tx.subscriber.delete({ where: { id } });
      return true;
    },
    { timeout: 60_000 },
  );
}

function calendarDay(date: Date | null): string | null {
  return date?.toISOString().slice(0, 10) ?? null;
}
