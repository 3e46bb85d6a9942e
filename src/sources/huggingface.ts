import { daysBack } from '../calendar-day.js';
import type { Paper } from '../papers/paper.js';
import { type Fetching, fetchText } from './http.js';
import { parseApart } from './parse-thread.js';
import { type Fetched, type Rejection, type Source, SourceError } from './source.js';

/** Entries a page; the API gives no more (https://huggingface.co/docs/hub/api). */
const pageSize = 100;
const maxPages = 20;
/** Votes and comments go on growing for days: so many last lists are read each time. */
const daysRead = 7;

/** Hugging Face Daily Papers, by its API under `url`. */
export function huggingFace(url: string, fetching: Fetching): Source {
  return {
    name: 'huggingface',
    growsByDay: true,
    days: (today) => daysBack(today, daysRead),
    fetch: async (day): Promise<Fetched> => {
      const papers = new Map<string, Paper>();
      const rejected: Rejection[] = [];
      for (let page = 0; page < maxPages; page++) {
        const query = new URLSearchParams({ date: day, limit: String(pageSize), p: String(page) });
        const answer = await parseApart(
          'daily-papers',
          await fetchText(`${url}/api/daily_papers?${query}`, fetching),
          null,
        );
        if (answer.error !== null) throw new SourceError(`its answer cannot be used: ${answer.error}`);
        const before = papers.size;
        for (const { paper } of answer.entries) papers.set(paper.identifier, paper);
        rejected.push(...answer.rejected);
        const full = answer.entries.length + answer.rejected.length >= pageSize;
        if (!full || papers.size === before) break;
      }
      return { lists: [{ day, papers: [...papers.values()] }], revisions: [], rejected };
    },
  };
}
