import type { TopicDefinition } from '../src/topics/definitions.js';
import type { LabelledPaper } from '../src/topics/labelled.js';
import type { Model } from '../src/topics/model.js';
import type { PaperText } from '../src/topics/terms.js';
import { fitModel, scoresOf } from './fit.js';
import { monthOf } from './labelled.js';
import { thresholdsFrom, withThresholds } from './thresholds.js';

/**
 * What models say of papers of a month that they have not seen, month by month.
 * @param say told of each month, because each takes half a minute
 * @returns the scores of each paper, in the order of the definitions
 */
export function heldOutScores(
  definitions: readonly TopicDefinition[],
  papers: readonly LabelledPaper[],
  unlabelled: readonly PaperText[],
  say: (line: string) => void,
): Float64Array[] {
  const scores: Float64Array[] = [];
  for (const month of new Set(papers.map(monthOf))) {
    const model = fitModel(
      definitions,
      papers.filter((paper) => monthOf(paper) !== month),
      unlabelled,
    );
    const places = papers.map((_, i) => i).filter((i) => monthOf(papers[i] as LabelledPaper) === month);
    const held = places.map((i) => papers[i] as LabelledPaper);
    const found = scoresOf(model, definitions, held);
    for (const [k, i] of places.entries()) scores[i] = found[k] as Float64Array;
    say(`${month}: ${places.length} papers held out`);
  }
  return scores;
}

/** A model of all papers, its probabilities and thresholds from those scores. */
export function modelWith(
  definitions: readonly TopicDefinition[],
  papers: readonly LabelledPaper[],
  unlabelled: readonly PaperText[],
  scores: readonly Float64Array[],
): Model {
  const slugs = definitions.map(({ slug }) => slug);
  return withThresholds(fitModel(definitions, papers, unlabelled), thresholdsFrom(slugs, papers, scores));
}
