/**
 * Fits 1 / (1 + exp(-(slope * score + offset))) to what is true (Platt 1999, with the targets that he smooths against
 * over-fitting), by Newton's method with backtracking (Lin, Lin and Weng 2007).
 */
export function calibrate(scores: readonly number[], isTrue: readonly boolean[]): { slope: number; offset: number } {
  const positives = isTrue.filter(Boolean).length;
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (scores.length - positives + 2);
  const targets = isTrue.map((each) => (each ? high : low));
  let slope = 0;
  let offset = Math.log((positives + 1) / (scores.length - positives + 1));
  let loss = lossOf(scores, targets, slope, offset);
  for (let round = 0; round < 100; round++) {
    let [gs, go, hss, hso, hoo] = [0, 0, 1e-9, 0, 1e-9];
    for (const [i, score] of scores.entries()) {
      const p = 1 / (1 + Math.exp(-(slope * score + offset)));
      const error = p - (targets[i] as number);
      const curve = p * (1 - p);
      gs += error * score;
      go += error;
      hss += curve * score * score;
      hso += curve * score;
      hoo += curve;
    }
    const determinant = hss * hoo - hso * hso;
    const ds = (hoo * gs - hso * go) / determinant;
    const d0 = (hss * go - hso * gs) / determinant;
    let step = 1;
    let next = lossOf(scores, targets, slope - ds, offset - d0);
    while (next > loss && step > 1e-10) {
      step /= 2;
      next = lossOf(scores, targets, slope - step * ds, offset - step * d0);
    }
    if (!(loss - next > 1e-9)) break;
    slope -= step * ds;
    offset -= step * d0;
    loss = next;
  }
  return { slope, offset };
}

/** The cross entropy, in a form that does not overflow. */
function lossOf(scores: readonly number[], targets: readonly number[], slope: number, offset: number): number {
  return scores.reduce((sum, score, i) => {
    const x = slope * score + offset;
    return sum + Math.max(x, 0) - (targets[i] as number) * x + Math.log1p(Math.exp(-Math.abs(x)));
  }, 0);
}

/** Scores of support vector machines lie about between -1 and 1; a paper that far off might as well lie on the other side. */
const blur = 0.1;
const candidates = Array.from({ length: 251 }, (_, i) => -1.5 + i / 100);

/**
 * The threshold for which F1 is best, each score taken as uncertain: so it does not hang on where a single paper lies, which by
 * cross-validation costs most of what thresholds of their own bring.
 */
export function bestThreshold(scores: readonly number[], isTrue: readonly boolean[]): number {
  const positives = isTrue.filter(Boolean).length;
  let best = { f1: -1, threshold: 0 };
  for (const threshold of candidates) {
    let found = 0;
    let all = 0;
    for (const [i, score] of scores.entries()) {
      const above = 1 / (1 + Math.exp((threshold - score) / blur));
      all += above;
      if (isTrue[i]) found += above;
    }
    const f1 = (2 * found) / (all + positives);
    if (f1 > best.f1) best = { f1, threshold };
  }
  return best.threshold;
}
