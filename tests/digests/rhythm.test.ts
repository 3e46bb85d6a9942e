import { beforeEach, describe, expect, it } from 'vitest';
import { planDue } from '../../src/digests/plan.js';
import { whenOf } from '../../src/digests/wording.js';
import { textsIn } from '../../src/languages/texts.js';
import { useContext } from '../helpers/context.js';
import { makePaper, makeSubscriber, papersOf } from '../helpers/rows.js';

const context = useContext();
const db = () => context().db.prisma;

beforeEach(async () => {
  await db()
    .$executeRaw`truncate subscribers, cursor_exceptions, digests, editions, papers, source_days, plans restart identity cascade`;
});

const planned = async (at: string) => {
  context().time.now = new Date(at);
  const { days } = await planDue(context(), new Date(at));
  return days.reduce((sum, day) => sum + day.planned, 0);
};

describe('a weekly digest', () => {
  it('comes on the day that was chosen, with the best of the week and not of its last day alone', async () => {
    const best = await makePaper(db(), '2026-02-01', { upvotes: 90 });
    await makePaper(db(), '2026-02-04', { upvotes: 3 });
    // 2026-02-06 is a Friday.
    const reader = await makeSubscriber(db(), {
      frequency: 'weekly',
      weekDay: 5,
      papersPerDigest: 1,
      cursor: 0,
      plannedDay: '2026-01-30',
    });
    expect(await planned('2026-02-05T09:00:00Z')).toBe(0);
    expect(await planned('2026-02-06T09:00:00Z')).toBe(1);
    expect(await papersOf(db(), reader.id)).toEqual([best.id]);
    expect(await planned('2026-02-09T09:00:00Z')).toBe(0);
  });
});

describe('fewer papers than are worth a mail', () => {
  it.each([
    ['to whom something was offered before', { cursor: 0 }],
    ['to whom nothing was', {}],
  ])('are carried over until there are enough, for somebody %s', async (_who, place) => {
    const reader = await makeSubscriber(db(), { topics: ['agents'], leastPapers: 3, ...place });
    const first = await makePaper(db(), '2026-02-03', { topics: ['agents'] });
    const second = await makePaper(db(), '2026-02-03', { topics: ['agents'] });
    expect(await planned('2026-02-04T09:00:00Z')).toBe(0);
    expect(await planned('2026-02-04T10:00:00Z')).toBe(0);
    await makePaper(db(), '2026-02-04', { topics: ['robotics'] });
    expect(await planned('2026-02-05T09:00:00Z')).toBe(0);
    const third = await makePaper(db(), '2026-02-05', { topics: ['agents'] });
    expect(await planned('2026-02-06T09:00:00Z')).toBe(1);
    expect((await papersOf(db(), reader.id)).sort()).toEqual([first.id, second.id, third.id]);
    await makePaper(db(), '2026-02-06', { topics: ['agents'] });
    expect(await planned('2026-02-07T09:00:00Z')).toBe(0);
  });

  it('are no more than a digest may have, whatever was asked for', async () => {
    await makeSubscriber(db(), { topics: ['agents'], leastPapers: 9, papersPerDigest: 1, cursor: 0 });
    await makePaper(db(), '2026-02-03', { topics: ['agents'] });
    expect(await planned('2026-02-04T09:00:00Z')).toBe(1);
  });
});

describe('the hour', () => {
  it('strikes once on each local day of two years in every time zone, and the plan’s calendar misses none', async () => {
    // From each stroke to the next, as the plan goes, at an hour of its own in each zone.
    const { rows } = await context().db.pool.query<{
      name: string;
      days: number;
      strokes: number;
      wrong: string | null;
    }>(
      `
      with recursive zones as (
        select name, (place % 24)::smallint as hour from unnest($1::text[]) with ordinality as zone (name, place)
      ), strokes as (
        select name, hour, '2025-12-31 23:59'::timestamp at time zone name as at, '2025-12-31'::date as day, 0 as n from zones
        union all
        select s.name, s.hour, turn.next_at, (turn.next_at at time zone s.name)::date, s.n + 1
        from strokes s
          cross join lateral turn_at(s.name, s.hour, 'daily', 1::smallint, s.day, s.at, interval '12 hours') turn
        where s.n < 731
      )
      select name, (max(day) - min(day))::int as days, max(n) as strokes,
        min(day::text) filter (where n > 0 and at <> hour_strikes(day, hour, name)) as wrong
      from strokes group by name`,
      [context().timeZones.list()],
    );
    expect(rows.length).toBeGreaterThan(400);
    // As many strokes as days: none twice, and none missing.
    expect(rows.filter(({ days, strokes, wrong }) => days !== strokes || strokes !== 731 || wrong !== null)).toEqual(
      [],
    );
  }, 240_000);

  it('is named as people say it', () => {
    const now = new Date('2026-02-04T23:30:00Z');
    const berlin = (text: string) => whenOf(textsIn('en'), new Date(text), now, 'Europe/Berlin');
    expect(berlin('2026-02-05T07:00:00Z')).toBe('today at 08:00');
    expect(berlin('2026-02-06T07:00:00Z')).toBe('tomorrow at 08:00');
    expect(berlin('2026-02-09T07:00:00Z')).toBe('on Monday at 08:00');
  });
});
