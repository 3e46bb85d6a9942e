import type { Paper } from '../papers/paper.js';

/** An entry that could not be read. It is skipped, counted and logged; the others go in. */
export interface Rejection {
  /** Which entry: its id where it has one, else its place in the list. */
  entry: string;
  reason: string;
}

/** What a source lists for a day. */
interface FetchedList {
  /** YYYY-MM-DD, UTC. */
  day: string;
  papers: Paper[];
  /** Papers that this source has listed before, on any day, are not listed again: they only stay on display there. */
  listedOnce?: boolean;
}

export interface Fetched {
  lists: FetchedList[];
  /** Papers that the source does not list as new: they update those that are known, and are dropped otherwise. */
  revisions: Paper[];
  rejected: Rejection[];
}

export interface Source {
  /** Its name in `source_days` and `listings`. */
  name: string;
  /** Whether its list of a day grows until the day is over; else a list is complete once it is read. */
  growsByDay: boolean;
  /** The days that a reading asks for when none is named, newest first. */
  days(today: string): string[];
  /**
   * Reads what the source has for a day.
   * @throws SourceError when it cannot be reached or its answer cannot be understood
   * @throws UserError when what the user named does not exist or is no list of papers
   */
  fetch(day: string): Promise<Fetched>;
}

/** The source cannot be reached, or answers with something that is no list of papers. The message says which, in one line. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}

/** Reads a date in any usual form; null where there is none, or one that no paper can have. */
export function parseDate(text: string): Date | null {
  const date = new Date(text);
  return date.getTime() >= Date.UTC(1900) && date.getTime() < Date.UTC(2200) ? date : null;
}
