import type { Queries } from '../database/database.js';
import { PaperIndex } from '../interests/paper-index.js';
import { kept } from '../kept.js';
import { type Offer, type OffersAt, readFindable, readOffers } from '../papers/offers.js';
import { holdsOnlySamples } from '../papers/store.js';
import { topicNames } from '../topics/topic-name.js';
import { Shelf, type Wish } from './choose.js';
import {
  type CursorException,
  type DueRow,
  hasInterests,
  parseWish,
  readExceptions,
  readTurns,
  type Turn,
} from './due.js';
import { type Chosen, editionOf, loadTopicLabels, papersOf, snapshotPapers, writeEditions } from './editions.js';

/** How long digests wait for a source that is late, counted from the subscriber's hour, in milliseconds. */
const holdMs = 4 * 3_600_000;
/** How often it is looked whether the source has come meanwhile. */
const lookAgainMs = 5 * 60_000;
/** What is kept of each kind: enough for what many share, and a bound on memory. */
const mostKept = { wishes: 20_000, selections: 30_000, shelves: 64, turns: 50_000 };

/** What was chosen, and the edition that is made of it once. */
export interface Selection extends Chosen {
  /** Null until it is written. */
  editionId: string | null;
}

/** The cursor of whoever no plan has considered anything for: they begin with the newest day of offers. */
const beginning = -1;

/** What the plan does about a subscriber. */
export type Decision = { row: DueRow } & (
  | { kind: 'inactive' }
  /** It cannot be computed when they are due. */
  | { kind: 'skipped' }
  /** No hour has struck. When the next one does, in milliseconds since 1970. */
  | { kind: 'early'; nextAt: number }
  /** A source is late, and without it the digest would be the poorer. Until when. */
  | { kind: 'wait'; until: number }
  /** Their hour has struck for `day`: what they get, maybe nothing. */
  | { kind: 'due'; day: string; nextAt: number; selection: Selection; excepted: boolean }
  /** Their hour has struck for `day`, but there is less for them than is worth a mail: these papers are carried over. */
  | { kind: 'too-few'; day: string; nextAt: number; selection: Selection }
);

/**
 * One run of the plan: what is on offer, read once, and what was worked out so far, so that nothing is worked out twice for
 * those who want the same. Of what it knows nothing changes while it lasts.
 */
export class PlanRun {
  readonly end: number;
  readonly #at: Date;
  readonly #anySourceLate: boolean;
  readonly #offers: readonly Offer[];
  readonly #shelf: Shelf;
  /** What was offered since the place of whoever of those with interests stands furthest back. */
  readonly #findable = new PaperIndex();
  readonly #indexed = new Set<number>();
  readonly #snapshots = new Map<number, number>();
  readonly #labels = new Map<number, ReadonlyMap<string, string>>();
  readonly #shelves = new Map<number, Shelf>();
  /** By place in the log and wish. Many wishes come to the same papers: these share a selection, by its content. */
  readonly #byWish = new Map<string, Selection>();
  readonly #selections = new Map<string, Selection>();
  readonly #turns = new Map<string, Turn>();
  #written: Promise<void> = Promise.resolve();
  #indexing: Promise<void> = Promise.resolve();

  readonly #samples: boolean;

  constructor(at: Date, { end, offers }: OffersAt, anySourceLate: boolean, samples = false) {
    this.#samples = samples;
    this.end = end;
    this.#at = at;
    this.#anySourceLate = anySourceLate;
    this.#offers = offers;
    this.#shelf = new Shelf(offers);
  }

  /** @param foresee for a run that writes nothing: with what the plan would first put into the log */
  static async open(db: Queries, at: Date, anySourceLate: boolean, foresee: boolean): Promise<PlanRun> {
    return new PlanRun(at, await readOffers(db, at, foresee), anySourceLate, await holdsOnlySamples(db));
  }

