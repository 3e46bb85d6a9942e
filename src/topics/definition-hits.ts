import type { TopicDefinition } from './definitions.js';
import { type PaperText, type Place, wordsOf } from './terms.js';

/** How often a topic's own words stand in a paper. */
export interface Hits {
  /** Different terms in the title. */
  title: number;
  /** Occurrences in abstract and keywords. */
  text: number;
  /** The first that was found, in the best place. */
  first: { term: string; place: Place } | null;
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
    const note = (place: Place, term: string, count: (hit: Hits) => void) => {
      for (const topic of this.#topics.get(term) ?? []) {
        const hit = hits[topic] as Hits;
        count(hit);
        hit.first ??= { term, place };
      }
    };
    for (const term of new Set(this.#known(title))) note('title', term, (hit) => hit.title++);
    for (const keyword of keywords)
      for (const term of this.#known(keyword)) note('keywords', term, (hit) => hit.text++);
    for (const term of this.#known(abstract)) note('abstract', term, (hit) => hit.text++);
    return hits;
  }

  *#known(text: string): Generator<string> {
    const words = wordsOf(text);
    for (let from = 0; from < words.length; from++) {
      let term = '';
      for (let to = from; to < Math.min(from + this.#longest, words.length); to++) {
        term = to === from ? (words[to] as string) : `${term} ${words[to]}`;
        if (this.#topics.has(term)) yield term;
      }
    }
  }
}
