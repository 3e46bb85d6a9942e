import { Classifier, type Features, featuresOf, hitValues } from '../src/topics/classifier.js';
import { DefinitionIndex } from '../src/topics/definition-hits.js';
import type { TopicDefinition } from '../src/topics/definitions.js';
import type { LabelledPaper } from '../src/topics/labelled.js';
import { type Model, readModel, type TopicModel, writeModel } from '../src/topics/model.js';
import { type PaperText, termsOf } from '../src/topics/terms.js';
import { calibrate } from './calibration.js';
import { normOf, type SparseRow, sparseRow } from './sparse.js';
import { leadingSubspace, project } from './subspace.js';
import { trainSvm } from './svm.js';

/** Chosen by cross-validation over months. */
const settings = {
  /** Papers that a word must stand in, labelled or not, and labelled papers for a pair of words. */
  leastPapers: { word: 8, pair: 2 },
  subspace: 150,
  definitionWeight: 0.15,
  cost: 0.5,
  /** What is kept: half a megabyte. */
  most: { words: 5_000, pairs: 7_500 },
  /** Of a pair's weights: those below this part of the topic's largest say nothing. */
  leastOfPair: 0.05,
};

const isPair = (term: string) => term.includes(' ');

/** What the rows of the training matrix are made of: terms, hits of the definitions, places in the subspace, a constant. */
interface Space {
  index: DefinitionIndex;
  terms: Map<string, number>;
  names: string[];
  /** How rare each term is (log inverse document frequency), and in how many papers it stands. */
  rarity: Float64Array;
  papers: Int32Array;
  /** By column of a word. */
  subspace: Float64Array[];
  /** Make the parts of a row of length 1 on average. */
  termScale: number;
  subspaceScale: number;
}

/**
 * Trains a model; its probabilities and thresholds are still to be set (`withThresholds`).
 * @param papers with labels
 * @param unlabelled tell only which words go together
 */
export function fitModel(
  definitions: readonly TopicDefinition[],
  papers: readonly LabelledPaper[],
  unlabelled: readonly PaperText[],
): Model {
  const { space, features } = makeSpace(definitions, papers, unlabelled);
  const width = space.names.length + 2 * definitions.length + settings.subspace + 1;
  const rows = features.map((each) => rowOf(space, each));
  const weights = definitions.map(({ slug }) =>
    trainSvm(
      rows,
      width,
      papers.map(({ topics }) => topics.includes(slug)),
      settings.cost,
    ),
  );
  const folded = weights.map((each) => fold(space, each));
  const scales = folded.map((each) => each.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) || 1);
  const topics = definitions.map(({ slug }, topic): TopicModel => {
    const own = weights[topic] as Float64Array;
    return {
      slug,
      bias: round(own[width - 1] ?? 0),
      definitions: definitions.map((_, i): [number, number] => {
        const at = space.names.length + 2 * i;
        const weightAt = (column: number) => Number(((own[column] ?? 0) * settings.definitionWeight).toFixed(3));
        return [weightAt(at), weightAt(at + 1)];
      }),
      slope: 1,
      offset: 0,
      threshold: 0.5,
      scale: round(scales[topic] ?? 1),
    };
  });
  const { words, pairs } = select(space, folded, scales);
  const untrained = untrainedTopic(definitions, papers, features);
  // What is tried is what is shipped.
  return readModel(writeModel({ topics, words, pairs, untrained }));
}

const round = (value: number) => Number(value.toPrecision(4));

function makeSpace(
  definitions: readonly TopicDefinition[],
  papers: readonly LabelledPaper[],
  unlabelled: readonly PaperText[],
): { space: Space; features: Features[] } {
  const labelledIn = countPapers(papers);
  const allIn = countPapers(unlabelled, labelledIn);
  const { leastPapers } = settings;
  const words = [...allIn].filter(([term, count]) => !isPair(term) && count >= leastPapers.word);
  const pairs = [...labelledIn].filter(([term, count]) => isPair(term) && count >= leastPapers.pair);
  const names = [...words, ...pairs].map(([term]) => term).sort(byWordsFirst);
  const terms = new Map(names.map((name, i) => [name, i]));
  const count = papers.length + unlabelled.length;
  const index = new DefinitionIndex(definitions);
  const see = (paper: PaperText) => featuresOf(paper, (term) => terms.has(term), index);
  const features = papers.map(see);
  const space: Space = {
    index,
    terms,
    names,
    rarity: Float64Array.from(names, (name) => Math.log((1 + count) / (1 + (allIn.get(name) ?? 0))) + 1),
    papers: Int32Array.from(names, (name) => allIn.get(name) ?? 0),
    subspace: [],
    termScale: 1,
    subspaceScale: 1,
  };
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  space.termScale = 1 / mean(features.map((each) => normOf(termRow(space, each))));
  const wordRows = [...features, ...unlabelled.map(see)].map((each) => termRow(space, each, true));
  space.subspace = leadingSubspace(wordRows, words.length, settings.subspace);
  const places = wordRows.slice(0, papers.length).map((row) => project(row, space.subspace, settings.subspace));
  space.subspaceScale =
    1 / mean(places.map((place) => Math.sqrt(place.reduce((sum, value) => sum + value * value, 0))));
  return { space, features };
}

