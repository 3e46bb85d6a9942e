/**
 * Learns the topics' weights from labelled papers: `OFFPRINT_CORPUS=folder npm run train`. Writes models/topics.txt, which
 * is what runs, and models/topics.json, how good it is. The same papers give the same files to the last byte.
 */
import { writeFileSync } from 'node:fs';
import { projectPath } from '../src/project.js';
import { Classifier } from '../src/topics/classifier.js';
import { definitions } from '../src/topics/definitions.js';
import { type Evaluation, evaluate, evaluateClassifier } from '../src/topics/evaluation.js';
import type { LabelledPaper } from '../src/topics/labelled.js';
import { type Model, probabilityOf, writeModel } from '../src/topics/model.js';
import { heldOutScores, modelWith } from './held-out.js';
import { monthOf, readCorpus } from './labelled.js';
import { thresholdsFrom } from './thresholds.js';

const slugs = definitions.map(({ slug }) => slug);
const { train, development, unlabelled } = readCorpus();

const say = (line: string) => process.stderr.write(`${line}\n`);
const round = (value: number) => Number(value.toFixed(4));

/** How good a model is on papers, with their keywords or without. */
const figuresOf = (model: Model, papers: readonly LabelledPaper[], withKeywords: boolean) =>
  evaluateClassifier(new Classifier(model, definitions), slugs, papers, withKeywords);

const short = ({ micro, macro }: Evaluation) => ({
  precision: round(micro.precision),
  recall: round(micro.recall),
  f1: round(micro.f1),
  macroF1: round(macro.f1),
});

/** By months, each with thresholds from the others. */
function crossValidated(papers: readonly LabelledPaper[], scores: readonly Float64Array[]) {
  const found = papers.map((): string[] => []);
  for (const month of new Set(papers.map(monthOf))) {
    const others = papers.map((_, i) => i).filter((i) => monthOf(papers[i] as LabelledPaper) !== month);
    const thresholds = thresholdsFrom(
      slugs,
      others.map((i) => papers[i] as LabelledPaper),
      others.map((i) => scores[i] as Float64Array),
    );
    for (const [i, paper] of papers.entries()) {
      if (monthOf(paper) !== month) continue;
      found[i] = slugs.filter((_, topic) => {
        const own = thresholds[topic];
        return own !== undefined && probabilityOf(own, scores[i]?.[topic] ?? 0) >= own.threshold;
      });
    }
  }
  return evaluate(
    slugs,
    papers.map((paper, i) => ({ labelled: paper.topics, found: found[i] ?? [] })),
  );
}

const heldOut = heldOutScores(definitions, train, unlabelled, say);
const trial = modelWith(definitions, train, unlabelled, heldOut);
const onDevelopment = figuresOf(trial, development, true);
const figures = {
  crossValidation: short(crossValidated(train, heldOut)),
  development: short(onDevelopment),
  developmentWithoutKeywords: short(figuresOf(trial, development, false)),
  topics: Object.fromEntries(
    Object.entries(onDevelopment.topics).map(([slug, { precision, recall, f1, support }]) => [
      slug,
      { precision: round(precision), recall: round(recall), f1: round(f1), support },
    ]),
  ),
};
say(JSON.stringify({ ...figures, topics: undefined }, null, 2));
if (!process.argv.includes('--figures')) {
  const all = [...train, ...development];
  const model = modelWith(definitions, all, unlabelled, heldOutScores(definitions, all, unlabelled, say));
  const text = writeModel(model);
  writeFileSync(projectPath('models/topics.txt'), text);
  writeFileSync(
    projectPath('models/topics.json'),
    `${JSON.stringify({ papers: all.length, bytes: Buffer.byteLength(text), ...figures }, null, 2)}\n`,
  );
  say(`models/topics.txt: ${Buffer.byteLength(text)} bytes`);
}
