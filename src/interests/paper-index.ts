import { kept } from '../kept.js';
import { withArchives } from '../papers/arxiv-categories.js';
import type { FindablePaper } from '../papers/offers.js';
import { authorKey, isSameAuthor } from './author-name.js';
import { type Operand, type Phrase, readPhrase } from './phrase.js';
import { wordsIn } from './words.js';

/** Where a word stands: by paper its positions, ascending. */
type Postings = Map<number, number[]>;

/** Papers by id. */
interface Papers {
  size: number;
  has(id: number): boolean;
  keys(): Iterable<number>;
}

const none: ReadonlySet<number> = new Set();
/** How many phrases and rows of words are remembered: enough for those that many share, and a bound on memory. */
const mostKept = { phrases: 10_000, operands: 50_000 };

/** Text fields are this far apart, so that no phrase reaches from one into the next. */
const gap = 100;

/**
 * The papers on offer, by their words, authors and categories. However many phrases there are, each is looked up by its rarest
 * word: what it costs grows with the papers that have that word.
 */
export class PaperIndex {
  readonly #words = new Map<string, Postings>();
  readonly #operands = new Map<string, Papers>();
  readonly #phrases = new Map<string, ReadonlyMap<number, string>>();
  readonly #authors = new Map<string, { id: number; name: string }[]>();
  readonly #categories = new Map<string, number[]>();

  add({ id, title, abstract, keywords, authors, categories }: FindablePaper): void {
    this.#operands.clear();
    this.#phrases.clear();
    let position = 0;
    for (const text of [title, ...keywords, abstract]) {
      for (const word of wordsIn(text)) {
        const postings = entry(this.#words, word, () => new Map() as Postings);
        entry(postings, id, () => []).push(position++);
      }
      position += gap;
    }
    for (const name of authors) entry(this.#authors, authorKey(name), () => []).push({ id, name });
    for (const name of withArchives(categories)) entry(this.#categories, name, () => []).push(id);
  }

  /**
   * The papers that a phrase finds, each with the words that found it; none where it makes no sense. One that many share is
   * looked up once.
   */
  withPhrase(text: string): ReadonlyMap<number, string> {
    return kept(this.#phrases, text, mostKept.phrases, () => {
      const phrase = readPhrase(text);
      return 'problem' in phrase ? new Map() : this.#find(phrase);
    });
  }

  /** The papers that someone may have written who goes by this name. */
  byAuthor(name: string): ReadonlySet<number> {
    const likely = this.#authors.get(authorKey(name)) ?? [];
    return new Set(likely.filter((author) => isSameAuthor(author.name, name)).map(({ id }) => id));
  }

  /** The papers of an arXiv category, or of a whole archive. */
  inCategory(name: string): ReadonlySet<number> {
    return new Set(this.#categories.get(name) ?? []);
  }

  #find({ alternatives, excluded }: Phrase): Map<number, string> {
    const found = new Map<number, string>();
    for (const { operands, shown } of alternatives) {
      const [fewest, ...others] = operands.map((operand) => this.#with(operand)).sort((a, b) => a.size - b.size);
      for (const id of fewest?.keys() ?? []) {
        if (!found.has(id) && others.every((papers) => papers.has(id))) found.set(id, shown);
      }
    }
    if (found.size === 0) return found;
    for (const papers of excluded.map((operand) => this.#with(operand))) {
      for (const id of found.keys()) if (papers.has(id)) found.delete(id);
    }
    return found;
  }

  /** The papers in which these words stand side by side; many phrases ask for the same. */
  #with(operand: Operand): Papers {
    const [word, ...more] = operand;
    if (word !== undefined && more.length === 0) return this.#words.get(word) ?? none;
    return kept(this.#operands, operand.join(' '), mostKept.operands, () => {
      const rarest = this.#rarest(operand);
      return new Set([...(rarest?.keys() ?? [])].filter((id) => this.#stands(operand, id)));
    });
  }

  /** Of these words the one in the fewest papers; undefined where one is in none. */
  #rarest(words: Operand): Postings | undefined {
    let rarest: Postings | undefined;
    for (const word of words) {
      const postings = this.#words.get(word);
      if (!postings) return undefined;
      if (!rarest || postings.size < rarest.size) rarest = postings;
    }
    return rarest;
  }

  #stands(operand: Operand, id: number): boolean {
    const [first, ...others] = operand.map((word) => this.#words.get(word)?.get(id));
    if (!first || others.includes(undefined)) return false;
    return first.some((position) => others.every((positions, i) => positions?.includes(position + i + 1)));
  }
}

function entry<Key, Value>(values: Map<Key, Value>, key: Key, make: () => Value): Value {
  return kept(values, key, Number.POSITIVE_INFINITY, make);
}
