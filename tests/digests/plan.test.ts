import { beforeEach, describe, expect, it } from 'vitest';
import { auditDay } from '../../src/digests/audit.js';
import { loadEdition } from '../../src/digests/editions.js';
import { planDue, planWelcome } from '../../src/digests/plan.js';
import { writeList } from '../../src/papers/store.js';
import { preferencesOf, savePreferences } from '../../src/subscribers/preferences.js';
import { useContext } from '../helpers/context.js';
import { makePaper, makeSubscriber, papersOf as papersGiven } from '../helpers/rows.js';

const context = useContext();

beforeEach(async () => {
  const { prisma } = context().db;
  await prisma.$executeRaw`truncate subscribers, cursor_exceptions, digests, editions, papers, source_days, plans restart identity cascade`;
});

/** Plans as the clock asks at that time. */
const plan = async (at: string) => {
  context().time.now = new Date(at);
  return (await planDue(context(), new Date(at))).days;
};
const totals = async (at: string) => {
  const days = await plan(at);
  return { due: days.reduce((n, d) => n + d.due, 0), planned: days.reduce((n, d) => n + d.planned, 0) };
};
const papersOf = (id: number) => papersGiven(context().db.prisma, id);

describe('own interests', () => {
  it('bring papers by phrase, author and category, and keep muted ones away, each subscriber their own', async () => {
    const { prisma } = context().db;
    const make = (title: string, given: Parameters<typeof makePaper>[2] = {}) =>
      makePaper(prisma, '2026-02-03', { title, ...given });
    const world = await make('A world model', { authors: ['Ada Lovelace'] });
    const driving = await make('A simulator for driving', { categories: ['cs.RO'] });
    const games = await make('Simulators of games', { topics: ['agents'] });
    const phrases = ['"world model" OR simulator -driving'];
    const wishes = [
      { wish: { phrases }, papers: [world.id, games.id] },
      { wish: { phrases, mutedPhrases: ['games'] }, papers: [world.id] },
      { wish: { authors: ['A. Lovelace'], categories: ['cs'] }, papers: [world.id, driving.id] },
      { wish: { topics: ['agents'], mutedPhrases: ['games'] }, papers: [] },
      { wish: { mutedPhrases: ['world'] }, papers: [driving.id, games.id] },
      { wish: { topics: ['agents'] }, papers: [games.id] },
    ];
    const subscribers = await Promise.all(wishes.map(({ wish }) => makeSubscriber(prisma, wish)));
    await plan('2026-02-04T08:00:00Z');
    for (const [i, { papers }] of wishes.entries())
      expect((await papersOf(subscribers[i]?.id ?? 0)).toSorted((a, b) => a - b)).toEqual(papers);
    const [edition] = await prisma.edition.findMany({ where: { paperIds: { equals: [world.id] } } });
    expect(edition?.topics).toEqual([['your phrase “world model”']]);
  });

  it('are looked for in all that a subscriber missed, and in the first digest', async () => {
    const { prisma } = context().db;
    const old = await makePaper(prisma, '2026-01-20', { title: 'A world model' });
    await makePaper(prisma, '2026-02-03', { title: 'Another paper' });
    await plan('2026-02-04T07:00:00Z');
    const [missed, new1] = [
      await makeSubscriber(prisma, { phrases: ['world model'], cursor: 0 }),
      await makeSubscriber(prisma, { phrases: ['another'] }),
    ];
    await plan('2026-02-04T08:00:00Z');
    expect(await papersOf(missed.id)).toEqual([old.id]);
    expect(await papersOf(new1.id)).toHaveLength(1);
    const newcomer = await makeSubscriber(prisma, { phrases: ['another'], mutedPhrases: ['world'] });
    expect(await prisma.$transaction((tx) => planWelcome(tx, context().clock(), newcomer.id))).toBe(true);
    expect(await papersOf(newcomer.id)).toEqual(await papersOf(new1.id));
  });
});

