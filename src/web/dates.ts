const long = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });

/** A calendar day (YYYY-MM-DD) or an instant, as its day in UTC: 4 February 2026. */
export function longDay(day: string | Date): string {
  return long.format(new Date(day));
}
