import type { LabelledPaper } from '../src/topics/labelled.js';
import { type Model, probabilityOf } from '../src/topics/model.js';
import { bestThreshold, calibrate } from './calibration.js';

/** A topic with few labelled papers keeps to the threshold of all; this many count as much as that. */
const trustInAll = 20;

export interface Thresholds {
  slope: number;
  offset: number;
  threshold: number;
}

/**
 * From what a model says of papers that it has not seen: what its scores mean, and where to draw the line so that F1 is best.
 * @param scores by paper and topic
 * @param slugs in the order of the scores
 */
export function thresholdsFrom(
  slugs: readonly string[],
  papers: readonly LabelledPaper[],
  scores: readonly Float64Array[],
): Thresholds[] {
  const scoresOf = (topic: number) => scores.map((row) => row[topic] as number);
  const truthOf = (slug: string) => papers.map(({ topics }) => topics.includes(slug));
  const forAll = bestThreshold(
    slugs.flatMap((_, topic) => scoresOf(topic)),
    slugs.flatMap(truthOf),
  );
  return slugs.map((slug, topic) => {
    const isTrue = truthOf(slug);
    const count = isTrue.filter(Boolean).length;
    const own = count > 0 ? bestThreshold(scoresOf(topic), isTrue) : forAll;
    const threshold = (own * count + forAll * trustInAll) / (count + trustInAll);
    const { slope, offset } = calibrate(scoresOf(topic), isTrue);
    const probability = probabilityOf({ slope, offset }, threshold);
    return { slope: round(slope), offset: round(offset), threshold: round(probability) };
  });
}

const round = (value: number) => Number(value.toPrecision(4));

/** The model with these thresholds. */
export function withThresholds(model: Model, thresholds: readonly Thresholds[]): Model {
  return { ...model, topics: model.topics.map((topic, i) => ({ ...topic, ...thresholds[i] })) };
}