describe('who is due', () => {
  it('is whoever has reached their hour, on their own clock', async () => {
    const { prisma } = context().db;
    await makePaper(prisma, '2026-02-03');
    await makeSubscriber(prisma, { timezone: 'Asia/Tokyo', hour: 16 });
    await makeSubscriber(prisma, { timezone: 'America/Los_Angeles', hour: 8, plannedDay: '2026-02-03' });
    expect(await totals('2026-02-04T07:59:00Z')).toEqual({ due: 1, planned: 1 });
    expect(await totals('2026-02-04T15:59:00Z')).toEqual({ due: 0, planned: 0 });
    expect(await totals('2026-02-04T16:00:00Z')).toEqual({ due: 1, planned: 1 });
  });

  it('is nobody a second time on the same local day, however often the clock asks', async () => {
    const { prisma } = context().db;
    await makePaper(prisma, '2026-02-03');
    await makeSubscriber(prisma);
    await Promise.all([plan('2026-02-04T08:00:00Z'), plan('2026-02-04T08:00:00Z'), plan('2026-02-04T08:00:30Z')]);
    expect(await totals('2026-02-04T09:00:00Z')).toEqual({ due: 0, planned: 0 });
    expect(await prisma.digest.count()).toBe(1);
  });

  it('is worked out anew for a plan of a day gone by, and not because the clock went on while a job began', async () => {
    const { prisma, pool } = context().db;
    await makeSubscriber(prisma, { hour: 20, plannedDay: '2026-02-03' });
    await plan('2026-02-04T08:00:00Z');
    const lookedAtAnew = async () => (await pool.query("select from schedules where due_at = '-infinity'")).rowCount;
    const version = async () => (await pool.query('select xmin from schedules')).rows;
    const before = await version();
    context().time.now = new Date('2026-02-04T08:00:00.250Z');
    await planDue(context(), new Date('2026-02-04T08:00:00Z'));
    expect(await version()).toEqual(before);
    expect(await lookedAtAnew()).toBe(0);
    await planDue(context(), new Date('2026-02-04T07:00:00Z'));
    expect(await version()).not.toEqual(before);
  });

  it('is nobody who is not active', async () => {
    const { prisma } = context().db;
    await makePaper(prisma, '2026-02-03');
    for (const status of ['pending', 'paused', 'unsubscribed', 'bounced', 'complained'] as const) {
      await makeSubscriber(prisma, { status });
    }
    expect(await totals('2026-02-04T08:00:00Z')).toEqual({ due: 0, planned: 0 });
  });

  it('follows the frequency: weekdays leave out Saturday and Sunday, weekly is Monday', async () => {
    const { prisma } = context().db;
    await makeSubscriber(prisma, { frequency: 'daily' });
    await makeSubscriber(prisma, { frequency: 'weekdays' });
    await makeSubscriber(prisma, { frequency: 'weekly' });
    const due = [];
    for (let day = 1; day <= 7; day++) due.push((await totals(`2026-02-0${day}T08:00:00Z`)).due);
    // 1 February 2026 is a Sunday.
    expect(due).toEqual([1, 3, 2, 2, 2, 2, 1]);
  });

  it('comes once on the day when the clocks skip the hour, and once when they repeat it', async () => {
    const { prisma } = context().db;
    await makeSubscriber(prisma, { timezone: 'Europe/Berlin', hour: 2 });
    const due = async (instants: string[]) => {
      let count = 0;
      for (const instant of instants) count += (await totals(instant)).due;
      return count;
    };
    // 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC. 25 October: 03:00 becomes 02:00 at 01:00 UTC.
    expect(await due(['2026-03-29T00:59:00Z', '2026-03-29T01:00:00Z', '2026-03-29T02:00:00Z'])).toBe(1);
    expect(await due(['2026-10-25T00:00:00Z', '2026-10-25T01:00:00Z', '2026-10-25T02:00:00Z'])).toBe(1);
  });

  it('row 25: comes once a calendar day when the clock of the machine jumps two hours back, or on', async () => {
    const { prisma } = context().db;
    for (const day of ['2026-02-03', '2026-02-04', '2026-02-05']) await makePaper(prisma, day);
    const { id } = await makeSubscriber(prisma, { hour: 8, timezone: 'UTC' });
    const clock = [
      '2026-02-04T08:00:00Z',
      // Back by two hours, over the hour of the digest, and then by it again.
      '2026-02-04T06:00:00Z',
      '2026-02-04T08:00:00Z',
      // On by two hours, over the hour of the digest; back again by two.
      '2026-02-05T07:59:00Z',
      '2026-02-05T09:59:00Z',
      '2026-02-05T07:59:00Z',
      '2026-02-05T08:00:00Z',
      // Back over midnight.
      '2026-02-06T00:30:00Z',
      '2026-02-05T22:30:00Z',
      '2026-02-06T08:00:00Z',
    ];
    for (const at of clock) await plan(at);
    const digests = await prisma.digest.findMany({ where: { subscriberId: id }, orderBy: { day: 'asc' } });
    expect(digests.map(({ day }) => day.toISOString().slice(0, 10))).toEqual([
      '2026-02-04',
      '2026-02-05',
      '2026-02-06',
    ]);
  });

  it('row 26: comes for today alone after three days without a server, with the best of what was missed', async () => {
    const { prisma } = context().db;
    const missed = [];
    for (const [i, day] of ['2026-02-03', '2026-02-04', '2026-02-05', '2026-02-06'].entries())
      missed.push(await makePaper(prisma, day, { upvotes: 10 * i }));
    const { id } = await makeSubscriber(prisma, { hour: 8, timezone: 'UTC', cursor: 0, papersPerDigest: 3 });
    // The last minute before was on the third.
    await plan('2026-02-07T08:30:00Z');
    await plan('2026-02-07T08:31:00Z');
    const digests = await prisma.digest.findMany({ where: { subscriberId: id } });
    expect(digests.map(({ day }) => day.toISOString().slice(0, 10))).toEqual(['2026-02-07']);
    expect(await papersOf(id)).toEqual(
      missed
        .slice(1)
        .reverse()
        .map((paper) => paper.id),
    );
  });

  it('comes for the last hour of a day that the clocks end early, and only once', async () => {
    const { prisma } = context().db;
    await makeSubscriber(prisma, { timezone: 'America/Nuuk', hour: 23, plannedDay: '2027-03-26' });
    // 27 March 2027: 23:00 becomes 00:00 at 01:00 UTC.
    expect((await totals('2027-03-28T00:59:00Z')).due).toBe(0);
    expect((await plan('2027-03-28T01:00:00Z')).map(({ day, due }) => ({ day, due }))).toEqual([
      { day: '2027-03-27', due: 1 },
    ]);
    expect((await totals('2027-03-28T02:00:00Z')).due).toBe(0);
    expect((await totals('2027-03-29T01:00:00Z')).due).toBe(1);
  });

  it('is still due after midnight when the hour was missed, for half a day', async () => {
    const { prisma } = context().db;
    await makeSubscriber(prisma, { hour: 22, plannedDay: '2026-02-02' });
    await makeSubscriber(prisma, { hour: 11, plannedDay: '2026-02-02' });
    const days = await plan('2026-02-04T00:30:00Z');
    expect(days).toMatchObject([{ day: '2026-02-03', due: 1 }]);
    expect((await totals('2026-02-04T10:59:00Z')).due).toBe(0);
    expect((await totals('2026-02-04T11:00:00Z')).due).toBe(1);
  });

  it('is not due for a day of a pause that is ended by hand, and gets one digest on the day it ends', async () => {
    const { prisma } = context().db;
    await makePaper(prisma, '2026-02-08');
    const { id } = await makeSubscriber(prisma, {
      status: 'paused',
      pausedUntil: new Date('2026-02-20'),
      plannedDay: '2026-02-01',
      hour: 20,
    });
    context().time.now = new Date('2026-02-10T06:00:00Z');
    const reader = await prisma.subscriber.findUniqueOrThrow({ where: { id } });
    await savePreferences(context(), id, { ...preferencesOf(reader), pausedUntil: null });
    expect(await totals('2026-02-10T06:01:00Z')).toEqual({ due: 0, planned: 0 });
    expect(await totals('2026-02-10T20:00:00Z')).toEqual({ due: 1, planned: 1 });
  });

  it('is not due for the last day of a pause on the morning after', async () => {
    const { prisma } = context().db;
    const paused = {
      status: 'paused',
      pausedUntil: new Date('2026-02-10'),
      plannedDay: '2026-02-01',
    } as const;
    await makeSubscriber(prisma, { ...paused, hour: 20 });
    expect((await totals('2026-02-10T01:00:00Z')).due).toBe(0);
    expect((await totals('2026-02-10T20:00:00Z')).due).toBe(1);
  });

  it('waits until the list of a day is read once more after its end, for half an hour at the most', async () => {
    const { prisma } = context().db;
    await makePaper(prisma, '2026-02-03');
    await makeSubscriber(prisma, { hour: 0 });
    const read = (at: string) =>
      writeList(prisma, { source: 'huggingface', day: '2026-02-03', papers: [] }, new Date(at));
    await prisma.sourceDay.updateMany({ data: { fetchedAt: null, readyAt: null } });
    await read('2026-02-03T23:32:00Z');
    expect((await totals('2026-02-04T00:00:00Z')).due).toBe(0);
    await read('2026-02-04T00:02:00Z');
    expect(await totals('2026-02-04T00:06:00Z')).toEqual({ due: 1, planned: 1 });

    await makePaper(prisma, '2026-02-04');
    await prisma.sourceDay.updateMany({ data: { fetchedAt: '2026-02-04T15:00:00Z', readyAt: '2026-02-05T00:30:00Z' } });
    expect((await totals('2026-02-05T00:29:00Z')).due).toBe(0);
    expect(await totals('2026-02-05T00:34:00Z')).toEqual({ due: 1, planned: 1 });
  });

  it('resumes on the day on which a pause ends, with the best of what was missed', async () => {
    const { prisma } = context().db;
    const reader = await makeSubscriber(prisma, {
      status: 'paused',
      pausedUntil: new Date('2026-02-10'),
      cursor: 0,
      papersPerDigest: 2,
    });
    await makePaper(prisma, '2026-02-03', { upvotes: 5 });
    const best = await makePaper(prisma, '2026-02-05', { upvotes: 50 });
    const second = await makePaper(prisma, '2026-02-09', { upvotes: 20 });
    expect((await totals('2026-02-09T08:00:00Z')).due).toBe(0);
    expect(await totals('2026-02-10T08:00:00Z')).toEqual({ due: 1, planned: 1 });
    expect(await papersOf(reader.id)).toEqual([best.id, second.id]);
  });

  it('waits for a source that failed, for four hours at the most', async () => {
    const { prisma } = context().db;
    await makePaper(prisma, '2026-02-02');
    await makeSubscriber(prisma);
    await prisma.sourceDay.create({
      data: {
        source: 'huggingface',
        day: new Date('2026-02-03'),
        failedAt: new Date('2026-02-04T07:37:00Z'),
        error: '503',
      },
    });
    expect((await totals('2026-02-04T08:00:00Z')).due).toBe(0);
    expect((await totals('2026-02-04T12:00:00Z')).due).toBe(1);
  });
});

