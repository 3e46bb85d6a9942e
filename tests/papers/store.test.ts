import { beforeEach, describe, expect, test } from 'vitest';
import { type Paper, untold } from '../../src/papers/paper.js';
import { daysAround, listPapers, newestDay, writeList, writePapers } from '../../src/papers/store.js';
import { trendingValue } from '../../src/papers/trending.js';
import { useContext } from '../helpers/context.js';

const context = useContext();
const now = new Date('2026-02-04T12:00:00Z');

function paper(identifier: string, more: Partial<Paper> = {}): Paper {
  return {
    ...untold,
    identifier,
    title: `Title of ${identifier}`,
    abstract: 'Abstract.',
    authors: ['A'],
    publishedAt: new Date('2026-02-01T00:00:00Z'),
    ...more,
  };
}

async function list(source: string, day: string, papers: Paper[], onlyKnown = false) {
  const { prisma } = context().db;
  const written = await writePapers(prisma, { source, day, papers }, now, onlyKnown);
  await writeList(prisma, { source, day, papers }, now);
  return written;
}

async function found(filter: Partial<Parameters<typeof listPapers>[1]>) {
  const papers = await listPapers(context().db.prisma, { sort: 'trending', limit: 10, ...filter });
  return papers.map(({ identifier }) => identifier);
}

beforeEach(async () => {
  await context().db.prisma.paper.deleteMany();
  await context().db.prisma.sourceDay.deleteMany();
});

describe('the same paper from two sources', () => {
  const short = paper('2602.00001', {
    title: 'T',
    abstract: 'Short.',
    authors: ['A'],
    summary: 'S',
    upvotes: 5,
    comments: 2,
  });
  const long = paper('2602.00001', {
    title: 'Title',
    abstract: 'Much longer.',
    authors: ['A', 'B'],
    keywords: ['k'],
    codeUrl: 'https://example.org/',
    publishedAt: new Date('2026-01-31T00:00:00Z'),
  });
  const both = {
    title: 'Title',
    abstract: 'Much longer.',
    authors: ['A', 'B'],
    keywords: ['k'],
    summary: 'S',
    upvotes: 5,
    comments: 2,
    codeUrl: 'https://example.org/',
    publishedAt: new Date('2026-01-31T00:00:00Z'),
  };

  test.each([
    ['first', [short, long]],
    ['second', [long, short]],
  ] as const)('is one paper with the richer fields, whether the votes come %s', async (_, [one, two]) => {
    await list('one', '2026-02-03', [one]);
    await list('two', '2026-02-03', [two]);
    expect(await context().db.prisma.paper.findMany()).toMatchObject([both]);
    expect(await list('one', '2026-02-03', [one])).toEqual([]);
    expect(await list('two', '2026-02-03', [two])).toEqual([]);
  });
});

describe('a revision', () => {
  test('updates a paper that is known and adds none', async () => {
    await list('one', '2026-02-03', [paper('2602.00001')]);
    const written = await list('one', '2026-02-04', [paper('2602.00001', { title: 'New' }), paper('2602.00002')], true);
    expect(written).toMatchObject([{ isNew: false, textChanged: true }]);
    expect(await context().db.prisma.paper.findMany()).toMatchObject([{ identifier: '2602.00001', title: 'New' }]);
  });
});

describe('the papers that are listed', () => {
  beforeEach(async () => {
    await list('one', '2026-02-02', [paper('old', { upvotes: 9, title: 'Quick fox' }), paper('both', { upvotes: 1 })]);
    await list('one', '2026-02-04', [
      paper('new', { upvotes: 3, comments: 1, abstract: 'A lazy dog.', keywords: ['graphs'] }),
      paper('newer', { upvotes: 3, comments: 4, publishedAt: new Date('2026-02-03T00:00:00Z') }),
      paper('both', { upvotes: 1 }),
    ]);
    const { prisma } = context().db;
    const { id } = await prisma.paper.findUniqueOrThrow({ where: { identifier: 'new' } });
    await prisma.match.createMany({
      data: [
        { paperId: id, topic: 'robotics', score: 1, reason: 'title' },
        { paperId: id, topic: 'music', score: 2, reason: 'title' },
      ],
    });
  });

  test('trend by votes and comments, of which an older paper needs more', async () => {
    expect(await found({})).toEqual(['newer', 'old', 'new', 'both']);
    expect(await found({ day: '2026-02-04' })).toEqual(['newer', 'new', 'both']);
    expect(await found({ limit: 1 })).toEqual(['newer']);
    await context().db.prisma.paper.update({ where: { identifier: 'old' }, data: { upvotes: 11 } });
    expect(await found({ limit: 1 })).toEqual(['old']);
  });

  test('trend as digests say it', async () => {
    const days = ['2026-02-01', '2026-02-17', '2026-03-01'];
    const papers = days.flatMap((day, i) =>
      [0, 1, 4, 30, 250].map((upvotes) => ({ id: `${day} ${upvotes}`, day, upvotes, comments: i + (upvotes % 3) })),
    );
    for (const { id, day, ...given } of papers) await list('one', day, [paper(id, given)]);
    const value = (identifier: string) =>
      trendingValue(papers.find(({ id }) => id === identifier) ?? newest, newest.day);
    const newest = { upvotes: 0, comments: 0, day: '2026-03-01' };
    const order = (await found({ limit: 99 })).filter((identifier) => identifier.includes(' ')).map(value);
    expect(order).toHaveLength(15);
    for (const [i, each] of order.slice(1).entries()) expect(each).toBeLessThanOrEqual((order[i] ?? 0) + 1e-12);
  });

  test('are newest by the list on which they stand', async () => {
    expect(await found({ sort: 'newest' })).toEqual(['newer', 'new', 'both', 'old']);
  });

  test('come with their topics, the best match first', async () => {
    const papers = await listPapers(context().db.prisma, { topic: 'robotics', sort: 'upvoted', limit: 10 });
    expect(papers).toMatchObject([
      { identifier: 'new', day: '2026-02-04', topics: [{ slug: 'music', name: 'Music' }, { slug: 'robotics' }] },
    ]);
  });

  test.each([
    ['foxes', ['old']],
    ['"lazy dog"', ['new']],
    ['graph', ['new']],
    ['fox or dog', ['old', 'new']],
    ['title -fox', ['newer', 'new', 'both']],
    ['nothing like it', []],
    ['the', []],
    ['"unclosed (& | ! :*', []],
    ["it's \0 nul", []],
    ['-'.repeat(199), []],
    ['- '.repeat(100), []],
    [`${'-'.repeat(99)} fox`, ['old']],
  ])('are found by %j', async (query, identifiers) => expect(await found({ query })).toEqual(identifiers));

  test('tell their days', async () => {
    const { prisma } = context().db;
    expect(await newestDay(prisma)).toBe('2026-02-04');
    expect(await daysAround(prisma, '2026-02-03')).toEqual({ previous: '2026-02-02', next: '2026-02-04' });
    expect(await daysAround(prisma, '2026-02-04')).toEqual({ previous: '2026-02-02', next: null });
  });
});

test('without papers there is no newest day', async () => {
  expect(await newestDay(context().db.prisma)).toBeNull();
  expect(await daysAround(context().db.prisma, '2026-02-04')).toEqual({ previous: null, next: null });
});