const byWordsFirst = (a: string, b: string) => Number(isPair(a)) - Number(isPair(b)) || (a < b ? -1 : 1);

/** In how many papers each term stands. */
function countPapers(papers: readonly PaperText[], counts: ReadonlyMap<string, number> = new Map()) {
  const counted = new Map(counts);
  for (const paper of papers) for (const term of termsOf(paper).keys()) counted.set(term, (counted.get(term) ?? 0) + 1);
  return counted;
}

function termRow(space: Space, { terms }: Features, wordsAlone = false): SparseRow {
  const seen = wordsAlone ? terms.filter(({ name }) => !isPair(name)) : terms;
  return sparseRow(
    seen.map(({ name, value }) => {
      const column = space.terms.get(name) as number;
      return [column, value * (space.rarity[column] as number)];
    }),
  );
}

function rowOf(space: Space, features: Features): SparseRow {
  const terms = termRow(space, features);
  const place = project(termRow(space, features, true), space.subspace, settings.subspace);
  const entries: [number, number][] = Array.from(terms.columns, (column, i) => [
    column,
    (terms.values[i] as number) * space.termScale,
  ]);
  for (const [i, hits] of features.hits.entries()) {
    const { title, text } = hitValues(hits);
    const at = space.names.length + 2 * i;
    if (title > 0) entries.push([at, title * settings.definitionWeight]);
    if (text > 0) entries.push([at + 1, text * settings.definitionWeight]);
  }
  const afterHits = space.names.length + 2 * features.hits.length;
  for (const [k, value] of place.entries()) entries.push([afterHits + k, value * space.subspaceScale]);
  entries.push([afterHits + settings.subspace, 1]);
  return sparseRow(entries);
}

/** The weight of each term, with what its direction in the subspace adds: both are linear. */
function fold(space: Space, weights: Float64Array): Float64Array {
  const subspaceAt = weights.length - 1 - settings.subspace;
  return Float64Array.from(space.names, (_, column) => {
    let weight = (weights[column] as number) * space.termScale;
    const direction = space.subspace[column];
    for (let k = 0; direction && k < direction.length; k++)
      weight += (direction[k] as number) * (weights[subspaceAt + k] as number) * space.subspaceScale;
    return weight * (space.rarity[column] as number);
  });
}

/** The terms that decide most often. */
function select(
  space: Space,
  folded: readonly Float64Array[],
  scales: readonly number[],
): Pick<Model, 'words' | 'pairs'> {
  const weightOf = (column: number) => Float64Array.from(folded, (weights) => weights[column] as number);
  const ranked = space.names.map((name, column) => {
    const strongest = weightOf(column).reduce(
      (most, weight, topic) => Math.max(most, Math.abs(weight) / (scales[topic] ?? 1)),
      0,
    );
    return { name, column, importance: strongest * Math.sqrt(space.papers[column] as number) };
  });
  const best = (pairs: boolean, count: number) =>
    ranked
      .filter(({ name }) => isPair(name) === pairs)
      .sort((a, b) => b.importance - a.importance || a.column - b.column)
      .slice(0, count)
      .sort((a, b) => a.column - b.column);
  return {
    words: new Map(best(false, settings.most.words).map(({ name, column }) => [name, weightOf(column)])),
    pairs: new Map(
      best(true, settings.most.pairs).map(({ name, column }) => [
        name,
        [...weightOf(column)]
          .map((weight, topic) => ({ topic, weight }))
          .filter(({ topic, weight }) => Math.abs(weight) >= settings.leastOfPair * (scales[topic] ?? 1)),
      ]),
    ),
  };
}

/** How far the definition of any topic is to be trusted alone, from what those of all topics were worth. */
function untrainedTopic(
  definitions: readonly TopicDefinition[],
  papers: readonly LabelledPaper[],
  features: readonly Features[],
): Model['untrained'] {
  const isTrue: boolean[] = [];
  const hits: { title: number; text: number }[] = [];
  for (const [i, { topics }] of papers.entries()) {
    for (const [topic, { slug }] of definitions.entries()) {
      const found = features[i]?.hits[topic];
      if (!found?.first) continue;
      isTrue.push(topics.includes(slug));
      hits.push(hitValues(found));
    }
  }
  // A title's term is worth as much as all that a text can say.
  const inTitle = 1.5;
  const { slope, offset } = calibrate(
    hits.map(({ title, text }) => inTitle * title + text),
    isTrue,
  );
  return { bias: round(offset), title: round(slope * inTitle), text: round(slope), threshold: 0.4 };
}

/** The scores of papers by a model, a row each. */
export function scoresOf(
  model: Model,
  definitions: readonly TopicDefinition[],
  papers: readonly PaperText[],
): Float64Array[] {
  const classifier = new Classifier(model, definitions);
  return papers.map((paper) => classifier.scoresOf(paper));
}
