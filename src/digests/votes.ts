import { z } from 'zod';
import type { Queries } from '../database/database.js';
import { Prisma } from '../generated/prisma/client.js';
import { leaningsOf } from '../interests/leanings.js';

export type VoteChoice = 'more' | 'less' | 'none';

const ballot = z.array(
  z.object({
    paperId: z.number(),
    title: z.string(),
    vote: z.enum(['more', 'less', 'none']),
    topics: z.array(z.string()),
  }),
);
/** A paper of a digest, and what its reader has said of it so far. */
export type Ballot = z.output<typeof ballot>;

const voteOf = Prisma.sql`case v.more when true then 'more' when false then 'less' else 'none' end`;
const topicsOf = (paperId: Prisma.Sql) => Prisma.sql`
  array(select t.name from matches m join topics t on t.slug = m.topic where m.paper_id = ${paperId} order by m.score desc)`;

/** The papers of a digest in their order, as they were mailed, with the votes of its reader; empty where it is not theirs. */
export async function readBallot(db: Queries, subscriberId: number, digestId: string): Promise<Ballot> {
  const rows = await db.$queryRaw`
    select s.paper_id as "paperId", s.content ->> 'title' as title, ${voteOf} as vote,
      ${topicsOf(Prisma.sql`s.paper_id`)} as topics
    from digests d join editions e on e.id = d.edition_id
       cross join lateral unnest(e.snapshot_ids) with ordinality as chosen (id, place)
       join paper_snapshots s on s.id = chosen.id
       left join votes v on v.subscriber_id = d.subscriber_id and v.paper_id = s.paper_id
    where d.id = ${digestId}::uuid and d.subscriber_id = ${subscriberId}
    order by place`;
  return ballot.parse(rows);
}

/** All that a subscriber has voted on, newest first. */
export async function readVotes(db: Queries, subscriberId: number): Promise<Ballot> {
  const rows = await db.$queryRaw`
    select p.id as "paperId", p.title, ${voteOf} as vote, ${topicsOf(Prisma.sql`p.id`)} as topics
    from votes v join papers p on p.id = v.paper_id
    where v.subscriber_id = ${subscriberId}
    order by v.voted_at desc, p.id`;
  return ballot.parse(rows);
}

/**
 * Records votes, takes back those that are "none", and works out what all of a subscriber's votes come to for topics.
 * @param choices of papers that were sent to them
 */
export async function castVotes(
  tx: Queries,
  subscriberId: number,
  choices: readonly { paperId: number; vote: VoteChoice }[],
  now: Date,
): Promise<void> {
  // Whoever votes twice at once waits here: the sum is to be that of all votes.
  await tx.$queryRaw`select from subscribers where id = ${subscriberId} for update`;
  for (const { paperId, vote } of choices) {
    if (vote === 'none') {
      await tx.vote.deleteMany({ where: { subscriberId, paperId } });
      continue;
    }
    const more = vote === 'more';
    await tx.vote.upsert({
      where: { subscriberId_paperId: { subscriberId, paperId } },
      create: { subscriberId, paperId, more, votedAt: now },
      update: { more, votedAt: now },
    });
  }
  const votes = await tx.vote.findMany({
    where: { subscriberId },
    select: { more: true, paper: { select: { matches: { select: { topic: true } } } } },
  });
  const leanings = leaningsOf(
    votes.map(({ more, paper }) => ({ more, topics: paper.matches.map(({ topic }) => topic) })),
  );
  await tx.subscriber.update({ where: { id: subscriberId }, data: { leanings }, select: { id: true } });
}
