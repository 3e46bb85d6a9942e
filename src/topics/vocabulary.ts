import type { Database, Queries } from '../database/database.js';
import { lockPapers } from '../papers/store.js';
import { definitions } from './definitions.js';
import type { Matcher } from './matcher.js';
import {
  findOutdatedPapers,
  type MatchChanges,
  removeOtherTopics,
  type Topic,
  writeMatches,
  writeTopics,
} from './store.js';

/** The topics, in the order in which they are offered. */
export const vocabulary: readonly Topic[] = definitions.map(({ slug, name, description }) => ({
  slug,
  name,
  description,
}));

/**
 * Writes the vocabulary into the table `topics`, in its order; a topic that is gone leaves the subscribers who had chosen it, too.
 * To do so twice is to do it once.
 */
export async function seedTopics(db: Queries): Promise<void> {
  await writeTopics(db, vocabulary);
  const successors = definitions.flatMap(({ slug, replaces = [] }) => replaces.map((old) => ({ old, slug })));
  await removeOtherTopics(db, vocabulary, successors);
}

/** How long papers are on offer. */
const onOfferDays = 31;
const batchSize = 500;

/**
 * Finds the topics of papers anew that are still on offer, where weights or definitions have changed since. While it does so
 * for some of them nobody writes papers: their text may be another afterwards.
 * @returns how many papers, and what is other than before
 */
export async function rematch(
  db: Database['prisma'],
  matcher: Matcher,
  now: Date,
): Promise<{ papers: number; topics: MatchChanges }> {
  const oldest = new Date(now.getTime() - onOfferDays * 86_400_000);
  const total: { papers: number; topics: MatchChanges } = { papers: 0, topics: {} };
  for (;;) {
    const { papers, changes } = await db.$transaction(
      async (tx) => {
        await lockPapers(tx);
        const ids = await findOutdatedPapers(tx, matcher.version, oldest, batchSize);
        return { papers: ids.length, changes: ids.length > 0 ? await writeMatches(tx, matcher, ids) : {} };
      },
      { timeout: 120_000, maxWait: 30_000 },
    );
    if (papers === 0) return total;
    total.papers += papers;
    for (const [topic, { gained, lost }] of Object.entries(changes)) {
      const sum = total.topics[topic] ?? { gained: 0, lost: 0 };
      total.topics[topic] = { gained: sum.gained + gained, lost: sum.lost + lost };
    }
  }
}
