import type { Queries } from '../../src/database/database.js';
import type { Prisma } from '../../src/generated/prisma/client.js';

let made = 0;

/** Puts an active subscriber into the database; every value that a test does not care about has a default. */
export async function makeSubscriber(
  db: Queries,
  {
    plannedDay,
    cursor,
    ...given
  }: Partial<Prisma.SubscriberCreateInput> & { plannedDay?: string; cursor?: number } = {},
) {
  const email = `reader${++made}@example.com`;
  return db.subscriber.create({
    data: {
      email,
      emailKey: email,
      status: 'active',
      createdAt: new Date('2026-01-01T00:00:00Z'),
      schedule: {
        create: { ...(plannedDay && { plannedDay: new Date(plannedDay) }), ...(cursor !== undefined && { cursor }) },
      },
      ...given,
    },
  });
}

/** Puts a paper on a day's list, and that list on record as read the morning after. */
export async function makePaper(
  db: Queries,
  day: string,
  given: Partial<Prisma.PaperCreateInput> & { topics?: string[] } = {},
) {
  const { topics = [], ...paper } = given;
  const number = ++made;
  const publishedAt = new Date(`${day}T00:00:00Z`);
  const source = 'huggingface';
  const listed = { source, day: new Date(day) };
  const dayEnd = new Date(publishedAt.getTime() + 24 * 3_600_000);
  const readAt = new Date(publishedAt.getTime() + 25 * 3_600_000);
  await db.sourceDay.upsert({
    where: { source_day: listed },
    create: { ...listed, fetchedAt: readAt, readyAt: dayEnd },
    update: { offered: false },
  });
  return db.paper.create({
    data: {
      identifier: `2602.${String(number).padStart(5, '0')}`,
      title: `Paper ${number}`,
      abstract: 'An abstract.',
      publishedAt,
      createdAt: publishedAt,
      updatedAt: publishedAt,
      ...paper,
      listings: { create: { ...listed, addedAt: publishedAt } },
      matches: { create: topics.map((topic) => ({ topic, score: 1, reason: 'title' })) },
    },
  });
}

/** The ids of the papers that a subscriber was given, in their order, by digest day. */
export async function papersOf(db: Queries, subscriberId: number): Promise<number[]> {
  const digests = await db.digest.findMany({ where: { subscriberId }, orderBy: { day: 'asc' } });
  const editions = await db.edition.findMany({ where: { id: { in: digests.map(({ editionId }) => editionId) } } });
  return digests.flatMap(({ editionId }) => editions.find(({ id }) => id === editionId)?.paperIds ?? []);
}
