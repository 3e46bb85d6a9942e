import { describe, expect, it } from 'vitest';
import { localDay, TimeZones } from '../../src/database/time-zones.js';
import { useContext } from '../helpers/context.js';

const context = useContext();

describe('a time zone', () => {
  it('to choose from is known to PostgreSQL, and is there once', async () => {
    const { rows } = await context().db.pool.query<{ name: string }>('select name from pg_timezone_names');
    const known = new Set(rows.map(({ name }) => name));
    const listed = context().timeZones.list();
    expect(listed.filter((zone) => !known.has(zone))).toEqual([]);
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed.length).toBeGreaterThan(300);
    expect(listed[0]).toBe('UTC');
  });

  it.each([
    ['asia/kolkata', 'Asia/Kolkata'],
    ['America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
    ['UTC', 'UTC'],
    ['gmt', 'GMT'],
    ['', null],
    ['+02:00', null],
    ['Europe/Berlin; drop table', null],
    ['local', null],
    ['posixrules', null],
  ])('%j is read as %j', (name, zone) => {
    expect(context().timeZones.find(name)).toBe(zone);
  });

  it('goes by another name where PostgreSQL has not the one that was chosen, and is refused where it has none', () => {
    // Debian's tzdata has the new names alone; others, the old ones alone.
    const debian = new TimeZones(['America/Argentina/Buenos_Aires', 'Asia/Kolkata', 'Europe/Berlin']);
    expect(debian.find('America/Buenos_Aires')).toBe('America/Argentina/Buenos_Aires');
    expect(debian.find('Asia/Calcutta')).toBe('Asia/Kolkata');
    expect(new TimeZones(['America/Buenos_Aires']).find('America/Argentina/Buenos_Aires')).toBe('America/Buenos_Aires');
    expect(debian.find('Asia/Tokyo')).toBeNull();
    expect(debian.list()).toEqual(['UTC', 'America/Argentina/Buenos_Aires', 'Asia/Kolkata', 'Europe/Berlin']);
  });

  const missing = process.env['OFFPRINT_TEST_MISSING_ZONES']?.split(' ') ?? [];
  it.skipIf(missing.length === 0)(
    'that this PostgreSQL does not know is stored under a name that it knows',
    async () => {
      for (const zone of missing) {
        const found = context().timeZones.find(zone);
        expect(found).not.toBe(zone);
        await context().db.pool.query('select now() at time zone $1', [found]);
        await expect(context().db.pool.query('select now() at time zone $1', [zone])).rejects.toThrow('not recognized');
      }
    },
  );

  it('turns an instant into a calendar day', () => {
    expect(localDay(new Date('2026-02-04T23:30:00Z'), 'Asia/Tokyo')).toBe('2026-02-05');
  });
});
