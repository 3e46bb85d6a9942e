import type { TopicDefinition } from './definitions.js';
import { type PaperText, type Place, surfacesOf, wordOf, wordsOf } from './terms.js';

/** How often a topic's own words stand in a paper. */
export interface Hits {
  /** Different terms in the title. */
  title: number;
  /** Occurrences in abstract and keywords. */
  text: number;
  /** The first that was found, in the best place, as it is written there. */
  first: { surface: string; place: Place } | null;
}

/** A term of a definition in a text, as it is defined and as it is written there. */
interface Found {
  term: string;
  surface: string;
}

/** Finds the terms of topics in papers, all topics at once. */
export class DefinitionIndex {
  readonly #count: number;
  readonly #longest: number;
  /** By its words: the topics that have a term, by their places in the list. */
  readonly #topics = new Map<string, number[]>();

  constructor(definitions: readonly Pick<TopicDefinition, 'terms'>[]) {
    let longest = 0;
    for (const [topic, { terms }] of definitions.entries()) {
      for (const term of new Set(terms.split(',').map((each) => wordsOf(each).join(' ')))) {
        if (term === '') continue;
        longest = Math.max(longest, term.split(' ').length);
        this.#topics.set(term, [...(this.#topics.get(term) ?? []), topic]);
      }
    }
    this.#longest = longest;
    this.#count = definitions.length;
  }

  /** The hits of each topic, in the order of the definitions. */
  hitsIn({ title, abstract, keywords }: PaperText): Hits[] {
    const hits = Array.from({ length: this.#count }, (): Hits => ({ title: 0, text: 0, first: null }));
    const note = (place: Place, { term, surface }: Found, count: (hit: Hits) => void) => {
      for (const topic of this.#topics.get(term) ?? []) {
        const hit = hits[topic] as Hits;
        count(hit);
        hit.first ??= { surface, place };
      }
    };
    const inTitle = new Map([...this.#find(title)].map((found) => [found.term, found]));
    for (const found of inTitle.values()) note('title', found, (hit) => hit.title++);
    for (const keyword of keywords) {
      for (const found of this.#find(keyword)) note('keywords', found, (hit) => hit.text++);
    }
    for (const found of this.#find(abstract)) note('abstract', found, (hit) => hit.text++);
    return hits;
  }

  *#find(text: string): Generator<Found> {
    const surfaces = surfacesOf(text);
    const words = surfaces.map(wordOf);
    for (let from = 0; from < words.length; from++) {
      let term = '';
      for (let to = from; to < Math.min(from + this.#longest, words.length); to++) {
        term = to === from ? (words[to] as string) : `${term} ${words[to]}`;
        if (this.#topics.has(term)) yield { term, surface: surfaces.slice(from, to + 1).join(' ') };
      }
    }
  }
}
