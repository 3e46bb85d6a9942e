import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditDay } from '../../src/digests/audit.js';
import { planDue } from '../../src/digests/plan.js';
import { ingest } from '../../src/ingest/ingest.js';
import { vocabulary } from '../../src/topics/vocabulary.js';
import { type TestContext, useContext } from '../helpers/context.js';
import { makeSubscriber } from '../helpers/rows.js';
import { dailyPaper, playHuggingFace, playPages } from '../helpers/source.js';
import { foretellDigests, type ReckonedPaper } from './oracle.js';

const corpus = process.env['OFFPRINT_CORPUS'];
const day = 86_400_000;
const hour = 3_600_000;

const zones = [
  'UTC',
  'Etc/GMT+12',
  'America/Los_Angeles',
  'America/New_York',
  'America/St_Johns',
  'Europe/Berlin',
  'Africa/Nairobi',
  'Asia/Kathmandu',
  'Asia/Tokyo',
  'Australia/Lord_Howe',
  'Pacific/Kiritimati',
];
const slugs = vocabulary.map((topic) => topic.slug);
const often = <const T>(usual: T, ...others: T[]) =>
  fc.oneof({ weight: 4 * others.length, arbitrary: fc.constant(usual) }, ...others.map((other) => fc.constant(other)));

const subscribers = fc.record({
  status: often('active', 'pending', 'paused', 'unsubscribed', 'bounced', 'complained'),
  topics: fc.uniqueArray(fc.constantFrom(...slugs), { maxLength: 5 }),
  timezone: fc.constantFrom(...zones),
  hour: fc.integer({ min: 0, max: 23 }),
  frequency: often('daily', 'weekdays', 'weekly'),
  papersPerDigest: fc.integer({ min: 1, max: 10 }),
});

/** In steps of so many hours from 18:00 UTC to 06:00 two days later: in the days after these every zone's hour comes. */
function morningsAfter(days: string[], stepHours: number): Date[] {
  const mornings = days.flatMap((date) =>
    Array.from({ length: 36 / stepHours }, (_, step) => Date.parse(date) + day + (step * stepHours - 6) * hour),
  );
  return [...new Set(mornings)].toSorted((a, b) => a - b).map((instant) => new Date(instant));
}

/** The papers as they stand on lists that were first read after their day: ready when it ended. */
async function reckonedPapers({ db }: TestContext): Promise<ReckonedPaper[]> {
  const papers = await db.prisma.paper.findMany({ include: { listings: true, matches: true } });
  return papers.map(({ listings, matches, ...paper }) => {
    const listed = listings.map((listing) => listing.day.getTime()).toSorted((a, b) => a - b)[0] ?? 0;
    return {
      ...paper,
      topics: new Map(matches.map(({ topic, score }) => [topic, score])),
      day: new Date(listed).toISOString().slice(0, 10),
      readyAt: new Date(listed + day),
    };
  });
}

/** Plans ten mornings for 200 subscribers, and compares what is written with what ought to be. */
async function checkTenMornings(ctx: TestContext, days: string[], stepHours: number): Promise<void> {
  await makeReaders(ctx);
  const instants = morningsAfter(days, stepHours);
  const papers = await reckonedPapers(ctx);
  for (const at of instants) await planTwice(ctx, at);
  await compare(ctx, papers, instants);
}

async function makeReaders(ctx: TestContext): Promise<void> {
  for (const reader of fc.sample(subscribers, { seed: 20_260_204, numRuns: 200 }))
    await makeSubscriber(ctx.db.prisma, reader);
}

/** Plans as at an instant; a second time there is nothing to plan. */
async function planTwice(ctx: TestContext, at: Date): Promise<void> {
  ctx.time.now = at;
  await planDue(ctx, at);
  expect((await planDue(ctx, at)).days).toEqual([]);
}

