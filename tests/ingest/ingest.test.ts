import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.js';
import { ingest } from '../../src/ingest/ingest.js';
import { listPapers } from '../../src/papers/store.js';
import { useContext } from '../helpers/context.js';
import { answerWith, dailyPaper, playHuggingFace, playPages } from '../helpers/source.js';

const context = useContext({}, [/source failed/, /entry skipped/]);

async function readingFrom(url: string) {
  return { ...context(), config: { ...context().config, huggingfaceUrl: url } };
}

async function topicsOf(identifier: string) {
  const papers = await listPapers(context().db.prisma, { sort: 'newest', limit: 100 });
  return papers.find((paper) => paper.identifier === identifier)?.topics.map(({ slug }) => slug);
}

async function sourceDay(day: string) {
  return context().db.prisma.sourceDay.findUnique({
    where: { source_day: { source: 'huggingface', day: new Date(day) } },
  });
}

beforeEach(async () => {
  const { prisma } = context().db;
  await prisma.paper.deleteMany();
  await prisma.sourceDay.deleteMany();
  context().time.now = new Date('2026-02-04T12:00:00Z');
});

describe('matching', () => {
  test('finds the topics of a paper, with the words that decided; a passing mention is none', async () => {
    const source = await playHuggingFace({
      '2026-02-04': [
        dailyPaper('2602.00001', {
          title: 'Gaussian splatting of moving crowds',
          summary: 'We reconstruct dynamic 3D scenes from a few cameras, and render novel views of them.',
        }),
        dailyPaper('2602.00002', {
          title: 'Training language models on dialogue',
          summary:
            'We train a large language model on conversations between people and study what it learns about turn taking. Unlike work on ' +
            '3D reconstruction, this needs no camera: transcripts are enough, and more of them make the model better at following instructions.',
        }),
        dailyPaper('2602.00003', { title: 'Scores', ai_keywords: ['symbolic music', 'singing voice', 'song'] }),
      ],
    });
    await ingest(await readingFrom(source.url), { date: '2026-02-04' });
    expect(await topicsOf('2602.00001')).toEqual(['3d']);
    expect(await topicsOf('2602.00002')).not.toContain('3d');
    expect(await topicsOf('2602.00003')).toContain('music');
    const [splatting, scores] = await context().db.prisma.match.findMany({
      where: { topic: { in: ['3d', 'music'] } },
      orderBy: { paperId: 'asc' },
    });
    expect(splatting).toMatchObject({
      topic: '3d',
      reason: expect.stringMatching(/^(title: gaussian|abstract: .*3d)/i),
    });
    expect(scores).toMatchObject({ topic: 'music', reason: expect.stringMatching(/^keywords: .*(music|sing|song)/) });
  });

  test('follows weights and definitions: papers on offer are matched anew once, after the sources are read', async () => {
    const source = await playHuggingFace({ '2026-02-04': [dailyPaper('2602.00001', { title: 'On music' })] });
    const ctx = await readingFrom(source.url);
    await ingest(ctx, { date: '2026-02-04' });
    await ctx.db.pool.query("update matches set topic = 'theory'");
    await ctx.db.pool.query('update papers set matched_with = matched_with - 1');
    const told: unknown[] = [];
    const log = Object.assign(Object.create(ctx.log), { info: (what: unknown) => told.push(what) });
    await ingest({ ...ctx, log }, { date: '2026-02-04' });
    expect(await topicsOf('2602.00001')).toEqual(['music']);
    expect(told).toEqual([{ papers: 1, topics: { music: { gained: 1, lost: 0 }, theory: { gained: 0, lost: 1 } } }]);
    await ingest({ ...ctx, log }, { date: '2026-02-04' });
    expect(told).toHaveLength(1);
  });

  test('follows the text: a paper that is renamed moves to its new topics', async () => {
    const source = await playHuggingFace({ '2026-02-04': [dailyPaper('2602.00001', { title: 'On music' })] });
    const ctx = await readingFrom(source.url);
    await ingest(ctx, { date: '2026-02-04' });
    source.answer('2026-02-04', [dailyPaper('2602.00001', { title: 'On robots' })]);
    await ingest(ctx, { date: '2026-02-04' });
    expect(await topicsOf('2602.00001')).toEqual(['robotics']);
  });
});

