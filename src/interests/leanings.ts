/** How far a subscriber's votes lean towards a topic, in steps; below zero away from it. */
export interface Leaning {
  topic: string;
  steps: number;
}

/** Votes beyond this many for a topic change nothing more, so that nothing is ever shut out. */
const mostSteps = 5;
/** What a paper of the topic is worth more with each step. */
const worthOfStep = 1.2;

/**
 * What papers of a topic are worth to whoever leans so: each vote for more makes them worth a fifth more, each for less a sixth less,
 * five votes at the most either way: from 0.40 to 2.49 times.
 */
export function worthOf(steps: number): number {
  return worthOfStep ** Math.max(-mostSteps, Math.min(mostSteps, steps));
}

/** Reads "agents+2"; null where it is no leaning. */
export function parseLeaning(text: string): Leaning | null {
  const [, topic, steps] = /^(.+)([+-]\d+)$/.exec(text) ?? [];
  return topic === undefined ? null : { topic, steps: Number(steps) };
}

/** What votes come to for topics, as it is stored. @param votes the topics of each paper that was voted on */
export function leaningsOf(votes: readonly { topics: readonly string[]; more: boolean }[]): string[] {
  const sums = new Map<string, number>();
  for (const { topics, more } of votes)
    for (const topic of topics) sums.set(topic, (sums.get(topic) ?? 0) + (more ? 1 : -1));
  return [...sums]
    .filter(([, sum]) => sum !== 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([topic, sum]) => {
      const steps = Math.max(-mostSteps, Math.min(mostSteps, sum));
      return `${topic}${steps > 0 ? '+' : ''}${steps}`;
    });
}
