import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { isCalendarDay } from '../calendar-day.js';
import { UserError } from '../errors.js';
import type { Paper } from '../papers/paper.js';
import { parseApart } from './parse-thread.js';
import type { Fetched, Source } from './source.js';

/**
 * A file with a list of papers in the shape of the Daily Papers API. Each stands on the list of the date that was asked
 * for; with none, of the day that the entry tells, else that the file's name tells, else of today.
 * @param date the date that was asked for, YYYY-MM-DD
 */
export function paperFile(name: string, path: string, date?: string): Source {
  return {
    name,
    growsByDay: false,
    days: (today) => [today],
    fetch: async (today): Promise<Fetched> => {
      const answer = await parseApart('daily-papers', await readGiven(path), null);
      if (answer.error !== null) throw new UserError(`${path} cannot be used: ${answer.error}`);
      const named = /(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)/.exec(basename(path))?.[0];
      const fallback = named && isCalendarDay(named) ? named : today;
      const lists = new Map<string, Map<string, Paper>>();
      for (const { paper, day } of answer.entries) {
        const listed = date ?? day ?? fallback;
        lists.set(listed, (lists.get(listed) ?? new Map()).set(paper.identifier, paper));
      }
      return {
        lists: [...lists].map(([day, papers]) => ({ day, papers: [...papers.values()] })),
        revisions: [],
        rejected: answer.rejected,
      };
    },
  };
}

async function readGiven(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Record<string, string> = { ENOENT: 'there is no such file', EISDIR: 'it is a folder' };
    throw new UserError(`${path} cannot be read: ${reasons[code ?? ''] ?? message}`);
  }
}
