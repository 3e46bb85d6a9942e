import { InvalidArgumentError } from 'commander';
import { validate } from 'uuid';
import { isCalendarDay } from '../calendar-day.js';

/** Reads a calendar day of an option. */
export function calendarDay(text: string): string {
  if (!isCalendarDay(text)) throw new InvalidArgumentError('It must be a day like 2026-02-04.');
  return text;
}

/** Reads an instant of an option: ISO 8601 with its offset from UTC, so that no two readers differ. */
export function instant(text: string): Date {
  const parsed = new Date(text);
  const valid =
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/.test(text) &&
    isCalendarDay(text.slice(0, 10)) &&
    !Number.isNaN(parsed.getTime());
  if (!valid) throw new InvalidArgumentError('It must be a time like 2026-02-04T08:00:00Z.');
  return parsed;
}

/** Reads a number of things of an option. */
export function positive(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('It must be a number like 100.');
  return Number(text);
}

/** Reads one of the ids of digests that an argument takes; `before` are those read so far. */
export function digestId(text: string, before: readonly string[] = []): string[] {
  if (!validate(text)) throw new InvalidArgumentError('It must be an id as “offprint digests list” shows them.');
  return [...before, text];
}