  /** What is to be done about each of these subscribers. */
  async decide(db: Queries, rows: readonly DueRow[]): Promise<Decision[]> {
    const turns = await this.#turnsOf(db, rows);
    const exceptions = await readExceptions(
      db,
      rows.map(({ subscriberId }) => subscriberId),
    );
    await this.#index(db, rows, exceptions);
    return rows.map((row) => this.#decide(row, turns.get(row.rhythm), exceptions.get(row.subscriberId)));
  }

  /** Reads the words of papers that these subscribers may be offered, where any has interests. */
  async #index(db: Queries, rows: readonly DueRow[], exceptions: ReadonlyMap<number, CursorException>): Promise<void> {
    const curious = rows.filter(({ status, wish }) => status === 'active' && hasInterests(wish));
    if (curious.length === 0) return;
    const newest = this.#shelf.newestDay;
    const owed = new Set(curious.flatMap(({ subscriberId }) => exceptions.get(subscriberId)?.owed ?? []));
    const place = Math.min(...curious.map(({ cursor }) => cursor ?? Number.POSITIVE_INFINITY));
    const isNeeded = ({ seq, day, paperId }: Offer) => seq > place || day === newest || owed.has(paperId);
    const missing = this.#offers.filter((offer) => isNeeded(offer) && !this.#indexed.has(offer.paperId));
    const ids = missing.map(({ paperId }) => paperId);
    // Noted before they are there: batches overlap, and none may be read twice. Each waits for all that were asked for so far.
    for (const id of ids) this.#indexed.add(id);
    const before = this.#indexing;
    this.#indexing = readFindable(db, ids).then(async (papers) => {
      await before;
      for (const paper of papers) this.#findable.add(paper);
    });
    await this.#indexing;
  }

  /**
   * Writes the editions of selections that have none yet; papers that come for the first time in this run are frozen.
   * @param db outside of any transaction: batches share editions, and one must not rely on what another may still take back
   */
  async writeEditions(db: Queries, selections: readonly Selection[], now: Date): Promise<void> {
    const write = () => this.#writeEditions(db, selections, now);
    this.#written = this.#written.then(write, write);
    await this.#written;
  }

  async #writeEditions(db: Queries, selections: readonly Selection[], now: Date): Promise<void> {
    const bare = [...new Set(selections)].filter(({ editionId }) => editionId === null);
    const wanted = new Set(bare.flatMap(papersOf));
    const missing = [...wanted].filter((paperId) => !this.#snapshots.has(paperId));
    for (const [paperId, id] of await snapshotPapers(db, missing, now)) this.#snapshots.set(paperId, id);
    for (const [paperId, labels] of await loadTopicLabels(db, missing)) this.#labels.set(paperId, labels);
    const made = bare.map((selection) => editionOf(selection, this.#snapshots, this.#labels, topicNames));
    await writeEditions(db, [...new Map(made.map((edition) => [edition.id, edition])).values()], now);
    for (const [i, selection] of bare.entries()) selection.editionId = made[i]?.id ?? null;
  }

  async #turnsOf(db: Queries, rows: readonly DueRow[]): Promise<Map<string, Turn>> {
    if (this.#turns.size > mostKept.turns) this.#turns.clear();
    const rhythms = new Set(rows.flatMap(({ status, rhythm }) => (status === 'active' ? rhythm : [])));
    const missing = [...rhythms].filter((rhythm) => !this.#turns.has(rhythm));
    for (const turn of await readTurns(db, missing, this.#at)) this.#turns.set(turn.rhythm, turn);
    return this.#turns;
  }

  #decide(row: DueRow, turn: Turn | undefined, exception: CursorException | undefined): Decision {
    if (row.status !== 'active') return { row, kind: 'inactive' };
    if (!turn || turn.nextAt === null) return { row, kind: 'skipped' };
    const { day, struckAt, nextAt } = turn;
    if (day === null || struckAt === null) return { row, kind: 'early', nextAt };
    const selection = this.#select(row, exception);
    const until = Math.min(this.#at.getTime() + lookAgainMs, struckAt + holdMs);
    const poorer = this.#anySourceLate && selection.choices.length < parseWish(row.wish).count;
    if (poorer && until > this.#at.getTime()) return { row, kind: 'wait', until };
    const papers = selection.choices.length;
    // Whoever wants more than there can be gets that much.
    const least = Math.min(row.leastPapers, parseWish(row.wish).count);
    if (papers > 0 && papers < least) return { row, kind: 'too-few', day, nextAt, selection };
    return { row, kind: 'due', day, nextAt, selection, excepted: exception !== undefined };
  }

  #select({ wish, cursor }: DueRow, exception: CursorException | undefined): Selection {
    if (exception) {
      // What only one subscriber has is not worth keeping.
      const { owed } = exception;
      const shelf = cursor === null ? this.#shelf.newest(owed) : this.#shelf.after(cursor, owed);
      return this.#chooseFrom(shelf, parseWish(wish), exception.given);
    }
    return kept(this.#byWish, `${cursor ?? beginning} ${wish}`, mostKept.wishes, () => {
      const shelf = kept(this.#shelves, cursor ?? beginning, mostKept.shelves, () =>
        cursor === null ? this.#shelf.newest() : this.#shelf.after(cursor),
      );
      const selection = this.#chooseFrom(shelf, parseWish(wish));
      return kept(this.#selections, JSON.stringify(selection), mostKept.selections, () => selection);
    });
  }

  #chooseFrom(shelf: Shelf, wish: Wish, without: readonly number[] = []): Selection {
    const choices = shelf.choose(wish, without, this.#findable);
    const reckoning = shelf.reckon(wish, without, this.#findable);
    return { choices, reckoning, samples: this.#samples, editionId: null };
  }
}
