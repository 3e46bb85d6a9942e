import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { UserError } from '../../src/errors.js';
import { paperFile } from '../../src/sources/file.js';
import { dailyPaper } from '../helpers/source.js';

const today = '2026-02-04';

async function fileWith(name: string, content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'offprint-file-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function daysOf(path: string, date?: string) {
  const { lists } = await paperFile(`file:${path}`, path, date).fetch(date ?? today);
  return lists.map(({ day, papers }) => [day, papers.map(({ identifier }) => identifier)]);
}

describe('a file of papers', () => {
  const told = dailyPaper('2602.00001', { submittedOnDailyAt: '2026-01-30T23:30:00.000Z' });
  const silent = dailyPaper('2602.00002');

  test('lists each paper on the day that it tells, else on the day of the file’s name', async () => {
    const path = await fileWith('papers-2026-01-12.json', JSON.stringify([told, silent]));
    expect(await daysOf(path)).toEqual([
      ['2026-01-30', ['2602.00001']],
      ['2026-01-12', ['2602.00002']],
    ]);
  });

  test.each(['papers.json', '2026-13-45.json', '12026-01-121.json'])(
    'named %s says no day: it is today',
    async (name) => {
      expect(await daysOf(await fileWith(name, JSON.stringify([silent])))).toEqual([[today, ['2602.00002']]]);
    },
  );

  test('is all of the date that was asked for', async () => {
    const path = await fileWith('2026-01-12.json', JSON.stringify([told, silent]));
    expect(await daysOf(path, '2026-01-02')).toEqual([['2026-01-02', ['2602.00001', '2602.00002']]]);
  });

  test('that is missing, a folder or no list of papers is the user’s mistake, told with its name', async () => {
    const broken = await fileWith('broken.json', '{"papers":');
    const folder = `${broken}.d`;
    await mkdir(folder);
    for (const [path, reason] of [
      ['no/such.json', 'there is no such file'],
      [folder, 'it is a folder'],
      [broken, 'it is not JSON'],
      [await fileWith('object.json', '{}'), 'it is not a list of papers'],
    ] as const) {
      const failed = paperFile('file', path).fetch(today);
      await expect(failed).rejects.toThrow(UserError);
      await expect(failed).rejects.toThrow(new RegExp(`${path}.*${reason}`));
    }
  });
});