describe('what a digest holds', () => {
  it('is the papers of the chosen topics, best first, as many as wanted, with the topics that matched', async () => {
    const { prisma } = context().db;
    const reader = await makeSubscriber(prisma, { topics: ['agents', 'code'], papersPerDigest: 2 });
    await makePaper(prisma, '2026-02-03', { upvotes: 1, topics: ['agents'] });
    const most = await makePaper(prisma, '2026-02-03', { upvotes: 9, topics: ['code', 'agents', '3d'] });
    const more = await makePaper(prisma, '2026-02-03', { upvotes: 5, topics: ['agents'] });
    await makePaper(prisma, '2026-02-03', { upvotes: 99, topics: ['robotics'] });
    await plan('2026-02-04T08:00:00Z');
    expect(await papersOf(reader.id)).toEqual([most.id, more.id]);
    const edition = await prisma.edition.findFirst();
    expect(edition?.topics).toEqual([['AI agents', 'Code and software engineering'], ['AI agents']]);
  });

  it('says with each topic the words that decided, where they are known', async () => {
    const { prisma } = context().db;
    const reader = await makeSubscriber(prisma, { topics: ['agents', 'robotics'] });
    const paper = await makePaper(prisma, '2026-02-03', { topics: ['robotics'] });
    const match = { paperId: paper.id, topic: 'agents', score: 0.9, reason: 'title: Tool use' };
    await prisma.match.create({ data: match });
    await planDue(context(), new Date('2026-02-04T12:00:00Z'));
    const digest = await prisma.digest.findFirstOrThrow({ where: { subscriberId: reader.id } });
    const edition = await prisma.edition.findUniqueOrThrow({ where: { id: digest.editionId } });
    expect(edition.topics).toEqual([['Robotics and embodied AI', 'AI agents (Tool use)']]);
  });

  it('is the trending papers where no topics were chosen', async () => {
    const { prisma } = context().db;
    const reader = await makeSubscriber(prisma, { papersPerDigest: 1 });
    await makePaper(prisma, '2026-02-03', { upvotes: 3 });
    const top = await makePaper(prisma, '2026-02-03', { upvotes: 8 });
    await plan('2026-02-04T08:00:00Z');
    expect(await papersOf(reader.id)).toEqual([top.id]);
  });

  it('is nothing, and no mail, where no new paper matches', async () => {
    const { prisma } = context().db;
    await makeSubscriber(prisma, { topics: ['music'] });
    await makePaper(prisma, '2026-02-03', { topics: ['agents'] });
    expect(await totals('2026-02-04T08:00:00Z')).toEqual({ due: 1, planned: 0 });
    expect(await prisma.digest.count()).toBe(0);
    expect(await auditDay(prisma, '2026-02-04', new Date('2026-02-04T08:00:00Z'))).toMatchObject({
      due: 1,
      noMatch: 1,
      balanced: true,
    });
  });

  it('is never a paper that came before, even where another day lists it again', async () => {
    const { prisma } = context().db;
    const reader = await makeSubscriber(prisma);
    const paper = await makePaper(prisma, '2026-02-03');
    await plan('2026-02-04T08:00:00Z');
    const fresh = await makePaper(prisma, '2026-02-09');
    await prisma.listing.create({
      data: { source: 'huggingface', day: new Date('2026-02-09'), paperId: paper.id, addedAt: new Date('2026-02-09') },
    });
    await plan('2026-02-10T08:00:00Z');
    expect(await papersOf(reader.id)).toEqual([paper.id, fresh.id]);
  });

  it('leaves yesterday’s rest alone: what was below the cut is not news the day after', async () => {
    const { prisma } = context().db;
    await makeSubscriber(prisma, { papersPerDigest: 1 });
    await makePaper(prisma, '2026-02-06');
    await makePaper(prisma, '2026-02-06');
    expect((await totals('2026-02-07T08:00:00Z')).planned).toBe(1);
    expect((await totals('2026-02-08T08:00:00Z')).planned).toBe(0);
  });

  it('waits for a list to be complete, which it is when its UTC day is over', async () => {
    const { prisma } = context().db;
    await makePaper(prisma, '2026-02-04');
    await makeSubscriber(prisma, { timezone: 'America/Los_Angeles', hour: 8 });
    await makeSubscriber(prisma, { timezone: 'America/Los_Angeles', hour: 16 });
    expect((await totals('2026-02-04T16:00:00Z')).planned).toBe(0);
    expect((await totals('2026-02-05T00:00:00Z')).planned).toBe(1);
  });

  it('goes on where it was after a plan for a day gone by', async () => {
    const { prisma } = context().db;
    const reader = await makeSubscriber(prisma, { papersPerDigest: 1 });
    await makePaper(prisma, '2026-02-03');
    const best = await makePaper(prisma, '2026-02-04', { upvotes: 60 });
    await makePaper(prisma, '2026-02-04', { upvotes: 50 });
    const fresh = await makePaper(prisma, '2026-02-05');
    context().time.now = new Date('2026-02-06T08:00:00Z');
    const dueOn = async (day: number) =>
      (await planDue(context(), new Date(`2026-02-0${day}T08:00:00Z`))).days.map(({ due }) => due);
    expect([await dueOn(5), await dueOn(4), await dueOn(4), await dueOn(5), await dueOn(6)]).toEqual([
      [1],
      [1],
      [],
      [],
      [1],
    ]);
    expect(await papersOf(reader.id)).toEqual([best.id, fresh.id]);
  });

  it('is frozen: a vote that comes later changes no digest that is planned', async () => {
    const { prisma } = context().db;
    const first = await makeSubscriber(prisma);
    const paper = await makePaper(prisma, '2026-02-03', { upvotes: 3 });
    await plan('2026-02-04T08:00:00Z');
    await prisma.paper.update({ where: { id: paper.id }, data: { upvotes: 90 } });
    const second = await makeSubscriber(prisma);
    await plan('2026-02-04T09:00:00Z');
    const votes = async (subscriberId: number) => {
      const digest = await prisma.digest.findFirstOrThrow({ where: { subscriberId } });
      return (await loadEdition(prisma, digest.editionId)).map((entry) => entry.paper.upvotes);
    };
    expect(await votes(first.id)).toEqual([3]);
    expect(await votes(second.id)).toEqual([90]);
  });

  it('is one edition for all who share preferences and cursor', async () => {
    const { prisma } = context().db;
    await makePaper(prisma, '2026-02-03', { topics: ['agents'] });
    await makePaper(prisma, '2026-02-03', { topics: ['code'] });
    for (const topics of [['agents'], ['agents'], ['code'], []]) await makeSubscriber(prisma, { topics });
    await plan('2026-02-04T08:00:00Z');
    expect(await prisma.digest.count()).toBe(4);
    expect(await prisma.edition.count()).toBe(3);
  });
});