/** Every digest that ought to be is there, once, of these papers and planned then; no paper came twice, and the account is right. */
async function compare(
  ctx: TestContext,
  papers: ReckonedPaper[],
  instants: Date[],
  isSourceLate?: (instant: Date) => boolean,
): Promise<void> {
  const { prisma } = ctx.db;
  const readers = await prisma.subscriber.findMany();
  const expected = foretellDigests(readers, papers, instants, isSourceLate);
  const digests = await prisma.digest.findMany();
  const editions = new Map((await prisma.edition.findMany()).map(({ id, paperIds }) => [id, paperIds]));
  const written = digests.map(({ subscriberId, day: date, editionId, plannedAt }) => [
    `subscriber ${subscriberId} on ${date.toISOString().slice(0, 10)}`,
    { paperIds: editions.get(editionId), at: plannedAt.toISOString() },
  ]);
  expect(Object.fromEntries(written)).toEqual(Object.fromEntries(expected));
  expect(written).toHaveLength(expected.size);
  expect(written.length).toBeGreaterThan(500);
  const active = new Set(readers.filter(({ status }) => status === 'active').map(({ id }) => id));
  expect(digests.filter(({ subscriberId }) => !active.has(subscriberId ?? 0))).toEqual([]);
  const given = digests.flatMap(({ subscriberId, editionId }) =>
    (editions.get(editionId) ?? []).map((paperId) => `${subscriberId} ${paperId}`),
  );
  expect(new Set(given).size).toBe(given.length);
  for (const date of new Set(digests.map((digest) => digest.day.toISOString().slice(0, 10)))) {
    expect(await auditDay(prisma, date, ctx.time.now)).toMatchObject({ problems: [] });
  }
}

/**
 * Three sources, as they are at an instant. Hugging Face is late: it lists half of a day's papers from 09:00 UTC and all but
 * two from 18:00; every third day nothing can be read of it from then on, and when it is back at 15:00 the day after, the two
 * are there. A feed is repaired at noon, every day; another is dead.
 */
class ThreeSources {
  readonly #lists: Map<string, { id: string; upvotes: number; title: string }[]>;
  constructor(days: string[]) {
    const title = fc.constantFrom(
      'Diffusion models for video',
      'Agents that plan',
      'Reasoning in robotics',
      'On nothing',
    );
    const made = fc.record({ upvotes: fc.integer({ min: 0, max: 6 }), title });
    const lists = fc.sample(fc.array(made, { minLength: 2, maxLength: 12 }), { seed: 7, numRuns: days.length });
    this.#lists = new Map(
      days.map((date, i) => [
        date,
        (lists[i] ?? []).map((paper, n) => ({
          ...paper,
          id: `${date.slice(2, 4)}${date.slice(5, 7)}.${date.slice(8)}${String(n).padStart(3, '0')}`,
        })),
      ]),
    );
  }

  get days(): string[] {
    return [...this.#lists.keys()];
  }

  /** Whether Hugging Face cannot be read. */
  isDown(instant: number): boolean {
    return this.days.some((date, i) => {
      const began = Date.parse(date) + 18 * hour;
      return i % 3 === 1 && instant >= began && instant < began + 21 * hour;
    });
  }

  list(date: string, instant: number) {
    const papers = this.#lists.get(date) ?? [];
    const hours = (instant - Date.parse(date)) / hour;
    if (hours < 9) return [];
    if (hours < 18) return papers.slice(0, papers.length / 2);
    return hours < 39 && this.days.indexOf(date) % 3 === 1 ? papers.slice(0, -2) : papers;
  }

  /** The numbers of the feed's notes: one each six hours from the first day on; null while it cannot be read. */
  notes(instant: number): number[] | null {
    if (new Date(instant).getUTCHours() < 12) return null;
    const count = Math.floor((instant - Date.parse(this.days[0] ?? '')) / (6 * hour));
    return Array.from({ length: Math.max(0, count) }, (_, n) => n);
  }
}

/** What the plan can know of three sources that are read at these instants: from when on each paper may be offered, and when one is late. */
function reckonSources(sources: ThreeSources, instants: number[]) {
  const papers = new Map<string, { day: string; readyAt: number }>();
  const reads = (date: string, until: number) =>
    instants.filter((at) => at >= Date.parse(date) && at <= until && !sources.isDown(at));
  for (const date of sources.days) {
    const end = Date.parse(date) + day;
    const listReady = Math.min(
      reads(date, Number.POSITIVE_INFINITY).find((at) => at >= end) ?? Number.POSITIVE_INFINITY,
      end + hour / 2,
    );
    for (const at of reads(date, end + 6 * day)) {
      for (const { id } of sources.list(date, at))
        if (!papers.has(id)) papers.set(id, { day: date, readyAt: Math.max(listReady, at) });
    }
  }
  for (const at of instants) {
    const date = new Date(at).toISOString().slice(0, 10);
    for (const note of sources.notes(at) ?? [])
      if (!papers.has(`note ${note}`)) papers.set(`note ${note}`, { day: date, readyAt: at });
  }
  const isSourceLate = (instant: Date) => {
    const at = instant.getTime();
    const end = Math.floor(at / day) * day;
    const yesterday = new Date(end - day).toISOString().slice(0, 10);
    return sources.days.includes(yesterday) && sources.isDown(at) && !reads(yesterday, at).some((read) => read >= end);
  };
  return { papers, isSourceLate };
}

