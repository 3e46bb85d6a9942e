import type { Context } from '../context.js';
import { countByTopic } from '../papers/store.js';

/** How long a count is shown, in milliseconds: papers come twice an hour. */
const keptMs = 10 * 60_000;

/** How many papers each topic had in the last week, by slug. */
export type TopicCounts = () => Promise<ReadonlyMap<string, number>>;

/** Counts now and then, not for each visitor. */
export function createTopicCounts({ db }: Pick<Context, 'db'>): TopicCounts {
  let counted: { at: number; counts: Promise<ReadonlyMap<string, number>> } | null = null;
  return () => {
    if (!counted || Date.now() - counted.at > keptMs) counted = { at: Date.now(), counts: countByTopic(db.prisma) };
    const { counts } = counted;
    counts.catch(() => {
      counted = null;
    });
    return counts;
  };
}
