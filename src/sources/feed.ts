import { createHash } from 'node:crypto';
import { type Fetching, fetchText } from './http.js';
import { parseApart } from './parse-thread.js';
import type { Fetched, Source } from './source.js';

/**
 * A feed: RSS, Atom or JSON Feed. Entries stay on a feed for days or for years; each stands on the list of the day on
 * which it was first seen there. Older ones than two weeks are only updates of what is known.
 */
export function feed(url: string, fetching: Fetching): Source {
  return {
    name: feedName(url),
    growsByDay: false,
    days: (today) => [today],
    fetch: async (day): Promise<Fetched> => {
      const name = feedName(url).slice('feed:'.length);
      return parseApart('feed', await fetchText(url, fetching), { name, day });
    },
  };
}

/**
 * How a feed is named in reports, the log and the database: by its address, but for a query, which may hold a key. In its place
 * stands a hash, so that two feeds are two.
 */
export function feedName(url: string): string {
  const { origin, pathname, search } = new URL(url);
  if (search === '') return `feed:${url}`;
  return `feed:${origin}${pathname}?${createHash('sha256').update(url).digest('hex').slice(0, 8)}`;
}
