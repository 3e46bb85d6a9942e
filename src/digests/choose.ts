import type { Interests } from '../interests/interests.js';
import { type Leaning, worthOf } from '../interests/leanings.js';
import type { PaperIndex } from '../interests/paper-index.js';
import { kept } from '../kept.js';
import type { Offer } from '../papers/offers.js';
import { trendingValue } from '../papers/trending.js';
import { PaperSet } from './paper-set.js';
import { authorReason, phraseReason } from './reason.js';

/** What a subscriber wants of what is on offer. */
export interface Wish {
  /** Topic slugs. None, and no interest, means: whatever is trending. */
  topics: readonly string[];
  /** How many papers at the most. */
  count: number;
  /** What is wanted beside topics, and what never; most have none. */
  interests?: Interests | null;
  /** What votes on earlier papers come to. */
  leanings?: readonly Leaning[];
}

/** A paper chosen for a digest. */
export interface Choice {
  paperId: number;
  /** Slugs of the chosen topics that it matches, best match first. */
  topics: string[];
  /** The subscriber's own interests that it meets, as they are shown: authors, phrases, categories. */
  interests: string[];
}

/** What becomes of all that is on offer to a subscriber. */
export interface Reckoning {
  offered: number;
  /** How many of these match what they chose. */
  matched: number;
  /** On how many days' lists they stood. */
  days: number;
  /** The most voted of those that do not, and its strongest topic. */
  outside: { paperId: number; topic: string | null } | null;
}

/** What finds the papers of interests; the papers on the shelf are in it. */
export type InterestPapers = Pick<PaperIndex, 'withPhrase' | 'byAuthor' | 'inCategory'>;

interface Candidate {
  offer: Offer;
  value: number;
}

/** How likely a paper is wanted that an own phrase finds, or a category; for topics the classifier says it. */
const likelihood = { phrase: 0.9, category: 0.4 };
/** What the next paper of the same topic or interest is still worth to somebody who has others. */
const worthAfterEach = 0.9;

/** The order of papers by what they are worth to a subscriber; where that is equal by votes, list day, publication and id. */
function compare(a: Candidate, b: Candidate): number {
  return (
    b.value - a.value ||
    b.offer.upvotes - a.offer.upvotes ||
    (a.offer.day < b.offer.day ? 1 : a.offer.day > b.offer.day ? -1 : 0) ||
    b.offer.publishedAt - a.offer.publishedAt ||
    a.offer.paperId - b.offer.paperId
  );
}

/**
 * What is on offer, sorted once for all who choose from it. A paper is worth to a subscriber: how likely it is wanted, by its
 * topic or interest, times how much it is talked about and how new it is (`trendingValue`). Each paper that is taken for a
 * topic makes the next one for it worth a tenth less, so that one hot topic does not fill the digest: a greedy choice for
 * relevance and variety, as of Carbonell and Goldstein, "The use of MMR", SIGIR 1998. Papers by followed authors come first,
 * and what a muted phrase finds never. What a subscriber voted for or against makes papers of its topics worth more or less (`worthOf`).
 */
export class Shelf {
  /** The newest list on it, YYYY-MM-DD; empty where there is none. */
  readonly newestDay: string;
  readonly #offers: readonly Offer[];
  /** By paper, for whoever is likely to want it. */
  readonly #candidates = new Map<number, Candidate>();
  readonly #byTopic = new Map<string, Candidate[]>();
  #byVotes: ReturnType<typeof voteOrder> | undefined;
  /** All of it by strongest topic, for whoever wants what is trending. */
  readonly #trending: Candidate[][];

