import { utcDay } from '../calendar-day.js';
import type { Queries } from '../database/database.js';
import type { Interests } from '../interests/interests.js';
import { PaperIndex } from '../interests/paper-index.js';
import type { Texts } from '../languages/texts.js';
import { readFindable, readListed } from '../papers/offers.js';
import { arxivUrl } from '../papers/paper.js';
import { Shelf } from './choose.js';
import { previewPapers } from './editions.js';
import { reasonIn } from './reason.js';

/** How many days of lists are looked at, and how many of the best papers are named. */
const weekDays = 7;
const bestCount = 5;
/** A phrase that finds more than this share of the papers tells nothing apart; of fewer papers in all nothing can be said. */
const nearlyAll = { share: 0.5, ofAtLeast: 10 };

/** What a choice would have matched in the last week. */
export interface LastWeek {
  /** Days that had papers. */
  days: number;
  /** Papers that were on offer, and that matched; about how many a day. */
  papers: number;
  matched: number;
  aDay: number;
  /** How many papers each own interest found, muted phrases too. */
  found: { kind: keyof Interests; text: string; papers: number }[];
  /** Interests that found nothing or nearly everything, by kind. */
  warnings: { field: keyof Interests; message: string }[];
  best: { title: string; url: string | null; why: readonly string[] }[];
}

/**
 * The index of last week's papers, kept while these are the same: on arXiv's lists are some thousand, which take half a second.
 * That one of them is revised meanwhile makes no odds.
 */
export class LastWeekIndex {
  #key = '';
  #index: Promise<PaperIndex> = Promise.resolve(new PaperIndex());

  of(db: Queries, paperIds: readonly number[]): Promise<PaperIndex> {
    const key = paperIds.join();
    if (key === this.#key) return this.#index;
    this.#key = key;
    this.#index = this.#read(db, paperIds);
    return this.#index;
  }

  async #read(db: Queries, paperIds: readonly number[]): Promise<PaperIndex> {
    const index = new PaperIndex();
    try {
      for (const paper of await readFindable(db, paperIds)) index.add(paper);
    } catch (error) {
      this.#key = '';
      throw error;
    }
    return index;
  }
}

/** What a subscriber with this choice would have been offered of the lists of the last seven days. */
export async function lookAtLastWeek(
  texts: Texts,
  db: Queries,
  index: LastWeekIndex,
  { topics, ...interests }: Interests & { topics: readonly string[] },
  now: Date,
): Promise<LastWeek> {
  const offers = await readListed(db, utcDay(now), weekDays);
  const found = await findEach(interests, () =>
    index.of(
      db,
      offers.map(({ paperId }) => paperId),
    ),
  );
  const choices = new Shelf(offers).choose({ topics, interests, count: offers.length }, [], found.papers);
  const best = choices.slice(0, bestCount);
  const days = new Set(offers.map(({ day }) => day)).size;
  return {
    days,
    papers: offers.length,
    matched: choices.length,
    aDay: days === 0 ? 0 : Math.round((10 * choices.length) / days) / 10,
    found: found.counts,
    warnings: found.counts.flatMap((count) => warningFor(texts, count, offers.length)),
    best: (await previewPapers(db, best)).map(({ paper, topics: why }) => ({
      title: paper.title,
      url: paper.discussionUrl ?? arxivUrl(paper.identifier),
      why: why.map((reason) => reasonIn(texts, reason)),
    })),
  };
}

/** How many papers each interest finds. The papers are not looked at where there is none. */
async function findEach(interests: Interests, open: () => Promise<PaperIndex>) {
  const kinds = Object.keys(finders) as (keyof Interests)[];
  if (kinds.every((kind) => interests[kind].length === 0)) return { papers: undefined, counts: [] };
  const papers = await open();
  const counts = kinds.flatMap((kind) =>
    interests[kind].map((text) => ({ kind, text, papers: papers[finders[kind]](text).size })),
  );
  return { papers, counts };
}

const finders = {
  phrases: 'withPhrase',
  mutedPhrases: 'withPhrase',
  authors: 'byAuthor',
  categories: 'inCategory',
} as const satisfies Record<keyof Interests, keyof PaperIndex>;

function warningFor(texts: Texts, { kind, text, papers }: LastWeek['found'][number], of: number): LastWeek['warnings'] {
  const broad = of >= nearlyAll.ofAtLeast && papers > nearlyAll.share * of;
  if (broad && kind !== 'authors')
    return [{ field: kind, message: texts.t('preferences.foundAll', { text, papers, of }) }];
  // A name that wrote nothing for a week is no wonder, and to have muted what does not come is no loss.
  if (papers > 0 || of === 0 || kind === 'authors' || kind === 'mutedPhrases') return [];
  return [{ field: kind, message: texts.t('preferences.foundNothing', { text, of }) }];
}
