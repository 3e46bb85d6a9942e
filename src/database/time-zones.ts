import type pg from 'pg';

/**
 * The time zones that can be chosen: those that PostgreSQL knows, because it works out when digests are due, and this
 * process, too. PostgreSQL's packages differ in that: some leave out the old names of zones, or the new ones.
 */
export class TimeZones {
  readonly #names: readonly string[];
  #index: { known: Map<string, string>; byIcuName: Map<string, string> } | undefined;
  #list: readonly string[] | undefined;

  /** @param names those in `pg_timezone_names` */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /**
   * Reads the name of a time zone (IANA), in upper or lower case.
   * @returns the name as PostgreSQL spells it; where it does not know that name, its own name for the same zone; null where
   *   it has none. Offsets ("+02:00") are none: PostgreSQL reads their sign the other way round
   */
  find(name: string): string | null {
    this.#index ??= indexOf(this.#names);
    const known = this.#index.known.get(name.toLowerCase());
    if (known !== undefined) return known;
    const icuName = icuNameOf(name);
    return icuName === null ? null : (this.#index.byIcuName.get(icuName) ?? null);
  }

  /** All time zones to choose from, each once, UTC first. */
  list(): readonly string[] {
    this.#list ??= this.#makeList();
    return this.#list;
  }

  #makeList(): string[] {
    const zones = Intl.supportedValuesOf('timeZone').flatMap((zone) => this.find(zone) ?? []);
    return ['UTC', ...[...new Set(zones)].filter((zone) => zone !== 'UTC').toSorted()];
  }
}

/**
 * PostgreSQL's spelling of each name, and one of its names for each zone as ICU calls it. Made when first needed: to ask ICU
 * for some hundred names takes a while, and most commands read no time zone.
 */
function indexOf(names: readonly string[]) {
  const known = new Map([['utc', 'UTC']]);
  const byIcuName = new Map([['UTC', 'UTC']]);
  // Of several names for a zone the first that says where it is stands for it.
  const [places, others] = [names.filter((name) => name.includes('/')), names.filter((name) => !name.includes('/'))];
  for (const name of [...places.toSorted(), ...others.toSorted()]) {
    const icuName = icuNameOf(name);
    if (icuName === null) continue;
    known.set(name.toLowerCase(), name);
    if (!byIcuName.has(icuName)) byIcuName.set(icuName, name);
  }
  return { known, byIcuName };
}

/** Asks PostgreSQL which time zones it knows. */
export async function loadTimeZones(pool: pg.Pool): Promise<TimeZones> {
  const { rows } = await pool.query<{ name: string }>(
    `select name from pg_timezone_names where name !~ '^(posix|right)/' and name not in ('posixrules', 'localtime', 'Factory')`,
  );
  return new TimeZones(rows.map(({ name }) => name));
}

/** What ICU calls a zone; null where it knows none of that name. */
function icuNameOf(name: string): string | null {
  if (!/^[a-z][\w+/-]{0,63}$/i.test(name)) return null;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}

/** The calendar day, YYYY-MM-DD, that an instant falls on in a time zone. */
export function localDay(instant: Date, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
  return `${parts['year']}-${parts['month']}-${parts['day']}`;
}
