import { beforeEach, describe, expect, it } from 'vitest';
import { planWelcome } from '../../src/digests/plan.js';
import { noticeNews } from '../../src/papers/news.js';
import { useContext } from '../helpers/context.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';

const context = useContext();
const sentAt = new Date('2026-02-04T09:00:00Z');
const later = new Date('2026-02-06T09:00:00Z');

beforeEach(() => context().db.pool.query('truncate subscribers, papers, editions, digests cascade'));

/** A paper that was sent to somebody, as it was then. */
async function sentPaper(given: Parameters<typeof makePaper>[2] = {}) {
  const { prisma } = context().db;
  const paper = await makePaper(prisma, '2026-02-03', { upvotes: 10, ...given });
  const reader = await makeSubscriber(prisma);
  await prisma.$transaction((tx) => planWelcome(tx, sentAt, reader.id));
  expect(await prisma.paperSnapshot.count({ where: { paperId: paper.id } })).toBe(1);
  return paper;
}
const notice = (ids: number[], revised: string[] = [], now = later) =>
  context().db.prisma.$transaction((tx) => noticeNews(tx, { ids, revised }, now));
const news = () =>
  context().db.prisma.paperNews.findMany({ orderBy: { kind: 'asc' }, omit: { paperId: true, noticedAt: true } });
const change = (id: number, data: object) => context().db.prisma.paper.update({ where: { id }, data });

describe('news of a paper that was sent', () => {
  it('is its code, where there was none', async () => {
    const { id } = await sentPaper();
    await change(id, { codeUrl: 'https://github.com/ada/x' });
    await notice([id]);
    expect(await news()).toEqual([{ kind: 'code', votes: null, codeUrl: 'https://github.com/ada/x' }]);
  });

  it('is none where it had code already, or what it has is no https address', async () => {
    const known = await sentPaper({ codeUrl: 'https://github.com/ada/x' });
    await change(known.id, { codeUrl: 'https://github.com/ada/y' });
    const odd = await sentPaper();
    await change(odd.id, { codeUrl: 'javascript:alert(1)' });
    await notice([known.id, odd.id]);
    expect(await news()).toEqual([]);
  });

  it.each([
    [129, []],
    [130, [{ kind: 'votes', votes: 130, codeUrl: null }]],
  ])('is 120 votes more: of 10 then and %i now, %j', async (upvotes, expected) => {
    const { id } = await sentPaper();
    await change(id, { upvotes });
    await notice([id]);
    expect(await news()).toEqual(expected);
  });

  it('is a new version that its source announces, or that it is withdrawn', async () => {
    const revised = await sentPaper();
    const withdrawn = await sentPaper();
    await change(withdrawn.id, { abstract: 'This paper has been withdrawn by the authors due to an error.' });
    await notice([withdrawn.id], [revised.identifier, withdrawn.identifier]);
    expect(await news()).toMatchObject([{ kind: 'version' }, { kind: 'withdrawn' }]);
  });

  it('is told once, as it was noticed first', async () => {
    const { id } = await sentPaper();
    await change(id, { upvotes: 200 });
    await notice([id]);
    await change(id, { upvotes: 900 });
    await notice([id], [], new Date('2026-03-01T00:00:00Z'));
    expect(await context().db.prisma.paperNews.findMany()).toMatchObject([{ votes: 200, noticedAt: later }]);
  });

  it('is none of a paper that nobody was sent', async () => {
    const { id, identifier } = await makePaper(context().db.prisma, '2026-02-03');
    await change(id, { upvotes: 900, codeUrl: 'https://github.com/ada/x' });
    await notice([id], [identifier]);
    expect(await news()).toEqual([]);
  });
});
