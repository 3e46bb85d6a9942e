/** Calendar days as text, YYYY-MM-DD: they sort as they follow one another. */

const dayMs = 86_400_000;

/** The UTC day of an instant. */
export function utcDay(instant: Date): string {
  return instant.toISOString().slice(0, 10);
}

/** The day so many days later, or earlier. */
function shiftDay(day: string, days: number): string {
  return utcDay(new Date(Date.parse(day) + days * dayMs));
}

/** The day, and the `count - 1` days before it, newest first. */
export function daysBack(from: string, count: number): string[] {
  return Array.from({ length: count }, (_, back) => shiftDay(from, -back));
}

/** Whether there is such a day: `Date` takes February 30 for March 2. */
export function isCalendarDay(text: string): boolean {
  const parsed = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(parsed.getTime()) && utcDay(parsed) === text;
}
