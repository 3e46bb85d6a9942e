/**
 * Compares ways to find topics, on the development set, which none of them was trained on: `OFFPRINT_CORPUS=folder npm run
 * evaluate`. Ours is trained anew on the training set alone: the one that is shipped has seen both.
 */
import MiniSearch from 'minisearch';
import { definitions } from '../src/topics/definitions.js';
import { type Evaluation, evaluate } from '../src/topics/evaluation.js';
import type { LabelledPaper } from '../src/topics/labelled.js';
import { termsOf } from '../src/topics/terms.js';
import { scoresOf } from './fit.js';
import { heldOutScores, modelWith } from './held-out.js';
import { monthOf, readCorpus } from './labelled.js';

/** A way to find topics: for each paper a number for each topic, and from which on it belongs there. */
interface Way {
  name: string;
  scores: (papers: readonly LabelledPaper[]) => ArrayLike<number>[];
  thresholds: readonly number[];
}

const slugs = definitions.map(({ slug }) => slug);
const { train, development, unlabelled } = readCorpus();

/** How many papers of a list a reader of one topic sees. */
const shown = 8;

function ours(): Way {
  const heldOut = heldOutScores(definitions, train, unlabelled, (line) => process.stderr.write(`${line}\n`));
  const model = modelWith(definitions, train, unlabelled, heldOut);
  return {
    name: 'Offprint',
    scores: (papers) => scoresOf(model, definitions, papers),
    // From probabilities back to scores.
    thresholds: model.topics.map(
      ({ slope, offset, threshold }) => (Math.log(threshold / (1 - threshold)) - offset) / slope,
    ),
  };
}

/** The words of a topic's name and description that say something. */
const queries = definitions.map(({ name, description }) => {
  const terms = termsOf({ title: `${name}. ${description}`, abstract: '', keywords: [] });
  return [...terms].filter(([term]) => !term.includes(' ')).map(([, { surface }]) => surface);
});

/** `title ILIKE '%word%' OR abstract ILIKE …` with any of the words. */
const anyKeyword: Way = {
  name: 'any keyword (ILIKE)',
  scores: (papers) =>
    papers.map(({ title, abstract, keywords }) => {
      const text = `${title} ${abstract} ${keywords.join(' ')}`.toLowerCase();
      return queries.map((words) => words.filter((word) => text.includes(word)).length);
    }),
  thresholds: slugs.map(() => 1),
};

/** BM25 over title, abstract and keywords, with the one threshold that is best on the training set. */
function bm25(): Way {
  const scores = (papers: readonly LabelledPaper[]) => {
    const index = new MiniSearch<LabelledPaper & { place: number }>({
      idField: 'place',
      fields: ['title', 'abstract', 'keywords'],
      extractField: (paper, field) =>
        field === 'place' ? paper.place : [paper[field as 'title' | 'abstract' | 'keywords']].flat().join(' '),
    });
    index.addAll(papers.map((paper, place) => ({ ...paper, place })));
    const found = papers.map(() => new Float64Array(slugs.length));
    for (const [topic, words] of queries.entries())
      for (const { id, score } of index.search(words.join(' '))) (found[id] as Float64Array)[topic] = score;
    return found;
  };
  const onTrain = scores(train);
  const cuts = Array.from({ length: 100 }, (_, i) => i + 1);
  const f1At = (cut: number) =>
    evaluationOf(
      train,
      onTrain,
      slugs.map(() => cut),
    ).micro.f1;
  const best = cuts.reduce((a, b) => (f1At(b) > f1At(a) ? b : a));
  return { name: 'BM25 (MiniSearch)', scores, thresholds: slugs.map(() => best) };
}

function evaluationOf(
  papers: readonly LabelledPaper[],
  scores: readonly ArrayLike<number>[],
  thresholds: readonly number[],
) {
  return evaluate(
    slugs,
    papers.map(({ topics }, i) => ({
      labelled: topics,
      found: slugs.filter((_, topic) => (scores[i]?.[topic] ?? 0) >= (thresholds[topic] ?? 0)),
    })),
  );
}

/**
 * How good the first papers of a list are for a reader of one topic (Järvelin and Kekäläinen 2002), what a paper is most about
 * counting twice; the mean over topics and months, the lists being too small by day.
 */
function ranking(papers: readonly LabelledPaper[], scores: readonly ArrayLike<number>[]): number {
  const values: number[] = [];
  for (const month of new Set(papers.map(monthOf))) {
    const list = papers.map((_, i) => i).filter((i) => monthOf(papers[i] as LabelledPaper) === month);
    for (const [topic, slug] of slugs.entries()) {
      const gain = (i: number) => (papers[i]?.core.includes(slug) ? 2 : papers[i]?.topics.includes(slug) ? 1 : 0);
      const gainOf = (order: number[]) =>
        order.slice(0, shown).reduce((sum, i, rank) => sum + gain(i) / Math.log2(rank + 2), 0);
      const ideal = gainOf(list.toSorted((a, b) => gain(b) - gain(a)));
      if (ideal === 0) continue;
      const order = list.toSorted((a, b) => (scores[b]?.[topic] ?? 0) - (scores[a]?.[topic] ?? 0) || a - b);
      values.push(gainOf(order) / ideal);
    }
  }
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const ways = [ours(), anyKeyword, bm25()];
const withoutKeywords = development.map((paper) => ({ ...paper, keywords: [] }));
const results = ways.map(({ name, scores, thresholds }) => {
  const found = scores(development);
  return {
    name,
    evaluation: evaluationOf(development, found, thresholds),
    bare: evaluationOf(withoutKeywords, scores(withoutKeywords), thresholds),
    ndcg: ranking(development, found),
  };
});

const cell = (value: number) => value.toFixed(3).padStart(10);
const lines = [['', ...results.map(({ name }) => name.padStart(20))]];
const row = (name: string, pick: (result: { evaluation: Evaluation; bare: Evaluation; ndcg: number }) => number) =>
  lines.push([name, ...results.map((result) => cell(pick(result)).padStart(20))]);
for (const slug of slugs) row(slug, ({ evaluation }) => evaluation.topics[slug]?.f1 ?? 0);
row('micro precision', ({ evaluation }) => evaluation.micro.precision);
row('micro recall', ({ evaluation }) => evaluation.micro.recall);
row('micro F1', ({ evaluation }) => evaluation.micro.f1);
row('macro F1', ({ evaluation }) => evaluation.macro.f1);
row('micro F1 without keywords', ({ bare }) => bare.micro.f1);
row(`nDCG@${shown}`, ({ ndcg }) => ndcg);
process.stdout.write(`${lines.map(([name = '', ...cells]) => name.padEnd(28) + cells.join('')).join('\n')}\n`);
