import { describe, expect, test } from 'vitest';
import { loadMatcher } from '../../src/topics/matcher.js';
import { removeOtherTopics } from '../../src/topics/store.js';
import { rematch, seedTopics, vocabulary } from '../../src/topics/vocabulary.js';
import { useContext } from '../helpers/context.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';

const context = useContext();

describe('the vocabulary', () => {
  test('has 42 topics, each with its own slug and name', () => {
    expect(vocabulary).toHaveLength(42);
    expect(new Set(vocabulary.map(({ slug }) => slug)).size).toBe(42);
    expect(new Set(vocabulary.map(({ name }) => name)).size).toBe(42);
  });

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

  test('that has lost a topic leaves nobody with one that finds nothing', async () => {
    const { prisma } = context().db;
    await prisma.topic.create({ data: { slug: 'gone', name: 'Gone', description: '', position: 99 } });
    const { id } = await makeSubscriber(prisma, { topics: ['gone', 'agents'] });
    await seedTopics(prisma);
    expect(await prisma.topic.count()).toBe(42);
    expect((await prisma.subscriber.findUniqueOrThrow({ where: { id } })).topics).toEqual(['agents']);
  });

  test('whose topic was renamed or split gives its subscribers what took its place, each once', async () => {
    const { prisma } = context().db;
    await prisma.topic.create({ data: { slug: 'vision', name: 'Vision', description: '', position: 99 } });
    const { id } = await makeSubscriber(prisma, { topics: ['3d', 'vision', 'music'] });
    const successors = ['computer-vision', '3d'].map((slug) => ({ old: 'vision', slug }));
    await removeOtherTopics(prisma, vocabulary, successors);
    const { topics } = await prisma.subscriber.findUniqueOrThrow({ where: { id } });
    expect(topics).toEqual(['3d', 'computer-vision', 'music']);
  });
});

describe('papers whose topics were found by other weights or definitions', () => {
  const now = new Date('2026-02-04T08:00:00Z');
  const topicsOf = async (paperId: number) =>
    (await context().db.prisma.match.findMany({ where: { paperId }, orderBy: { score: 'desc' } })).map(
      ({ topic }) => topic,
    );

  test('are matched anew while they are on offer, once, and what has changed is told', async () => {
    const { prisma } = context().db;
    const text = {
      title: 'Robot manipulation with vision-language-action models',
      abstract: 'We train a robot policy for dexterous manipulation of objects.',
    };
    const recent = await makePaper(prisma, '2026-01-10', { ...text, topics: ['music'] });
    const old = await makePaper(prisma, '2026-01-02', { ...text, topics: ['music'] });
    const changes = await rematch(prisma, loadMatcher(), now);
    expect(changes.papers).toBe(1);
    expect(changes.topics).toMatchObject({ music: { gained: 0, lost: 1 }, robotics: { gained: 1, lost: 0 } });
    expect((await topicsOf(recent.id))[0]).toBe('robotics');
    expect(await topicsOf(old.id)).toEqual(['music']);
    expect(await rematch(prisma, loadMatcher(), now)).toEqual({ papers: 0, topics: {} });
    const other = { ...loadMatcher(), version: 7 };
    expect(await rematch(prisma, other, now)).toEqual({ papers: 1, topics: {} });
  });
});
