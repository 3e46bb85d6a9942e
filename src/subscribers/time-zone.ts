const known = new Map<string, string>();

/**
 * Reads the name of an IANA time zone, in upper or lower case.
 * @returns its canonical name, or null where there is none. Offsets ("+02:00") are none: PostgreSQL reads their sign the
 *   other way round
 */
export function canonicalTimeZone(name: string): string | null {
  const key = name.toLowerCase();
  if (!/^[a-z][\w+/-]{0,63}$/.test(key)) return null;
  const zone = known.get(key) ?? resolve(key);
  if (zone) known.set(key, zone);
  return zone;
}

/** All time zones to choose from, UTC first. */
export const timeZones: readonly string[] = [
  'UTC',
  ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC'),
];

/** The calendar day, YYYY-MM-DD, that an instant falls on in a time zone. */
export function localDay(instant: Date, timeZone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(instant);
}

function resolve(name: string): string | null {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}
