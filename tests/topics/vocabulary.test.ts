import { describe, expect, test } from 'vitest';
import { seedTopics, vocabulary } from '../../src/topics/vocabulary.js';
import { useContext } from '../helpers/context.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';

const context = useContext();

describe('the vocabulary', () => {
  test('has 42 topics, each with its own slug and name', () => {
    expect(vocabulary).toHaveLength(42);
    expect(new Set(vocabulary.map(({ slug }) => slug)).size).toBe(42);
    expect(new Set(vocabulary.map(({ name }) => name)).size).toBe(42);
  });

  test.each(vocabulary.map(({ slug, query }) => ({ slug, query })))(
    '$slug looks for something in every term',
    async ({ query }) => {
      for (const term of query.split(' or ')) {
        const rows = await context().db.prisma
          .$queryRaw`select numnode(websearch_to_tsquery('english', ${term})) as nodes`;
        expect(rows, term).toEqual([{ nodes: expect.toSatisfy((nodes: number) => nodes > 0) }]);
      }
    },
  );

  test('is written once, however often it is seeded, and its order is kept', async () => {
    const { prisma } = context().db;
    await prisma.topic.update({ where: { slug: 'reasoning' }, data: { name: 'Old name', position: 40 } });
    await seedTopics(prisma);
    await seedTopics(prisma);
    const stored = await prisma.topic.findMany({ orderBy: { position: 'asc' } });
    expect(stored.map(({ slug, name, description }) => ({ slug, name, description }))).toEqual(
      vocabulary.map(({ slug, name, description }) => ({ slug, name, description })),
    );
  });

  test('that has changed is matched anew with the papers that are there, and not again after that', async () => {
    const { prisma } = context().db;
    await makePaper(prisma, '2026-02-03', { title: 'Reasoning by chain of thought' });
    await prisma.match.deleteMany();
    await seedTopics(prisma);
    expect(await prisma.match.count({ where: { topic: 'reasoning' } })).toBe(0);
    await prisma.topic.update({ where: { slug: 'reasoning' }, data: { query: '"an older definition"' } });
    await seedTopics(prisma);
    expect(await prisma.match.count({ where: { topic: 'reasoning' } })).toBe(1);
  });

  test('that has lost a topic leaves nobody with one that finds nothing', async () => {
    const { prisma } = context().db;
    const gone = { slug: 'gone', name: 'Gone', description: '', query: '"gone"', position: 99 };
    await prisma.topic.create({ data: gone });
    const { id } = await makeSubscriber(prisma, { topics: ['gone', 'agents'] });
    await seedTopics(prisma);
    expect(await prisma.topic.count()).toBe(42);
    expect((await prisma.subscriber.findUniqueOrThrow({ where: { id } })).topics).toEqual(['agents']);
  });
});
