import { describe, expect, test } from 'vitest';
import { seedTopics, vocabulary } from '../../src/topics/vocabulary.js';
import { useContext } from '../helpers/context.js';

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
});
