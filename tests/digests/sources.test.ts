import { beforeEach, describe, expect, it } from 'vitest';
import { planDue } from '../../src/digests/plan.js';
import { ingest } from '../../src/ingest/ingest.js';
import { useContext } from '../helpers/context.js';
import { makeSubscriber, papersOf } from '../helpers/rows.js';
import { answerWith, dailyPaper, type PlayedSource, playHuggingFace, playPages } from '../helpers/source.js';
import { startMorning } from './delivery.js';

const context = useContext({}, [/source failed/]);
let huggingFace: PlayedSource;
let feed: { url: string; answer: ReturnType<typeof answerWith> };

const feedOf = (...ids: number[]) => {
  const entries = ids.map((id) => `<item><title>Note ${id}</title><link>https://blog.example.org/${id}</link></item>`);
  return answerWith(200, `<rss version="2.0"><channel><title>A blog</title>${entries.join('')}</channel></rss>`);
};

beforeEach(async () => {
  await startMorning(context());
  huggingFace = await playHuggingFace();
  const answer = feedOf();
  const url = await playPages({ '/feed.xml': (request, response) => feed.answer(request, response) });
  feed = { url: `${url}/feed.xml`, answer };
});

/** A reader who had a digest on the 3rd, before there were papers. */
const makeReader = (given: { papersPerDigest?: number } = {}) =>
  makeSubscriber(context().db.prisma, { plannedDay: '2026-02-03', cursor: 0, ...given });

/** At a time, reads the sources if asked to, and plans. @returns how many digests were planned */
async function at(time: string, { reads = true } = {}): Promise<number> {
  const now = new Date(`2026-02-${time}:00Z`);
  context().time.now = now;
  const config = {
    ...context().config,
    huggingfaceUrl: huggingFace.url,
    arxivUrl: new URL(feed.url).origin,
    sources: [{ kind: 'huggingface' as const }, { kind: 'feed' as const, url: feed.url }],
  };
  const ctx = { ...context(), config };
  if (reads) await ingest(ctx, {});
  return (await planDue(ctx, now)).days.reduce((sum, { planned }) => sum + planned, 0);
}
const titlesOf = async (id: number) => {
  const ids = await papersOf(context().db.prisma, id);
  const papers = await context().db.prisma.paper.findMany({ where: { id: { in: ids } } });
  return papers.map(({ title }) => title).toSorted();
};

describe('a source', () => {
  it('that is a feed and failed in the night keeps nobody waiting once it is well again, and not while it fails', async () => {
    const reader = await makeReader();
    huggingFace.answer('2026-02-03', [dailyPaper('2602.00001')]);
    feed.answer = feedOf(1);
    await at('03T23:02');
    feed.answer = answerWith(503, 'down');
    await at('03T23:32');
    feed.answer = feedOf(1, 2);
    await at('04T00:02');
    expect(await at('04T08:00')).toBe(1);
    expect(await titlesOf(reader.id)).toEqual(['A study of 2602.00001', 'Note 1', 'Note 2']);
    feed.answer = answerWith(503, 'down');
    huggingFace.answer('2026-02-04', [dailyPaper('2602.00002')]);
    await at('04T23:32');
    await at('05T00:02');
    expect(await at('05T08:00')).toBe(1);
  });

  it('that is no longer configured keeps nobody waiting', async () => {
    await makeReader();
    feed.answer = feedOf(1);
    await context().db.prisma.sourceDay.createMany({
      data: [
        { source: 'former', day: new Date('2026-02-02'), fetchedAt: new Date('2026-02-03T00:02:00Z') },
        { source: 'former', day: new Date('2026-02-03'), failedAt: new Date('2026-02-04T07:32:00Z'), error: '503' },
      ],
    });
    expect(await at('04T08:00')).toBe(1);
  });

  it('that is late holds back only those whose digest would be the poorer for it', async () => {
    const { prisma } = context().db;
    const full = await makeReader({ papersPerDigest: 2 });
    await makeReader({ papersPerDigest: 3 });
    feed.answer = feedOf(1, 2);
    huggingFace.answer('2026-02-03', [dailyPaper('2602.00001')]);
    await at('03T21:32');
    huggingFace.answer('2026-02-03', answerWith(404, 'gone'));
    await at('04T00:32');
    // The list of the day is there as it was last read: three papers in all.
    expect(await at('04T08:00')).toBe(2);
    huggingFace.answer('2026-02-04', answerWith(404, 'gone'));
    feed.answer = feedOf(1, 2, 3, 4);
    expect(await at('05T08:00')).toBe(1);
    expect(await papersOf(prisma, full.id)).toHaveLength(4);
    expect(await at('05T11:59')).toBe(0);
    expect(await at('05T12:00')).toBe(1);
  });

  it('that comes late loses no paper: what its list gains after the plan comes with the next digest, once', async () => {
    const reader = await makeReader();
    huggingFace.answer('2026-02-03', [dailyPaper('2602.00001')]);
    await at('03T21:32');
    huggingFace.answer('2026-02-03', answerWith(404, 'gone'));
    await at('04T08:02');
    expect(await at('04T12:00')).toBe(1);
    const three = ['2602.00002', '2602.00003', '2602.00004'].map((id) => dailyPaper(id, { upvotes: 99 }));
    huggingFace.answer('2026-02-03', [dailyPaper('2602.00001'), ...three]);
    await at('04T14:02');
    huggingFace.answer('2026-02-04', []);
    expect(await at('05T08:00')).toBe(1);
    expect(await at('06T08:00')).toBe(0);
    expect(await titlesOf(reader.id)).toHaveLength(4);
    expect(await papersOf(context().db.prisma, reader.id)).toHaveLength(4);
  });

  it('that is read for a day gone by, by hand, brings its papers with the next digest', async () => {
    const reader = await makeReader();
    huggingFace.answer('2026-02-03', [dailyPaper('2602.00001')]);
    expect(await at('04T08:00')).toBe(1);
    huggingFace.answer('2026-01-30', [dailyPaper('2601.00009')]);
    const config = { ...context().config, huggingfaceUrl: huggingFace.url };
    await ingest({ ...context(), config }, { date: '2026-01-30' });
    expect(await at('05T08:00')).toBe(1);
    expect(await titlesOf(reader.id)).toEqual(['A study of 2601.00009', 'A study of 2602.00001']);
  });

  it('that sends what cannot be stored is on record, and the sources after it are read', async () => {
    context().expectsLog(/source failed/);
    huggingFace.answer('2026-02-03', [dailyPaper('2602.00001')]);
    feed.answer = feedOf(1);
    const config = {
      ...context().config,
      huggingfaceUrl: huggingFace.url,
      arxivUrl: new URL(feed.url).origin,
      sources: [{ kind: 'feed' as const, url: feed.url }, { kind: 'huggingface' as const }],
    };
    await context().db.pool.query("alter table papers add constraint unstorable check (title <> 'Note 1') not valid");
    const report = await ingest({ ...context(), config }, {}).finally(() =>
      context().db.pool.query('alter table papers drop constraint unstorable'),
    );
    expect(report.failures).toMatchObject([
      { source: `feed:${feed.url}`, error: expect.stringContaining('unstorable') },
    ]);
    expect(report.new).toBe(1);
    expect(await context().db.prisma.sourceDay.findFirst({ where: { error: { not: null } } })).not.toBeNull();
  });
});
