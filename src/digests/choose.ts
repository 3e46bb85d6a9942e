import type { Offer } from '../papers/offers.js';

/** What a subscriber wants of what is on offer. */
export interface Wish {
  /** Topic slugs. None means: whatever is trending. */
  topics: readonly string[];
  /** How many papers at the most. */
  count: number;
}

/** A paper chosen for a digest. */
export interface Choice {
  paperId: number;
  /** Slugs of the chosen topics that it matches, best match first. */
  topics: string[];
}

interface Candidate {
  offer: Offer;
  score: number;
}

/**
 * The order of papers in a digest, everywhere: votes, then comments; where these are equal, or a source has none, the score
 * of the best match among the subscriber's topics; then freshness, by list day and by publication. The id makes it total.
 */
function compare(a: Candidate, b: Candidate): number {
  return (
    b.offer.upvotes - a.offer.upvotes ||
    b.offer.comments - a.offer.comments ||
    b.score - a.score ||
    (a.offer.day < b.offer.day ? 1 : a.offer.day > b.offer.day ? -1 : 0) ||
    b.offer.publishedAt - a.offer.publishedAt ||
    a.offer.paperId - b.offer.paperId
  );
}

/** What is on offer, sorted once for all who choose from it: a list for each topic, and one of everything. */
export class Shelf {
  readonly #byTopic = new Map<string, Candidate[]>();
  readonly #all: Candidate[];
  readonly #offers: readonly Offer[];

  constructor(offers: readonly Offer[]) {
    this.#offers = offers;
    this.#all = offers.map((offer) => ({ offer, score: 0 })).sort(compare);
    for (const offer of offers) {
      for (const [topic, score] of offer.matches) {
        const list = this.#byTopic.get(topic);
        if (list) list.push({ offer, score });
        else this.#byTopic.set(topic, [{ offer, score }]);
      }
    }
    for (const list of this.#byTopic.values()) list.sort(compare);
  }

  /** What stood on the newest list, and of older ones the papers that are owed. */
  newest(owed: readonly number[] = []): Shelf {
    const newest = this.#offers.reduce((day, offer) => (offer.day > day ? offer.day : day), '');
    return new Shelf(this.#offers.filter(({ day, paperId }) => day === newest || owed.includes(paperId)));
  }

  /** What comes after a place in the log, and of what is before it the papers that are owed. */
  after(cursor: number, owed: readonly number[] = []): Shelf {
    return new Shelf(this.#offers.filter(({ seq, paperId }) => seq > cursor || owed.includes(paperId)));
  }

  /** The best papers for a wish, best first; those in `without` are left out. */
  choose({ topics, count }: Wish, without: readonly number[] = []): Choice[] {
    const taken = new Set(without);
    const chosen: Choice[] = [];
    for (const { offer } of merge(this.#listsFor(topics))) {
      if (chosen.length === count) break;
      if (taken.has(offer.paperId)) continue;
      taken.add(offer.paperId);
      chosen.push({ paperId: offer.paperId, topics: matching(offer, topics) });
    }
    return chosen;
  }

  #listsFor(topics: readonly string[]): Candidate[][] {
    return topics.length === 0 ? [this.#all] : topics.map((topic) => this.#byTopic.get(topic) ?? []);
  }
}

/** The candidates of sorted lists in one order. A paper on several comes first where its match is best. */
function* merge(lists: readonly Candidate[][]): Generator<Candidate> {
  const places = lists.map(() => 0);
  for (;;) {
    let best: Candidate | undefined;
    let from = -1;
    for (let i = 0; i < lists.length; i++) {
      const head = lists[i]?.[places[i] ?? 0];
      if (head && (!best || compare(head, best) < 0)) [best, from] = [head, i];
    }
    if (!best) return;
    places[from] = (places[from] ?? 0) + 1;
    yield best;
  }
}

function matching({ matches }: Offer, topics: readonly string[]): string[] {
  return topics
    .filter((topic) => matches.has(topic))
    .sort((a, b) => (matches.get(b) ?? 0) - (matches.get(a) ?? 0) || (a < b ? -1 : 1));
}
