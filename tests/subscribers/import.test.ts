import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addressHashes } from '../../src/subscribers/address-hash.js';
import { exportSubscribers } from '../../src/subscribers/export.js';
import { importSubscribers } from '../../src/subscribers/import.js';
import { useContext } from '../helpers/context.js';

const context = useContext();
const slugs = ['agents', 'robotics'];
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offprint-import-'));
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => context().db.pool.query('truncate subscribers, suppressions cascade'));

async function importText(text: string) {
  const path = join(folder, 'subscribers.csv');
  await writeFile(path, text);
  return importSubscribers(context(), path, slugs);
}
const all = () => context().db.prisma.subscriber.findMany({ orderBy: { id: 'asc' } });

describe('an import', () => {
  it('reads the columns in any order and fills in what is missing', async () => {
    const text =
      '\uFEFFHour,Email,frequency,topics,timezone\r\n6,Ada@Example.org,weekdays,agents; robotics,asia/tokyo\r\n,bob@example.org,,,\r\n';
    expect(await importText(text)).toEqual({ imported: 2, existing: 0, rejected: [] });
    expect(await all()).toMatchObject([
      {
        email: 'Ada@example.org',
        status: 'active',
        topics: ['agents', 'robotics'],
        timezone: 'Asia/Tokyo',
        hour: 6,
        frequency: 'weekdays',
        confirmedAt: context().time.now,
      },
      { email: 'bob@example.org', status: 'active', topics: [], timezone: 'UTC', hour: 8, frequency: 'daily' },
    ]);
  });

  it('reports each bad row with its line and takes the others', async () => {
    const rows = [
      'email,topics,timezone,hour,frequency',
      'a@example.org,,,,',
      'not an address,,,,',
      '',
      'b@example.org,astrology,Mars/Olympus,25,hourly',
      'c@example.org,,,,,surplus',
      '"d@example.org,,,,',
      'e@example.org,agents',
    ];
    const { imported, rejected } = await importText(rows.join('\n'));
    expect(imported).toBe(2);
    expect(rejected).toEqual([
      { line: 3, error: 'email: The address must not contain spaces or invisible characters.' },
      {
        line: 5,
        error:
          'topics: “astrology” is not one of the topics. ' +
          'timezone: “Mars/Olympus” is not a time zone that we know. One is for example Europe/Berlin. ' +
          'hour: The hour must be a whole number from 0 to 23. ' +
          'frequency: The frequency must be daily, weekdays or weekly.',
      },
      { line: 6, error: 'has 6 fields, but there are 5 columns' },
      { line: 7, error: 'a quotation mark is missing or out of place' },
    ]);
    expect((await all()).map(({ email }) => email)).toEqual(['a@example.org', 'e@example.org']);
  });

  it('leaves addresses that are there as they are, in the database and in the file', async () => {
    await importText('email,hour\nada@example.org,5\n');
    await context().db.prisma.subscriber.updateMany({ data: { status: 'unsubscribed' } });
    expect(await importText('email,hour\nADA@example.org,9\nbob@example.org,9\nbob@example.org,10\n')).toEqual({
      imported: 1,
      existing: 2,
      rejected: [],
    });
    expect(await all()).toMatchObject([
      { email: 'ada@example.org', status: 'unsubscribed', hour: 5 },
      { email: 'bob@example.org', hour: 9 },
    ]);
  });

  it('skips addresses that must never be mailed', async () => {
    const [addressHash = Buffer.alloc(0)] = addressHashes(context().keys, 'ada@example.org');
    await context().db.prisma.suppression.create({
      data: { addressHash, reason: 'bounced', createdAt: context().time.now },
    });
    const { imported, rejected } = await importText('email\nAda@example.org\nbob@example.org\n');
    expect({ imported, lines: rejected.map(({ line }) => line) }).toEqual({ imported: 1, lines: [2] });
  });

  it('takes phrases, also with a semicolon in quotes, and refuses a row whose phrase makes no sense', async () => {
    const { imported, rejected } = await importText(
      'email,phrases,authors\na@example.org,"""world; model"" OR agents;games",Y. Bengio\nb@example.org,fine;of the,\n',
    );
    expect({ imported, rejected }).toEqual({
      imported: 1,
      rejected: [
        { line: 3, error: 'phrases: “of the” has no word to look for: it needs one that not every text has.' },
      ],
    });
    expect(await context().db.prisma.subscriber.findFirst()).toMatchObject({
      phrases: ['"world; model" OR agents', 'games'],
      authors: ['Y. Bengio'],
    });
  });

  it('brings nobody back whose row says that they left', async () => {
    const { imported, rejected } = await importText('email,status\na@example.org,unsubscribed\nb@example.org,active\n');
    expect(imported).toBe(1);
    expect(rejected).toEqual([
      { line: 2, error: 'status: “unsubscribed” is not imported, only active and paused are' },
    ]);
  });

  it.each([
    ['is empty', '', /is empty/],
    ['does not name its columns', 'ada@example.org,agents\n', /the first line must name the columns, email among them/],
    ['names a column twice', 'email,email\n', /email is there twice/],
  ])('is refused as a whole when the file %s', async (_what, text, message) => {
    await expect(importText(text)).rejects.toThrow(message);
  });

  it('says so when there is no such file', async () => {
    await expect(importSubscribers(context(), join(folder, 'none.csv'), slugs)).rejects.toThrow(
      /none\.csv cannot be read: .*no such file/,
    );
  });

  it('takes thousands of rows, and the export gives them back', async () => {
    const rows = Array.from({ length: 2_345 }, (_, n) => `person${n}@example.org,agents,UTC,${n % 24},daily`);
    const { imported } = await importText(['email,topics,timezone,hour,frequency', ...rows].join('\n'));
    expect(imported).toBe(2_345);
    const exported: string[] = [];
    for await (const { email, topics, timezone, hour, frequency } of exportSubscribers(context())) {
      exported.push([email, topics.join(';'), timezone, hour, frequency].join(','));
    }
    expect(exported).toEqual(rows);
  });
});
