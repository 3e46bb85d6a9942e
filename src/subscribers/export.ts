import type { Context } from '../context.js';
import type { AbstractLength, Frequency, SubscriberStatus } from '../generated/prisma/client.js';
import type { Interests } from '../interests/interests.js';

const batchSize = 1_000;

/** A line of the export: the columns that an import reads, and what became of the subscription. */
export interface ExportedSubscriber extends Interests {
  email: string;
  topics: string[];
  timezone: string;
  hour: number;
  frequency: Frequency;
  papersPerDigest: number;
  abstractLength: AbstractLength;
  pictures: boolean;
  leastPapers: number;
  weekDay: number;
  language: string;
  /** YYYY-MM-DD; null where there is no pause. */
  pausedUntil: string | null;
  status: SubscriberStatus;
}

/** All subscribers, oldest first, read in batches: the memory does not grow with their number. */
export async function* exportSubscribers(ctx: Pick<Context, 'db'>): AsyncGenerator<ExportedSubscriber> {
  let after = 0;
  for (;;) {
    const batch = await ctx.db.prisma.subscriber.findMany({
      where: { id: { gt: after } },
      orderBy: { id: 'asc' },
      take: batchSize,
      select: {
        id: true,
        email: true,
        topics: true,
        phrases: true,
        mutedPhrases: true,
        authors: true,
        categories: true,
        timezone: true,
        hour: true,
        frequency: true,
        papersPerDigest: true,
        abstractLength: true,
        pictures: true,
        leastPapers: true,
        weekDay: true,
        language: true,
        pausedUntil: true,
        status: true,
      },
    });
    for (const { id, pausedUntil, ...subscriber } of batch) {
      after = id;
      yield { ...subscriber, pausedUntil: pausedUntil?.toISOString().slice(0, 10) ?? null };
    }
    if (batch.length < batchSize) return;
  }
}