describe('the first digest', () => {
  it('comes at once, from the newest list in which something matches', async () => {
    const { prisma } = context().db;
    const reader = await makeSubscriber(prisma, { topics: ['music'] });
    const paper = await makePaper(prisma, '2026-02-02', { topics: ['music'] });
    await makePaper(prisma, '2026-01-30', { topics: ['music'] });
    await makePaper(prisma, '2026-02-03', { topics: ['agents'] });
    const planned = await prisma.$transaction((tx) => planWelcome(tx, new Date('2026-02-04T05:00:00Z'), reader.id));
    expect(planned).toBe(true);
    expect(await papersOf(reader.id)).toEqual([paper.id]);
  });

  it('is the digest of its day: no second one follows at the hour', async () => {
    const { prisma } = context().db;
    const reader = await makeSubscriber(prisma);
    await makePaper(prisma, '2026-02-03');
    await prisma.$transaction((tx) => planWelcome(tx, new Date('2026-02-04T05:00:00Z'), reader.id));
    expect((await totals('2026-02-04T08:00:00Z')).due).toBe(0);
    expect(await auditDay(prisma, '2026-02-04', new Date('2026-02-04T08:00:00Z'))).toMatchObject({
      due: 1,
      waiting: 1,
      balanced: true,
    });
  });

  it('reads the list of the running day too, and what that list still gains comes the day after', async () => {
    const { prisma } = context().db;
    const reader = await makeSubscriber(prisma);
    const early = await makePaper(prisma, '2026-02-04');
    await prisma.$transaction((tx) => planWelcome(tx, new Date('2026-02-04T05:00:00Z'), reader.id));
    const late = await makePaper(prisma, '2026-02-04');
    await plan('2026-02-05T08:00:00Z');
    expect(await papersOf(reader.id)).toEqual([early.id, late.id]);
  });

  it('is left out where nothing matches', async () => {
    const { prisma } = context().db;
    const reader = await makeSubscriber(prisma, { topics: ['music'] });
    const planned = await prisma.$transaction((tx) => planWelcome(tx, new Date('2026-02-04T05:00:00Z'), reader.id));
    expect(planned).toBe(false);
  });
});
