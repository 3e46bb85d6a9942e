import { Prisma } from '../generated/prisma/client.js';

/**
 * What "trending" means, wherever it is said: (1 + votes + comments)^0.3, halved with each fortnight of age. The hundredth vote
 * says less than the second, hence the power (Reddit's "hot" takes the logarithm), and age is that of the list and weighs
 * little, because a weekly digest, or one after a pause, is to have the best of what was missed.
 * https://medium.com/hacking-and-gonzo/how-reddit-ranking-algorithms-work-ef111e33d0d9
 */
const power = 0.3;
const halfLifeDays = 14;

const dayMs = 86_400_000;

/** @param newest the day from which age is counted, YYYY-MM-DD */
export function trendingValue(paper: { upvotes: number; comments: number; day: string }, newest: string): number {
  const ageDays = (Date.parse(newest) - Date.parse(paper.day)) / dayMs;
  return (1 + paper.upvotes + paper.comments) ** power * 2 ** (-ageDays / halfLifeDays);
}

/** The same as an order in SQL, best first, for papers `p` on a list of `list.day`: the logarithm, but for a constant. */
export const trendingOrder = Prisma.sql`${power}::float8 * ln(1 + p.upvotes + p.comments)
  + (list.day - '2000-01-01'::date) * ln(2) / ${halfLifeDays}::float8 desc, p.upvotes desc, p.id`;