describe('ten mornings, 200 subscribers from UTC-12 to UTC+14, three sources: one is dead, one late, one repaired at noon', () => {
  const context = useContext({}, [/source failed/]);

  it.each([
    ['forward in Europe', '2026-03-24'],
    ['back in Europe and in America', '2026-10-23'],
  ])('across a change of the clocks %s', { timeout: 120_000 }, async (_, first) => {
    await context().db.pool.query(
      'truncate subscribers, cursor_exceptions, digests, editions, papers, source_days, plans restart identity cascade',
    );
    const days = Array.from({ length: 10 }, (__, i) =>
      new Date(Date.parse(first) + i * day).toISOString().slice(0, 10),
    );
    const sources = new ThreeSources(days);
    const instants = Array.from({ length: 12 * 8 }, (__, i) => Date.parse(first) + i * 3 * hour);
    let now = 0;
    const huggingFace = await playHuggingFace();
    const pages = await playPages({
      '/noon.xml': (_request, response) => {
        const notes = sources.notes(now);
        const items = (notes ?? []).map((n) => `<item><title>Note ${n} on agents</title><guid>note ${n}</guid></item>`);
        response.writeHead(notes ? 200 : 404).end(`<rss version="2.0"><channel>${items.join('')}</channel></rss>`);
      },
    });
    for (const date of days) {
      huggingFace.answer(date, (_request, response) => {
        const list = sources.list(date, now).map(({ id, ...paper }) => dailyPaper(id, paper));
        response.writeHead(sources.isDown(now) ? 404 : 200).end(JSON.stringify(list));
      });
    }
    const config = {
      ...context().config,
      huggingfaceUrl: huggingFace.url,
      arxivUrl: pages,
      sources: [
        { kind: 'feed' as const, url: `${pages}/dead.xml` },
        { kind: 'huggingface' as const },
        { kind: 'feed' as const, url: `${pages}/noon.xml` },
      ],
    };
    const ctx = { ...context(), config };
    await makeReaders(ctx);
    for (const instant of instants) {
      now = instant;
      ctx.time.now = new Date(instant);
      await ingest(ctx, {});
      await planTwice(ctx, ctx.time.now);
    }
    await huggingFace.close();
    const reckoned = reckonSources(sources, instants);
    const stored = await ctx.db.prisma.paper.findMany({ include: { matches: true } });
    const papers = stored.flatMap(({ matches, identifier, ...paper }) => {
      const known = reckoned.papers.get(identifier.replace(/^.*#(note)%20/, '$1 '));
      const topics = new Map(matches.map(({ topic, score }) => [topic, score]));
      return known ? { ...paper, topics, day: known.day, readyAt: new Date(known.readyAt) } : [];
    });
    expect(papers).toHaveLength(stored.length);
    await compare(
      ctx,
      papers,
      instants.map((instant) => new Date(instant)),
      reckoned.isSourceLate,
    );
    // The scenario is one: some wait, and some papers come late.
    expect(instants.filter((instant) => reckoned.isSourceLate(new Date(instant))).length).toBeGreaterThan(6);
  });
});

describe.skipIf(!corpus)('ten mornings, 200 subscribers, eleven time zones, on captured days', () => {
  const context = useContext({}, [/source failed/]);

  it('of real papers, across the beginning of summer time', { timeout: 120_000 }, async () => {
    const folder = join(corpus ?? '', 'huggingface');
    const days = readdirSync(folder).map((name) => name.replace('.json', ''));
    // Clocks go forward in Europe on Sunday 29 March 2026. Lists before and after the ten days are there, too.
    const first = days.indexOf('2026-03-20');
    const read = days.slice(first - 2, first + 12);
    const source = await playHuggingFace(
      Object.fromEntries(read.map((date) => [date, JSON.parse(readFileSync(join(folder, `${date}.json`), 'utf8'))])),
    );
    const ctx = { ...context(), config: { ...context().config, huggingfaceUrl: source.url } };
    ctx.time.now = new Date('2026-04-10T00:00:00Z');
    for (const date of read) expect((await ingest(ctx, { date })).failures).toEqual([]);
    await checkTenMornings(ctx, days.slice(first, first + 10), 1);
    await source.close();
  });
});
