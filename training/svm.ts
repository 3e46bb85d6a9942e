import { addTo, dot, type SparseRow, seededRandom } from './sparse.js';

const mostRounds = 200;
const tolerance = 0.01;

/**
 * A linear support vector machine with squared hinge loss, by dual coordinate descent (Hsieh et al. 2008, as in LIBLINEAR), its
 * two classes weighed as if they were of one size. The same data give the same weights to the last bit.
 * @param rows examples; the column `width - 1` must be the same in all, for the bias
 * @param isPositive for each row
 * @param cost how much a mistake costs against large weights
 */
export function trainSvm(
  rows: readonly SparseRow[],
  width: number,
  isPositive: readonly boolean[],
  cost: number,
): Float64Array {
  const weights = new Float64Array(width);
  const positives = isPositive.filter(Boolean).length;
  if (positives === 0) return weights;
  const costOf = (positive: boolean) => (cost * rows.length) / (2 * (positive ? positives : rows.length - positives));
  const diagonal = isPositive.map((positive) => 1 / (2 * costOf(positive)));
  const squares = rows.map((row, i) => row.values.reduce((sum, value) => sum + value * value, diagonal[i] as number));
  const alphas = new Float64Array(rows.length);
  const order = rows.map((_, i) => i);
  const random = seededRandom(1);
  for (let round = 0; round < mostRounds; round++) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [order[i], order[j]] = [order[j] as number, order[i] as number];
    }
    let worst = 0;
    for (const i of order) {
      const row = rows[i] as SparseRow;
      const sign = isPositive[i] ? 1 : -1;
      const alpha = alphas[i] as number;
      const gradient = sign * dot(row, weights) - 1 + (diagonal[i] as number) * alpha;
      const projected = alpha === 0 ? Math.min(gradient, 0) : gradient;
      if (projected === 0) continue;
      worst = Math.max(worst, Math.abs(projected));
      const next = Math.max(alpha - gradient / (squares[i] as number), 0);
      alphas[i] = next;
      addTo(weights, (next - alpha) * sign, row);
    }
    if (worst < tolerance) break;
  }
  return weights;
}
