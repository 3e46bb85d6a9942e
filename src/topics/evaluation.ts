import type { Classifier } from './classifier.js';
import type { LabelledPaper } from './labelled.js';

/** How well something agrees with what people say; of 0 cases it is 0. */
export interface Agreement {
  precision: number;
  recall: number;
  f1: number;
}

export interface Evaluation {
  papers: number;
  /** Over all pairs of paper and topic. */
  micro: Agreement;
  /** The mean over the topics that a labelled paper has. */
  macro: Agreement;
  /** By slug; `support`: labelled papers. */
  topics: Record<string, Agreement & { support: number }>;
}

/**
 * Compares what a classifier finds with the labels of papers.
 * @param withKeywords false: it looks at title and abstract alone
 */
export function evaluateClassifier(
  classifier: Pick<Classifier, 'classify'>,
  slugs: readonly string[],
  papers: readonly LabelledPaper[],
  withKeywords: boolean,
): Evaluation {
  return evaluate(
    slugs,
    papers.map((paper) => ({
      labelled: paper.topics,
      found: classifier.classify(withKeywords ? paper : { ...paper, keywords: [] }).map(({ topic }) => topic),
    })),
  );
}

/** Compares, paper by paper, the topics that were found with those of the labels. */
export function evaluate(
  slugs: readonly string[],
  papers: readonly { labelled: readonly string[]; found: readonly string[] }[],
): Evaluation {
  const counts = slugs.map((slug) => {
    const of = (labelled: boolean, found: boolean) =>
      papers.filter((paper) => paper.labelled.includes(slug) === labelled && paper.found.includes(slug) === found)
        .length;
    return { slug, both: of(true, true), missed: of(true, false), wrong: of(false, true) };
  });
  const sum = (pick: (count: (typeof counts)[number]) => number) =>
    counts.reduce((total, each) => total + pick(each), 0);
  const topics = Object.fromEntries(
    counts.map(({ slug, both, missed, wrong }) => [
      slug,
      { ...agreement(both, missed, wrong), support: both + missed },
    ]),
  );
  const supported = Object.values(topics).filter(({ support }) => support > 0);
  const mean = (pick: (each: Agreement) => number) =>
    supported.length === 0 ? 0 : supported.reduce((total, each) => total + pick(each), 0) / supported.length;
  return {
    papers: papers.length,
    micro: agreement(
      sum(({ both }) => both),
      sum(({ missed }) => missed),
      sum(({ wrong }) => wrong),
    ),
    macro: {
      precision: mean(({ precision }) => precision),
      recall: mean(({ recall }) => recall),
      f1: mean(({ f1 }) => f1),
    },
    topics,
  };
}

function agreement(both: number, missed: number, wrong: number): Agreement {
  const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
  return {
    precision: share(both, both + wrong),
    recall: share(both, both + missed),
    f1: share(2 * both, 2 * both + missed + wrong),
  };
}