describe('ingest', () => {
  test('reads today and the six days before it, and twice is once', async () => {
    const source = await playHuggingFace({
      '2026-02-04': [dailyPaper('2602.00004')],
      '2026-01-29': [dailyPaper('2601.00029')],
      '2026-01-28': [dailyPaper('2601.00028')],
    });
    const ctx = await readingFrom(source.url);
    expect(await ingest(ctx, {})).toEqual({ days: 7, fetched: 2, new: 2, updated: 0, rejected: 0, failures: [] });
    expect(await ingest(ctx, {})).toEqual({ days: 7, fetched: 2, new: 0, updated: 0, rejected: 0, failures: [] });
    expect(source.requests.slice(0, 7).map(({ query }) => query.get('date'))).toEqual([
      '2026-02-04',
      '2026-02-03',
      '2026-02-02',
      '2026-02-01',
      '2026-01-31',
      '2026-01-30',
      '2026-01-29',
    ]);
  });

  test('takes over new votes and comments, and leaves what did not change alone', async () => {
    const source = await playHuggingFace({ '2026-02-04': [dailyPaper('2602.00001'), dailyPaper('2602.00002')] });
    const ctx = await readingFrom(source.url);
    await ingest(ctx, { date: '2026-02-04' });
    context().time.now = new Date('2026-02-04T13:00:00Z');
    source.answer('2026-02-04', [
      dailyPaper('2602.00001', { upvotes: 9 }, { numComments: 7 }),
      dailyPaper('2602.00002'),
    ]);
    expect(await ingest(ctx, { date: '2026-02-04' })).toMatchObject({ new: 0, updated: 1 });
    const [first, second] = await context().db.prisma.paper.findMany({ orderBy: { identifier: 'asc' } });
    expect(first).toMatchObject({ upvotes: 9, comments: 7, updatedAt: new Date('2026-02-04T13:00:00Z') });
    expect(second).toMatchObject({ upvotes: 3, updatedAt: new Date('2026-02-04T12:00:00Z') });
  });

  test('notes what has become of papers that were sent, and of no others', async () => {
    const papers = (given: Record<string, unknown>) => [
      dailyPaper('2602.00001', given),
      dailyPaper('2602.00002', given),
    ];
    const source = await playHuggingFace({ '2026-02-04': papers({ upvotes: 3 }) });
    const ctx = await readingFrom(source.url);
    const { prisma } = ctx.db;
    await ingest(ctx, { date: '2026-02-04' });
    const sent = await prisma.paper.findFirstOrThrow({ orderBy: { identifier: 'asc' } });
    await prisma.$executeRaw`
      insert into paper_snapshots (paper_id, hash, content, created_at)
      select paper_id, '', content, ${context().clock()} from current_papers where paper_id = ${sent.id}`;
    source.answer('2026-02-04', papers({ upvotes: 140, githubRepo: 'https://github.com/a/b' }));
    await ingest(ctx, { date: '2026-02-04' });
    expect(await prisma.paperNews.findMany({ orderBy: { kind: 'asc' } })).toMatchObject([
      { paperId: sent.id, kind: 'code', codeUrl: 'https://github.com/a/b' },
      { paperId: sent.id, kind: 'votes', votes: 140 },
    ]);
  });

  test('never replaces what is known by what is missing', async () => {
    const full = dailyPaper(
      '2602.00001',
      { ai_summary: 'In short.', githubRepo: 'https://github.com/a/b', githubStars: 5, ai_keywords: ['a', 'b'] },
      { mediaUrls: ['https://example.org/a.png'] },
    );
    const bare = dailyPaper('2602.00001', { upvotes: undefined, authors: [], summary: '' }, { numComments: undefined });
    const source = await playHuggingFace({ '2026-02-04': [full] });
    const ctx = await readingFrom(source.url);
    await ingest(ctx, { date: '2026-02-04' });
    source.answer('2026-02-04', [bare]);
    expect(await ingest(ctx, { date: '2026-02-04' })).toMatchObject({ updated: 0 });
    expect(await context().db.prisma.paper.findFirst()).toMatchObject({
      summary: 'In short.',
      codeUrl: 'https://github.com/a/b',
      codeStars: 5,
      keywords: ['a', 'b'],
      upvotes: 3,
      comments: 2,
      thumbnailUrl: 'https://example.org/a.png',
      authors: ['Ada Lovelace'],
      abstract: 'We study something and find something.',
    });
  });

  test('a paper on two lists of a source goes by the newer one', async () => {
    const source = await playHuggingFace({
      '2026-02-04': [dailyPaper('2602.00001', { upvotes: 10 })],
      '2026-02-02': [dailyPaper('2602.00001', { upvotes: 4, ai_summary: 'In short.' })],
    });
    const ctx = await readingFrom(source.url);
    await ingest(ctx, {});
    expect(await ingest(ctx, {})).toMatchObject({ new: 0, updated: 0 });
    const [paper] = await listPapers(ctx.db.prisma, { sort: 'newest', limit: 2 });
    expect(paper).toMatchObject({ upvotes: 10, summary: 'In short.', day: '2026-02-04' });
    expect(await ctx.db.prisma.listing.count()).toBe(2);
  });

  test('finding 2: skips and counts a bad entry; the others go in', async () => {
    const source = await playHuggingFace({
      '2026-02-04': [
        dailyPaper('2602.00001'),
        dailyPaper('2602.00002', { title: 7 }),
        { paper: null },
        dailyPaper('2602.00003'),
      ],
    });
    expect(await ingest(await readingFrom(source.url), { date: '2026-02-04' })).toMatchObject({
      fetched: 4,
      new: 2,
      rejected: 2,
      failures: [],
    });
  });

  test.each([
    ['a page of HTML', answerWith(200, '<!doctype html><title>Sorry</title>'), 'HTML'],
    ['no JSON', answerWith(200, '[{"paper":'), 'not JSON'],
    ['an object where a list was', answerWith(200, '{"papers":[]}'), 'not a list'],
    ['entries of another shape', answerWith(200, '[{"arxiv":"2602.00001"}]'), 'none of its entries is a paper'],
    ['not found', answerWith(404, 'Not found'), '404'],
  ])('%s is a failure: it is recorded and changes nothing else', async (_, answer, error) => {
    const source = await playHuggingFace({ '2026-02-04': [dailyPaper('2602.00001')] });
    const ctx = await readingFrom(source.url);
    await ingest(ctx, { date: '2026-02-04' });
    const before = await sourceDay('2026-02-04');
    context().time.now = new Date('2026-02-04T14:00:00Z');
    source.answer('2026-02-04', answer);

    const report = await ingest(ctx, { date: '2026-02-04' });
    expect(report).toMatchObject({ days: 0, fetched: 0 });
    expect(report.failures).toEqual([
      { source: 'huggingface', day: '2026-02-04', error: expect.stringContaining(error) },
    ]);
    expect(await sourceDay('2026-02-04')).toEqual({
      ...before,
      failedAt: context().time.now,
      error: report.failures[0]?.error,
    });
    expect(await ctx.db.prisma.paper.count()).toBe(1);
    expect(await ctx.db.prisma.listing.count()).toBe(1);
  });

  test('a source that somebody tries by hand and that fails holds nobody up: no failure is recorded', async () => {
    const source = await playHuggingFace({ '2026-02-04': answerWith(404, '') });
    const ctx = await readingFrom(source.url);
    const report = await ingest(ctx, { sources: [{ kind: 'huggingface' }], date: '2026-02-04' });
    expect(report.failures).toHaveLength(1);
    expect(await ctx.db.prisma.sourceDay.count({ where: { failedAt: { not: null } } })).toBe(0);
  });

  test('a success takes the failure back; a day without papers is a success, too', async () => {
    const source = await playHuggingFace({ '2026-02-04': answerWith(404, '') });
    const ctx = await readingFrom(source.url);
    await ingest(ctx, { date: '2026-02-04' });
    expect(await sourceDay('2026-02-04')).toMatchObject({ fetchedAt: null, failedAt: context().time.now });
    source.answer('2026-02-04', []);
    await ingest(ctx, { date: '2026-02-04' });
    expect(await sourceDay('2026-02-04')).toMatchObject({
      fetchedAt: context().time.now,
      readyAt: new Date('2026-02-05T00:30:00Z'),
      failedAt: null,
      error: null,
    });
  });

  test('tells from when on the papers of a list may be offered: once it is read after its day, or half an hour later', async () => {
    const source = await playHuggingFace({ '2026-02-04': [dailyPaper('2602.00001')] });
    const ctx = await readingFrom(source.url);
    await ingest(ctx, { date: '2026-02-04' });
    expect(await sourceDay('2026-02-04')).toMatchObject({ readyAt: new Date('2026-02-05T00:30:00Z') });
    context().time.now = new Date('2026-02-05T00:02:00Z');
    await ingest(ctx, { date: '2026-02-04' });
    expect(await sourceDay('2026-02-04')).toMatchObject({ readyAt: new Date('2026-02-05T00:00:00Z') });
  });

  test('finding 2: one failing day does not keep the others out', async () => {
    const source = await playHuggingFace({
      '2026-02-04': answerWith(404, ''),
      '2026-02-03': [dailyPaper('2602.00003')],
    });
    const report = await ingest(await readingFrom(source.url), {});
    expect(report).toMatchObject({ days: 6, new: 1 });
    expect(report.failures).toHaveLength(1);
  });

  test('row 49: lists an entry of a feed once, on the day on which it was first seen', async () => {
    const entry = (id: number) => `<item><title>T</title><guid>urn:x:${id}</guid></item>`;
    const content = { items: entry(1) };
    const url = await playPages({
      '/feed.xml': (_request, response) => response.end(`<rss><channel>${content.items}</channel></rss>`),
    });
    const ctx = await readingFrom(url);
    const sources = [{ kind: 'feed', url: `${url}/feed.xml` }] as const;
    expect(await ingest(ctx, { sources: [...sources] })).toMatchObject({ new: 1, failures: [] });
    content.items += entry(2);
    context().time.now = new Date('2026-02-05T12:00:00Z');
    expect(await ingest(ctx, { sources: [...sources] })).toMatchObject({ fetched: 2, new: 1, updated: 0 });
    const listed = await listPapers(ctx.db.prisma, { sort: 'newest', limit: 9 });
    expect(listed.map(({ identifier, day }) => [identifier, day])).toEqual([
      ['urn:x:2', '2026-02-05'],
      ['urn:x:1', '2026-02-04'],
    ]);
  });

  test('tells the user of a file that they named wrongly, and records a wrong one of the configuration', async () => {
    const missing = { kind: 'file', path: 'no/such.json' } as const;
    await expect(ingest(context(), { sources: [missing] })).rejects.toThrow(UserError);
    expect(await context().db.prisma.sourceDay.count()).toBe(0);
    const ctx = { ...context(), config: { ...context().config, sources: [missing] } };
    expect((await ingest(ctx, {})).failures).toMatchObject([{ source: 'file:no/such.json', day: '2026-02-04' }]);
  });

  test('takes any text that a source may send', async () => {
    const source = await playHuggingFace();
    const ctx = await readingFrom(source.url);
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });
    const entry = fc.record({
      id: text,
      title: text,
      summary: text,
      publishedAt: fc.constantFrom('0000-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '2026-02-01T00:00:00+23:59'),
      authors: fc.array(fc.record({ name: text })),
      ai_keywords: fc.array(text),
      ai_summary: text,
      githubRepo: text.map((path) => `https://example.org/${path}`),
      upvotes: fc.constantFrom(0, 2 ** 31 - 1, 2 ** 31, -1),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 5 }), async (papers) => {
        const entries = papers.map(({ id, ...paper }) => dailyPaper(id, paper));
        source.answer('2026-02-04', entries);
        const { failures, fetched } = await ingest(ctx, { date: '2026-02-04' });
        if (failures.length === 0) expect(fetched).toBeLessThanOrEqual(papers.length);
        else expect(failures[0]?.error).toContain('none of its entries is a paper');
      }),
      { numRuns: 50 },
    );
  });

  test('two readings at once do not get in each other’s way', async () => {
    const source = await playHuggingFace({ '2026-02-04': [dailyPaper('2602.00001'), dailyPaper('2602.00002')] });
    const ctx = await readingFrom(source.url);
    const reports = await Promise.all([1, 2, 3].map(() => ingest(ctx, { date: '2026-02-04' })));
    expect(reports.map((report) => report.new).sort()).toEqual([0, 0, 2]);
  });
});
