import { randomUUID } from 'node:crypto';
import type { Context } from '../context.js';
import { planDue } from '../digests/plan.js';
import { type Measured, measured, timed } from './measured.js';
import { now } from './synthetic.js';

/** As many as the loop needs to show its pace. */
const mostOneByOne = 300;

/** Plans everyone who is due, beside a loop over Prisma that does the same for one subscriber at a time. */
export async function benchPlan(ctx: Context): Promise<Measured> {
  const baseline = await timed(() => planOneByOne(ctx));
  const { result, seconds, peakMb } = await timed(() => planDue({ ...ctx, clock: () => now }, now));
  const due = result.days.reduce((sum, day) => sum + day.due, 0);
  return measured(
    { count: due, seconds, peakMb },
    { name: 'a loop over Prisma, one subscriber at a time', count: baseline.result, seconds: baseline.seconds },
  );
}

/** What one would write first: reads each subscriber's best papers and writes their digest. All of it is taken back. */
async function planOneByOne({ db }: Pick<Context, 'db'>): Promise<number> {
  const undo = new Error('taken back');
  let planned = 0;
  const loop = db.prisma.$transaction(
    async (tx) => {
      const subscribers = await tx.subscriber.findMany({ where: { status: 'active' }, take: mostOneByOne });
      for (const { id, topics, papersPerDigest, abstractLength } of subscribers) {
        const papers = await tx.paper.findMany({
          where: { matches: { some: { topic: { in: topics } } }, listings: { some: {} } },
          orderBy: [{ upvotes: 'desc' }, { id: 'asc' }],
          take: papersPerDigest,
          include: { matches: { include: { topicOf: true } } },
        });
        if (papers.length === 0) continue;
        const [editionId, digestId] = [randomUUID(), randomUUID()];
        const paperIds = papers.map((paper) => paper.id);
        await tx.edition.create({
          data: { id: editionId, paperIds, snapshotIds: paperIds, topics: papers.map(() => []), createdAt: now },
        });
        await tx.digest.create({
          data: {
            id: digestId,
            subscriberId: id,
            day: now,
            editionId,
            plannedAt: now,
            notBefore: now,
            abstractLength,
          },
        });
        await tx.schedule.update({ where: { subscriberId: id }, data: { plannedDay: now } });
        planned++;
      }
      throw undo;
    },
    { timeout: 600_000 },
  );
  await loop.catch((error) => {
    if (error !== undo) throw error;
  });
  return planned;
}
