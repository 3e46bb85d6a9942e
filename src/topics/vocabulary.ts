import type { Queries } from '../database/database.js';
import { definitions } from './definitions.js';
import { removeOtherTopics, type Topic, writeMatches, writeTopics } from './store.js';

/** The topics, in the order in which they are offered. */
export const vocabulary: readonly Topic[] = definitions.map(({ slug, name, description, terms }) => ({
  slug,
  name,
  description,
  query: terms
    .split(',')
    .map((term) => `"${term.trim()}"`)
    .join(' or '),
}));

/** Papers whose matches are found anew in one go. */
const batchSize = 500;

/**
 * Writes the vocabulary into the table `topics`, in its order. Where a definition is another than the one that the papers
 * were matched with, they are matched anew; a topic that is gone leaves the subscribers who had chosen it, too. To do so twice is
 * to do it once.
 */
export async function seedTopics(db: Queries): Promise<void> {
  const changed = await writeTopics(db, vocabulary);
  if (!changed) return;
  await removeOtherTopics(db, vocabulary);
  let after = 0;
  for (;;) {
    const papers = await db.paper.findMany({
      where: { id: { gt: after } },
      orderBy: { id: 'asc' },
      take: batchSize,
      select: { id: true },
    });
    const ids = papers.map(({ id }) => id);
    await writeMatches(db, vocabulary, ids);
    if (papers.length < batchSize) return;
    after = ids.at(-1) ?? after;
  }
}
