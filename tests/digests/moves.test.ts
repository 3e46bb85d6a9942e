import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { localDay } from '../../src/database/time-zones.js';
import { planDue } from '../../src/digests/plan.js';
import { pause, preferencesOf, savePreferences } from '../../src/subscribers/preferences.js';
import { useContext } from '../helpers/context.js';
import { makePaper, makeSubscriber, papersOf } from '../helpers/rows.js';

const context = useContext();
beforeEach(async () => {
  await context().db.prisma
    .$executeRaw`truncate subscribers, cursor_exceptions, digests, editions, papers, source_days, plans restart identity cascade`;
});

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
// Clocks change in America on the 8th and in Europe on the 29th.
const start = Date.parse('2026-03-05T00:00:00Z');
const days = 27;
const hours = days * 24;
const people = 60;

/** Both ends of the date line, half and quarter hours, and clocks that change by an hour or half of one. */
const zones = [
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
  'Pacific/Chatham',
  'Asia/Kathmandu',
  'Asia/Kolkata',
  'Asia/Tokyo',
  'Europe/Berlin',
  'UTC',
  'America/St_Johns',
  'America/New_York',
  'Pacific/Honolulu',
  'Australia/Lord_Howe',
];
const settings = {
  timezone: fc.constantFrom(...zones),
  hour: fc.integer({ min: 0, max: 23 }),
  frequency: fc.constantFrom('daily' as const, 'weekdays' as const, 'weekly' as const),
  weekDay: fc.integer({ min: 1, max: 7 }),
};
const change = fc.oneof(
  { weight: 3, arbitrary: fc.record(settings, { requiredKeys: [] }) },
  { weight: 1, arbitrary: fc.record({ pauseDays: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 1, arbitrary: fc.constant({ resume: true as const }) },
);
const life: fc.Arbitrary<Life> = fc.record({
  ...settings,
  changes: fc.array(fc.record({ at: fc.integer({ min: 1, max: hours - 1 }), change }), { maxLength: 5 }),
});
interface Life extends Settings {
  changes: { at: number; change: Partial<Settings> | { pauseDays: number } | { resume: true } }[];
}
type Settings = { timezone: string; hour: number; frequency: 'daily' | 'weekdays' | 'weekly'; weekDay: number };
/** What holds for a subscriber from an instant on. */
interface Spell extends Settings {
  from: number;
  /** The first day on which digests come again; null where none is held back. */
  pausedUntil: string | null;
}

const dayAfter = (day: string, count: number) => new Date(Date.parse(day) + count * dayMs).toISOString().slice(0, 10);
const weekDayOf = (day: string) => ((new Date(day).getUTCDay() + 6) % 7) + 1;
const comesOn = ({ frequency, weekDay }: Settings, day: string) =>
  frequency === 'daily' || (frequency === 'weekdays' ? weekDayOf(day) <= 5 : weekDayOf(day) === weekDay);
const localHour = (instant: Date, timeZone: string) =>
  Number(new Intl.DateTimeFormat('en-GB', { hour: '2-digit', hourCycle: 'h23', timeZone }).format(instant));

/** Lives through the days, planning each hour, and returns what held for each subscriber when. */
async function live(lives: readonly Life[]): Promise<Map<number, Spell[]>> {
  const { db, time } = context();
  const spells = new Map<number, Spell[]>();
  const at = (hour: number) => new Date(start + hour * hourMs);
  time.now = at(0);
  const ids: number[] = [];
  for (const { changes: _, ...chosen } of lives) {
    const { id } = await makeSubscriber(db.prisma, { ...chosen, cursor: 0 });
    ids.push(id);
    spells.set(id, [{ ...chosen, from: start, pausedUntil: null }]);
  }
  for (let hour = 0; hour < hours; hour++) {
    time.now = at(hour);
    // More than one a day: on the day on which clocks go forward two hours may strike within one of UTC's.
    if (hour % 6 === 0) await makePaper(db.prisma, new Date(start + hour * hourMs - dayMs).toISOString().slice(0, 10));
    for (const [i, { changes }] of lives.entries())
      for (const { change } of changes.filter((each) => each.at === hour)) {
        const id = ids[i] ?? 0;
        const past = spells.get(id) ?? [];
        const now = { ...(past.at(-1) as Spell), from: time.now.getTime() };
        if ('pauseDays' in change) {
          now.pausedUntil = dayAfter(localDay(time.now, now.timezone), change.pauseDays);
          await pause(context(), id, now.pausedUntil);
        } else if ('resume' in change) {
          now.pausedUntil = null;
          await pause(context(), id, null);
        } else {
          Object.assign(now, change);
          const subscriber = await db.prisma.subscriber.findUniqueOrThrow({ where: { id } });
          await savePreferences(context(), id, { ...preferencesOf(subscriber), ...change });
        }
        past.push(now);
      }
    await planDue(context(), time.now);
  }
  return spells;
}

describe('people who move, pause and change how often they want mail', () => {
  it('get one digest a local day at their hour, none while paused, no paper twice, and on quiet days none is missing', async () => {
    const [seed = 0] = fc.sample(fc.integer(), 1);
    const spells = await live(fc.sample(life, { seed, numRuns: people }));
    const { prisma } = context().db;
    const digests = await prisma.digest.findMany({ orderBy: { plannedAt: 'asc' } });
    expect(digests.length).toBeGreaterThan(300);
    let quietDays = 0;
    for (const [id, past] of spells) {
      const own = digests.filter(({ subscriberId }) => subscriberId === id);
      const spellAt = (instant: number) => past.findLast(({ from }) => from <= instant) as Spell;
      const about = `seed ${seed}: ${JSON.stringify(past.map(({ from, ...spell }) => ({ from: new Date(from), ...spell })))}`;
      const papers = await papersOf(prisma, id);
      expect(new Set(papers).size, about).toBe(papers.length);
      const ofDays = own.map(({ day }) => day.toISOString().slice(0, 10));
      expect(ofDays, about).toEqual([...new Set(ofDays)].sort());
      for (const { plannedAt, day } of own) {
        const spell = spellAt(plannedAt.getTime());
        const today = localDay(plannedAt, spell.timezone);
        const of = day.toISOString().slice(0, 10);
        // The day before counts for a while after midnight, as when the plan was late.
        expect([today, dayAfter(today, -1)], about).toContain(of);
        expect(comesOn(spell, of), about).toBe(true);
        if (of === today) expect(localHour(plannedAt, spell.timezone), about).toBeGreaterThanOrEqual(spell.hour);
        if (spell.pausedUntil) expect(today >= spell.pausedUntil, about).toBe(true);
      }
      // A day is quiet where nothing changed from the day before it to its end, and no pause was on.
      for (let at = start + 3 * dayMs; at < start + (days - 2) * dayMs; at += dayMs) {
        const spell = spellAt(at);
        const before = spellAt(at - 3 * dayMs);
        const changes = past.some(({ from }) => from > at - 3 * dayMs && from < at + 2 * dayMs);
        const day = localDay(new Date(at), spell.timezone);
        const held = before.pausedUntil !== null && before.pausedUntil >= dayAfter(day, -3);
        if (changes || held || !comesOn(spell, day)) continue;
        quietDays++;
        const digest = own.find((each) => each.day.toISOString().slice(0, 10) === day);
        expect(digest, `${day} ${about}`).toBeDefined();
        // On the day on which clocks go forward an hour may not exist: then it is the next.
        const hour = localHour(digest?.plannedAt ?? new Date(0), spell.timezone);
        expect([spell.hour, spell.hour + 1], `${day} ${about}`).toContain(hour);
      }
    }
    expect(quietDays).toBeGreaterThan(100);
  }, 240_000);
});