  constructor(offers: readonly Offer[]) {
    this.#offers = offers;
    this.newestDay = offers.reduce((newest, { day }) => (day > newest ? day : newest), '');
    const trending = new Map<string, Candidate[]>();
    for (const offer of offers) {
      const candidate = { offer, value: trendingValue(offer, this.newestDay) };
      this.#candidates.set(offer.paperId, candidate);
      push(trending, strongestTopic(offer), candidate);
      for (const [topic, probability] of offer.matches)
        push(this.#byTopic, topic, { offer, value: candidate.value * probability });
    }
    for (const list of [...this.#byTopic.values(), ...trending.values()]) list.sort(compare);
    this.#trending = [...trending].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, list]) => list);
  }

  /** What stood on the newest list, and of older ones the papers that are owed. */
  newest(owed: readonly number[] = []): Shelf {
    return new Shelf(this.#offers.filter(({ day, paperId }) => day === this.newestDay || owed.includes(paperId)));
  }

  /** What comes after a place in the log, and of what is before it the papers that are owed. */
  after(cursor: number, owed: readonly number[] = []): Shelf {
    return new Shelf(this.#offers.filter(({ seq, paperId }) => seq > cursor || owed.includes(paperId)));
  }

  /**
   * The best papers for a wish, best first; those in `without` are left out.
   * @param papers needed where the wish has interests
   */
  choose(
    { topics, interests, count, leanings = [] }: Wish,
    without: readonly number[] = [],
    papers?: InterestPapers,
  ): Choice[] {
    const own = interests && papers ? ownPapers(interests, papers) : nothingOwn;
    const taken = new Set([...without, ...own.muted]);
    const chosen: Choice[] = [];
    const take = ({ offer }: Candidate) => {
      if (chosen.length === count || taken.has(offer.paperId)) return false;
      taken.add(offer.paperId);
      const met = own.wanted.flatMap(({ ids, shown }) => (ids.has(offer.paperId) ? shown(offer.paperId) : []));
      chosen.push({ paperId: offer.paperId, topics: matching(offer, topics), interests: met });
      return true;
    };
    const { wanted } = own;
    const byAuthors = wanted.flatMap(({ kind, ids }) => (kind === 'author' ? this.#listOf(ids, 1) : []));
    for (const candidate of byAuthors.sort(compare)) take(candidate);
    const lists = [
      ...topics.map((topic) => this.#byTopic.get(topic) ?? []),
      ...wanted.flatMap(({ kind, ids }) => (kind === 'author' ? [] : [this.#listOf(ids, likelihood[kind])])),
    ];
    const isEnough = () => chosen.length === count;
    const worth = new Map(leanings.map(({ topic, steps }) => [topic, worthOf(steps)]));
    if (topics.length + wanted.length > 0) {
      takeInTurn(
        lists,
        topics.map((topic) => worth.get(topic) ?? 1),
        take,
        isEnough,
      );
    } else {
      const topicsOfLists = this.#trending.map(([first]) => (first ? strongestTopic(first.offer) : ''));
      takeInTurn(
        this.#trending,
        topicsOfLists.map((topic) => worth.get(topic) ?? 1),
        take,
        isEnough,
      );
    }
    return chosen;
  }

  /** What becomes of all papers on the shelf: of a wish for nothing in particular, all match. */
  reckon({ topics, interests }: Wish, without: readonly number[] = [], papers?: InterestPapers): Reckoning {
    const own = interests && papers ? ownPapers(interests, papers) : nothingOwn;
    const offered = this.#offers.length;
    const { days, matching, rankOf, byVotes } = this.#votes();
    if (topics.length + own.wanted.length === 0) return { offered, matched: offered, days, outside: null };
    const matched = new PaperSet(offered);
    for (const topic of topics) matched.addAll(matching(topic));
    for (const { ids } of own.wanted) for (const id of ids.keys()) matched.add(rankOf.get(id));
    for (const id of own.muted) matched.remove(rankOf.get(id));
    const count = matched.size;
    // What is not to be seen is no miss either.
    for (const id of [...own.muted, ...without]) matched.add(rankOf.get(id));
    const next = byVotes[matched.firstMissing()];
    return {
      offered,
      matched: count,
      days,
      outside: next ? { paperId: next.paperId, topic: strongestTopic(next) || null } : null,
    };
  }

  /** The papers in the order of their votes, made when first needed: a set of them is some words of bits. */
  #votes() {
    this.#byVotes ??= voteOrder(this.#offers, this.#byTopic);
    return this.#byVotes;
  }

  /** The papers on the shelf that an interest finds, best first. */
  #listOf(ids: PaperIds, likely: number): Candidate[] {
    const found: Candidate[] = [];
    for (const id of ids.keys()) {
      const candidate = this.#candidates.get(id);
      if (candidate) found.push({ offer: candidate.offer, value: candidate.value * likely });
    }
    return found.sort(compare);
  }
}

/** The papers of a shelf by votes, and for each topic the set of those that match it, by their rank in that order. */
function voteOrder(offers: readonly Offer[], byTopic: ReadonlyMap<string, readonly Candidate[]>) {
  const byVotes = offers.toSorted((a, b) => b.upvotes - a.upvotes || b.comments - a.comments || a.paperId - b.paperId);
  const rankOf = new Map(byVotes.map(({ paperId }, rank) => [paperId, rank]));
  const sets = new Map<string, PaperSet>();
  const matching = (topic: string) =>
    kept(sets, topic, Number.POSITIVE_INFINITY, () => {
      const set = new PaperSet(offers.length);
      for (const { offer } of byTopic.get(topic) ?? []) set.add(rankOf.get(offer.paperId));
      return set;
    });
  return { byVotes, rankOf, matching, days: new Set(offers.map(({ day }) => day)).size };
}

/** Papers by id. */
type PaperIds = Pick<ReadonlySet<number>, 'has' | 'keys'>;

interface OwnPapers {
  /** What each interest finds, and how it is shown with a paper. */
  wanted: { kind: 'author' | 'phrase' | 'category'; ids: PaperIds; shown: (paperId: number) => string }[];
  muted: number[];
}

const nothingOwn: OwnPapers = { wanted: [], muted: [] };

/** What the interests of a subscriber find. */
function ownPapers({ phrases, mutedPhrases, authors, categories }: Interests, papers: InterestPapers): OwnPapers {
  const wanted: OwnPapers['wanted'] = [];
  for (const name of authors)
    wanted.push({ kind: 'author', ids: papers.byAuthor(name), shown: () => authorReason(name) });
  for (const text of phrases) {
    const ids = papers.withPhrase(text);
    wanted.push({ kind: 'phrase', ids, shown: (paperId) => phraseReason(ids.get(paperId)) });
  }
  for (const name of categories)
    wanted.push({ kind: 'category', ids: papers.inCategory(name), shown: () => `arXiv ${name}` });
  return { wanted, muted: mutedPhrases.flatMap((text) => [...papers.withPhrase(text).keys()]) };
}

/**
 * Takes from sorted lists what is worth most, where each paper taken from a list makes what is left on it worth less.
 * @param worths what each list is worth at first; 1 where none is given
 * @param take says whether the paper was taken
 */
function takeInTurn(
  lists: readonly Candidate[][],
  worths: readonly number[],
  take: (candidate: Candidate) => boolean,
  isEnough: () => boolean,
) {
  const places = lists.map(() => 0);
  const worth = lists.map((_, i) => worths[i] ?? 1);
  while (!isEnough()) {
    let best: Candidate | undefined;
    let from = -1;
    for (let i = 0; i < lists.length; i++) {
      const head = lists[i]?.[places[i] ?? 0];
      if (!head) continue;
      const candidate = { offer: head.offer, value: head.value * (worth[i] ?? 1) };
      if (!best || compare(candidate, best) < 0) [best, from] = [candidate, i];
    }
    if (!best) return;
    places[from] = (places[from] ?? 0) + 1;
    if (take(best)) worth[from] = (worth[from] ?? 1) * worthAfterEach;
  }
}

function strongestTopic(offer: Offer): string {
  return matching(offer, [...offer.matches.keys()])[0] ?? '';
}

function push<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

function matching({ matches }: Offer, topics: readonly string[]): string[] {
  return topics
    .filter((topic) => matches.has(topic))
    .sort((a, b) => (matches.get(b) ?? 0) - (matches.get(a) ?? 0) || (a < b ? -1 : 1));
}
