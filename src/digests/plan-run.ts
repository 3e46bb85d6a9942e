import type { Queries } from '../database/database.js';
import { type OffersAt, readOffers } from '../papers/offers.js';
import { type Choice, Shelf, type Wish } from './choose.js';
import type { DueRow } from './due.js';
import { type Edition, editionOf, loadTopicNames, snapshotPapers } from './editions.js';

/** How long digests wait for a source that is late, counted from the subscriber's hour, in milliseconds. */
const holdMs = 4 * 3_600_000;
/** How often it is looked whether the source has come meanwhile. */
const lookAgainMs = 5 * 60_000;
/** Choices and shelves that are kept: enough for what many share, and a bound on memory. */
const mostKept = { choices: 20_000, shelves: 64 };

/** What the plan does about a subscriber. */
export type Decision =
  /** Not active any more. */
  | { kind: 'inactive' }
  /** It cannot be computed when they are due. */
  | { kind: 'skipped' }
  /** No hour has struck. */
  | { kind: 'early' }
  /** A source is late, and without it the digest would be the poorer. Until when, in milliseconds since 1970. */
  | { kind: 'wait'; until: number }
  /** Their hour has struck: what they get, maybe nothing. */
  | { kind: 'due'; choices: Choice[] };

/**
 * One run of the plan: what is on offer, read once, and what was worked out so far, so that nothing is worked out twice for
 * those who want the same. Of what it knows nothing changes while it lasts.
 */
export class PlanRun {
  readonly end: number;
  readonly #at: number;
  readonly #anySourceLate: boolean;
  readonly #shelf: Shelf;
  /** Where the newest day of offers begins. */
  readonly #newestDay: number;
  readonly #topicNames: ReadonlyMap<string, string>;
  readonly #snapshots = new Map<number, number>();
  readonly #shelves = new Map<number, Shelf>();
  readonly #choices = new Map<string, Choice[]>();

  constructor(at: Date, { end, offers }: OffersAt, topicNames: ReadonlyMap<string, string>, anySourceLate: boolean) {
    this.end = end;
    this.#at = at.getTime();
    this.#anySourceLate = anySourceLate;
    this.#shelf = new Shelf(offers);
    this.#topicNames = topicNames;
    const newest = offers.reduce((day, offer) => (offer.day > day ? offer.day : day), '');
    this.#newestDay = (offers.find((offer) => offer.day === newest)?.seq ?? 1) - 1;
  }

  /** @param foresee for a run that writes nothing: with what the plan would first put into the log */
  static async open(db: Queries, at: Date, anySourceLate: boolean, foresee: boolean): Promise<PlanRun> {
    return new PlanRun(at, await readOffers(db, at, foresee), await loadTopicNames(db), anySourceLate);
  }

  get topicNames(): ReadonlyMap<string, string> {
    return this.#topicNames;
  }

  /** What is to be done about a subscriber. */
  decide(row: DueRow): Decision {
    if (row.status !== 'active') return { kind: 'inactive' };
    if (row.nextAt === null) return { kind: 'skipped' };
    if (row.day === null || row.struckAt === null) return { kind: 'early' };
    const choices = this.#choose(row);
    const until = Math.min(this.#at + lookAgainMs, row.struckAt + holdMs);
    const poorer = choices.length < parseWish(row.wish).count;
    if (this.#anySourceLate && poorer && until > this.#at) return { kind: 'wait', until };
    return { kind: 'due', choices };
  }

  /** The editions of choices; papers that come for the first time in this run are frozen. */
  async editionsOf(tx: Queries, choices: readonly Choice[][], now: Date): Promise<Edition[]> {
    const wanted = new Set(choices.flat().map(({ paperId }) => paperId));
    const missing = [...wanted].filter((paperId) => !this.#snapshots.has(paperId));
    for (const [paperId, id] of await snapshotPapers(tx, missing, now)) this.#snapshots.set(paperId, id);
    return choices.map((chosen) => editionOf(chosen, this.#snapshots, this.#topicNames));
  }

  #choose({ wish, cursor, owed, given }: DueRow): Choice[] {
    const after = cursor ?? this.#newestDay;
    // What only one subscriber has is not worth keeping.
    if (owed || given) return this.#shelf.after(after, owed ?? []).choose(parseWish(wish), given ?? []);
    return kept(this.#choices, `${after} ${wish}`, mostKept.choices, () =>
      kept(this.#shelves, after, mostKept.shelves, () => this.#shelf.after(after)).choose(parseWish(wish)),
    );
  }
}

/** Reads a wish as `readDue` writes it: papers a digest, then topics. */
function parseWish(text: string): Wish {
  const [count, ...topics] = text.split(' ').filter(Boolean);
  return { count: Number(count), topics };
}

function kept<Key, Value>(values: Map<Key, Value>, key: Key, most: number, make: () => Value): Value {
  const known = values.get(key);
  if (known !== undefined) return known;
  if (values.size >= most) values.clear();
  const made = make();
  values.set(key, made);
  return made;
}
