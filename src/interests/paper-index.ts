import { kept } from '../kept.js';
import { withArchives } from '../papers/arxiv-categories.js';
import type { FindablePaper } from '../papers/offers.js';
import { authorKey, isSameAuthor } from './author-name.js';
import { type Operand, type Phrase, readPhrase } from './phrase.js';
import { wordsIn } from './words.js';

/** Papers by id. */
type Papers = ReadonlySet<number>;

const none: Papers = new Set();
/** How many phrases and rows of words are remembered: enough for those that many share, and a bound on memory. */
const mostKept = { phrases: 10_000, operands: 20_000 };

/** Stands in a paper's row of words where one of its texts ends, so that no phrase reaches from one into the next. */
const textEnd = -1;

/**
 * The papers on offer, by their words, authors and categories. However many phrases there are, each is looked up by its rarest
 * word: what it costs grows with the papers that have that word. A paper takes some 3 kB.
 */
export class PaperIndex {
  /** Words are numbered, and these are the papers that have each. */
  readonly #numbers = new Map<string, number>();
  readonly #papersOf: number[][] = [];
  /** By paper its words, in their order. */
  readonly #texts = new Map<number, Int32Array>();
  readonly #operands = new Map<string, Papers>();
  readonly #phrases = new Map<string, ReadonlyMap<number, string>>();
  readonly #authors = new Map<string, { id: number; name: string }[]>();
  readonly #categories = new Map<string, number[]>();

  add({ id, title, abstract, keywords, authors, categories }: FindablePaper): void {
    this.#operands.clear();
    this.#phrases.clear();
    const text = [title, ...keywords, abstract].flatMap((each) => [
      ...wordsIn(each).map((word) => this.#numberOf(word)),
      textEnd,
    ]);
    this.#texts.set(id, Int32Array.from(text));
    for (const number of new Set(text)) this.#papersOf[number]?.push(id);
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
  byAuthor(name: string): Papers {
    const likely = this.#authors.get(authorKey(name)) ?? [];
    return new Set(likely.filter((author) => isSameAuthor(author.name, name)).map(({ id }) => id));
  }

  /** The papers of an arXiv category, or of a whole archive. */
  inCategory(name: string): Papers {
    return new Set(this.#categories.get(name) ?? []);
  }

  #numberOf(word: string): number {
    return entry(this.#numbers, word, () => this.#papersOf.push([]) - 1);
  }

  #find({ alternatives, excluded }: Phrase): Map<number, string> {
    const found = new Map<number, string>();
    for (const { operands, shown } of alternatives) {
      const [fewest, ...others] = operands.map((operand) => this.#with(operand)).sort((a, b) => a.size - b.size);
      for (const id of fewest ?? none) {
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
    return kept(this.#operands, operand.join(' '), mostKept.operands, () => {
      const numbers = operand.map((word) => this.#numbers.get(word));
      if (!isComplete(numbers)) return none;
      const rarest = numbers
        .map((number) => this.#papersOf[number] ?? [])
        .reduce((fewest, papers) => (papers.length < fewest.length ? papers : fewest));
      return new Set(numbers.length === 1 ? rarest : rarest.filter((id) => this.#stands(numbers, id)));
    });
  }

  /** Whether words stand side by side in a paper. */
  #stands(words: readonly number[], id: number): boolean {
    const text = this.#texts.get(id);
    if (!text) return false;
    const [first = textEnd] = words;
    for (let at = text.indexOf(first); at >= 0; at = text.indexOf(first, at + 1)) {
      if (words.every((word, i) => text[at + i] === word)) return true;
    }
    return false;
  }
}

function isComplete(numbers: (number | undefined)[]): numbers is number[] {
  return numbers.length > 0 && !numbers.includes(undefined);
}

function entry<Key, Value>(values: Map<Key, Value>, key: Key, make: () => Value): Value {
  return kept(values, key, Number.POSITIVE_INFINITY, make);
}
