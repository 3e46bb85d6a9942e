import { DefinitionIndex, type Hits } from './definition-hits.js';
import type { TopicDefinition } from './definitions.js';
import { type Model, probabilityOf } from './model.js';
import { type PaperText, type Place, type Term, termsOf } from './terms.js';

/** That a paper belongs to a topic. */
export interface TopicMatch {
  /** The topic's slug. */
  topic: string;
  /** How probable it is that a subscriber of the topic wants the paper. */
  probability: number;
  /** Where the words stand that decided, and these words: "title: diffusion transformer". */
  reason: string;
}

/** What is seen of a paper: its terms that have weights, scaled to length 1 over its words, and what the definitions find. */
export interface Features {
  terms: { term: Term; name: string; value: number }[];
  hits: Hits[];
}

/** How much an occurrence adds falls with each; so does what the length of a paper is worth. */
export function featuresOf(paper: PaperText, knows: (term: string) => boolean, definitions: DefinitionIndex): Features {
  const terms: Features['terms'] = [];
  let squares = 0;
  for (const [name, term] of termsOf(paper)) {
    if (!knows(name)) continue;
    const value = 1 + Math.log(term.weight);
    terms.push({ term, name, value });
    if (!name.includes(' ')) squares += value * value;
  }
  const length = Math.sqrt(squares) || 1;
  for (const each of terms) each.value /= length;
  return { terms, hits: definitions.hitsIn(paper) };
}

/** What the hits of a definition count: the title's few, and those of the text less and less. */
export function hitValues({ title, text }: Hits): { title: number; text: number } {
  return { title: Math.min(title, 2), text: Math.log1p(text) };
}

/** Says which topics papers belong to, by learned weights and the topics' own definitions. */
export class Classifier {
  readonly #model: Model;
  readonly #definitions: readonly Pick<TopicDefinition, 'slug'>[];
  readonly #index: DefinitionIndex;
  /** For each topic of the model its place among the definitions; -1 where it is gone. */
  readonly #places: number[];

  /** @param definitions all topics; those that the model does not know go by their definition alone */
  constructor(model: Model, definitions: readonly Pick<TopicDefinition, 'slug' | 'terms'>[]) {
    this.#model = model;
    this.#definitions = definitions;
    this.#index = new DefinitionIndex(definitions);
    this.#places = model.topics.map(({ slug }) => definitions.findIndex((definition) => definition.slug === slug));
  }

  /** The topics that a paper belongs to, most probable first. */
  classify(paper: PaperText): TopicMatch[] {
    const features = this.#featuresOf(paper);
    const contributions = this.#contributions(features);
    const scores = this.#scores(features, contributions);
    const matches: TopicMatch[] = [];
    for (const [place, { slug }] of this.#definitions.entries()) {
      const { probability, threshold } = this.#judge(place, features.hits, scores);
      if (probability < threshold) continue;
      matches.push({ topic: slug, probability, reason: this.#reason(place, features, contributions) });
    }
    return matches.sort((a, b) => b.probability - a.probability || (a.topic < b.topic ? -1 : 1));
  }

  /** The scores of a paper, in the order of the model's topics, from which the probabilities come. */
  scoresOf(paper: PaperText): Float64Array {
    const features = this.#featuresOf(paper);
    return this.#scores(features, this.#contributions(features));
  }

  #featuresOf(paper: PaperText): Features {
    const { words, pairs } = this.#model;
    return featuresOf(paper, (term) => words.has(term) || pairs.has(term), this.#index);
  }

  /** For each term that has weights, what it adds to the score of each topic of the model. */
  #contributions({ terms }: Features): Float64Array[] {
    return terms.map(({ name, value }) => {
      const added = new Float64Array(this.#model.topics.length);
      const weights = this.#model.words.get(name);
      if (weights) for (let topic = 0; topic < added.length; topic++) added[topic] = value * (weights[topic] ?? 0);
      for (const { topic, weight } of this.#model.pairs.get(name) ?? []) added[topic] = value * weight;
      return added;
    });
  }

  #scores({ hits }: Features, contributions: readonly Float64Array[]): Float64Array {
    const found = this.#places.map((place) => hits[place] && hitValues(hits[place]));
    return Float64Array.from(this.#model.topics, ({ bias, definitions }, topic) => {
      let score = bias;
      for (const added of contributions) score += added[topic] ?? 0;
      for (const [i, weights] of definitions.entries()) {
        const values = found[i];
        if (values) score += weights[0] * values.title + weights[1] * values.text;
      }
      return score;
    });
  }

  #judge(place: number, hits: readonly Hits[], scores: Float64Array): { probability: number; threshold: number } {
    const topic = this.#places.indexOf(place);
    const trained = this.#model.topics[topic];
    if (trained) {
      return { probability: probabilityOf(trained, scores[topic] ?? 0), threshold: trained.threshold };
    }
    const { bias, title, text, threshold } = this.#model.untrained;
    const values = hitValues(hits[place] as Hits);
    const score = title * values.title + text * values.text;
    return { probability: probabilityOf({ slope: 1, offset: bias }, score), threshold };
  }

  /** What speaks most for a topic: a term of its definition, or the term with the greatest weight. */
  #reason(place: number, { terms, hits }: Features, contributions: readonly Float64Array[]): string {
    const topic = this.#places.indexOf(place);
    const found = hits[place] as Hits;
    const own = this.#model.topics[topic]?.definitions[topic];
    const values = hitValues(found);
    let best = own ? own[0] * values.title + own[1] * values.text : Number.POSITIVE_INFINITY;
    let reason: { place: Place; surface: string } | null = found.first;
    for (const [i, added] of contributions.entries()) {
      if (reason && (added[topic] ?? 0) <= best) continue;
      const { term } = terms[i] as Features['terms'][number];
      reason = { place: term.place, surface: term.surface };
      best = added[topic] ?? 0;
    }
    return reason ? `${reason.place}: ${reason.surface}` : 'abstract';
  }
}
