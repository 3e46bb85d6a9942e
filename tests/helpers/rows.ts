import type { Queries } from '../../src/database/database.js';
import type { Prisma } from '../../src/generated/prisma/client.js';

let made = 0;

/** Puts an active subscriber into the database; every value that a test does not care about has a default. */
export async function makeSubscriber(db: Queries, given: Partial<Prisma.SubscriberCreateInput> = {}) {
  const email = `reader${++made}@example.com`;
  return db.subscriber.create({
    data: { email, emailKey: email, status: 'active', createdAt: new Date('2026-01-01T00:00:00Z'), ...given },
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
  const readAt = new Date(publishedAt.getTime() + 25 * 3_600_000);
  await db.sourceDay.upsert({
    where: { source_day: listed },
    create: { ...listed, fetchedAt: readAt, grewAt: publishedAt },
    update: {},
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
      listings: { create: listed },
      matches: { create: topics.map((topic) => ({ topic, score: 1, reason: 'title' })) },
    },
  });
}
