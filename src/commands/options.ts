import { InvalidArgumentError } from 'commander';

/** Reads a calendar day of an option. */
export function calendarDay(text: string): string {
  if (!isDay(text)) throw new InvalidArgumentError('It must be a day like 2026-02-04.');
  return text;
}

/** Reads an instant of an option: ISO 8601 with its offset from UTC, so that no two readers differ. */
export function instant(text: string): Date {
  const parsed = new Date(text);
  const valid =
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/.test(text) &&
    isDay(text.slice(0, 10)) &&
    !Number.isNaN(parsed.getTime());
  if (!valid) throw new InvalidArgumentError('It must be a time like 2026-02-04T08:00:00Z.');
  return parsed;
}

/** Whether there is such a day: `Date` takes February 30 for March 2. */
function isDay(text: string): boolean {
  const parsed = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(text);
}
