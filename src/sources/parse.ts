import { readDailyFeed } from './arxiv-feed.js';
import { type DailyPapers, readDailyPapers } from './daily-papers.js';
import { readFeed } from './feed-entries.js';
import { toPapers } from './feed-papers.js';
import type { Fetched } from './source.js';

/** What each kind of answer is read with, and what it gives. */
export interface Parsers {
  /** The Daily Papers API, or a file of its shape. */
  'daily-papers': { about: null; parsed: DailyPapers };
  /** The daily feed of arXiv; the day that is wanted. */
  'arxiv-feed': { about: { day: string }; parsed: Fetched };
  /** Any feed; its name, and the day of the reading. */
  feed: { about: { name: string; day: string }; parsed: Fetched };
}

/** Reads what a source answered. @throws SourceError where it is not what it should be */
export const parsers: {
  [Kind in keyof Parsers]: (text: string, about: Parsers[Kind]['about']) => Parsers[Kind]['parsed'];
} = {
  'daily-papers': (text) => readDailyPapers(text),
  'arxiv-feed': (text, { day }) => readDailyFeed(text, day),
  feed: (text, { name, day }) => toPapers(readFeed(text), name, day),
};
