import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditDay } from '../../src/digests/audit.js';
import { planDue } from '../../src/digests/plan.js';
import { ingest } from '../../src/topics/ingest.js';
import { vocabulary } from '../../src/topics/vocabulary.js';
import { type TestContext, useContext } from '../helpers/context.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { playHuggingFace } from '../helpers/source.js';
import { foretellDigests, type ReckonedPaper } from './oracle.js';

const corpus = process.env['OFFPRINT_CORPUS'];
const day = 86_400_000;
const hour = 3_600_000;

const zones = [
  'UTC',
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

async function plan(ctx: TestContext, at: Date): Promise<number> {
  ctx.time.now = at;
  return (await planDue(ctx, at)).days.reduce((sum, planned) => sum + planned.planned, 0);
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
  const { prisma } = ctx.db;
  for (const reader of fc.sample(subscribers, { seed: 20_260_204, numRuns: 200 })) await makeSubscriber(prisma, reader);
  const instants = morningsAfter(days, stepHours);
  const readers = await prisma.subscriber.findMany();
  const expected = foretellDigests(readers, await reckonedPapers(ctx), instants);

  let planned = 0;
  for (const at of instants) {
    planned += await plan(ctx, at);
    expect(await plan(ctx, at)).toBe(0);
  }

  const digests = await prisma.digest.findMany();
  const editions = new Map((await prisma.edition.findMany()).map(({ id, paperIds }) => [id, paperIds]));
  const written = digests.map(({ subscriberId, day: date, editionId }) => [
    `subscriber ${subscriberId} on ${date.toISOString().slice(0, 10)}`,
    editions.get(editionId),
  ]);
  expect(written).toHaveLength(planned);
  expect(Object.fromEntries(written)).toEqual(Object.fromEntries(expected));
  expect(planned).toBeGreaterThan(500);
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

describe('ten mornings, 200 subscribers, ten time zones: who is due and has a match gets one digest', () => {
  const context = useContext();

  it('of made-up papers, across the end of summer time and a change of the month', async () => {
    const { prisma } = context().db;
    // Sunday 25 October 2026 and 1 November: clocks go back in Europe and in America.
    const days = Array.from({ length: 10 }, (_, i) =>
      new Date(Date.parse('2026-10-23') + i * day).toISOString().slice(0, 10),
    );
    const made = fc.record({
      upvotes: fc.integer({ min: 0, max: 20 }),
      comments: fc.integer({ min: 0, max: 3 }),
      topics: fc.uniqueArray(fc.constantFrom(...slugs), { maxLength: 6 }),
    });
    const lists = fc.sample(fc.array(made, { maxLength: 15 }), { seed: 7, numRuns: days.length });
    for (const [i, date] of days.entries()) for (const paper of lists[i] ?? []) await makePaper(prisma, date, paper);
    await checkTenMornings(context(), days, 3);
  });
});

describe.skipIf(!corpus)('ten mornings, 200 subscribers, ten time zones, on captured days', () => {
  const context = useContext();

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
