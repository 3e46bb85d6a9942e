import type { Queries } from '../database/database.js';
import { definitions } from './definitions.js';
import { type Topic, writeTopics } from './store.js';

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

/** Writes the vocabulary into the table `topics`, in its order. To do so twice is to do it once. */
export async function seedTopics(db: Queries): Promise<void> {
  await writeTopics(db, vocabulary);
}
