import { InvalidArgumentError } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarDay, instant } from '../../src/commands/options.js';

describe('a day', () => {
  it.each(['2026-02-04', '2024-02-29', '0001-01-01'])('%s is taken as it is', (text) => {
    expect(calendarDay(text)).toBe(text);
  });

  it.each(['2026-02-30', '2025-02-29', '2026-2-4', '20260204', 'today', '2026-02-04T00:00:00Z', ''])(
    '%j is refused, with one that would be right',
    (text) => {
      expect(() => calendarDay(text)).toThrow(InvalidArgumentError);
      expect(() => calendarDay(text)).toThrow('like 2026-02-04');
    },
  );
});

describe('a time', () => {
  it('is read with its offset', () => {
    expect(instant('2026-02-04T08:00:00Z')).toEqual(new Date('2026-02-04T08:00:00.000Z'));
    expect(instant('2026-02-04T08:00+05:30')).toEqual(new Date('2026-02-04T02:30:00.000Z'));
    expect(instant('2026-02-04T08:00:00.250-0800')).toEqual(new Date('2026-02-04T16:00:00.250Z'));
  });

  it('is read as it is written by every program, to the millisecond', () => {
    const dates = fc.date({ min: new Date('1970-01-01'), max: new Date('2999-12-31'), noInvalidDate: true });
    fc.assert(fc.property(dates, (date) => instant(date.toISOString()).getTime() === date.getTime()));
  });

  it.each(['2026-02-04T08:00', '2026-02-04', '2026-02-30T08:00:00Z', '2026-02-04T25:00Z', 'noon', '1770192000'])(
    '%j is refused, with one that would be right',
    (text) => {
      expect(() => instant(text)).toThrow(InvalidArgumentError);
      expect(() => instant(text)).toThrow('like 2026-02-04T08:00:00Z');
    },
  );
});
