import { setTimeout as sleep } from 'node:timers/promises';
import { type Fetching, fetchText } from './http.js';
import { parseApart } from './parse-thread.js';
import type { Fetched, Source } from './source.js';

/** https://info.arxiv.org/help/api/tou.html: no more than one request every three seconds. */
export const politePauseMs = 3_000;

/** When this process may ask arXiv next, on the clock of `performance.now()`. */
let nextTurn = 0;

/**
 * The daily feed of arXiv for the categories. It holds the announcement of one day, and nothing on Saturday and Sunday; its
 * day is that of its date. New papers and cross-lists stand on the list; replacements only update what is known.
 */
export function arxiv(url: string, categories: string[], fetching: Fetching, pauseMs = politePauseMs): Source {
  const name = `arxiv:${categories.join('+')}`;
  return {
    name,
    growsByDay: false,
    days: (today) => [today],
    fetch: async (day): Promise<Fetched> => {
      const waitMs = nextTurn - performance.now();
      nextTurn = Math.max(nextTurn, performance.now()) + pauseMs;
      if (waitMs > 0) await sleep(waitMs);
      return parseApart('arxiv-feed', await fetchText(`${url}/rss/${categories.join('+')}`, fetching), { day });
    },
  };
}
