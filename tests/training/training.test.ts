import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestThreshold, calibrate } from '../../training/calibration.js';
import { dot, seededRandom, sparseRow } from '../../training/sparse.js';
import { leadingSubspace, project } from '../../training/subspace.js';
import { trainSvm } from '../../training/svm.js';

describe('a support vector machine', () => {
  const random = seededRandom(5);
  const rows = Array.from({ length: 200 }, () =>
    sparseRow([
      [0, random() - 0.5],
      [1, random() - 0.5],
      [2, 1],
    ]),
  );
  const isPositive = rows.map(({ values }) => (values[0] as number) + 2 * (values[1] as number) > 0.4);

  it('finds the line between two classes, though one is much larger', () => {
    const weights = trainSvm(rows, 3, isPositive, 10);
    const right = rows.filter((row, i) => dot(row, weights) > 0 === isPositive[i]);
    expect(isPositive.filter(Boolean).length).toBeLessThan(70);
    expect(right.length).toBeGreaterThanOrEqual(195);
  });

  it('gives the same weights each time, and none where there is nothing to learn', () => {
    expect(trainSvm(rows, 3, isPositive, 1)).toEqual(trainSvm(rows, 3, isPositive, 1));
    expect([
      ...trainSvm(
        rows,
        3,
        rows.map(() => false),
        1,
      ),
    ]).toEqual([0, 0, 0]);
  });
});

describe('the leading subspace', () => {
  it('has the directions in which rows differ most, at right angles', () => {
    const random = seededRandom(6);
    const rows = Array.from({ length: 300 }, () => {
      const [a, b] = [5 * (random() - 0.5), 3 * (random() - 0.5)];
      const noise = () => 0.01 * (random() - 0.5);
      return sparseRow([
        [0, a + noise()],
        [1, a + noise()],
        [2, b + noise()],
        [3, noise()],
      ]);
    });
    const basis = leadingSubspace(rows, 4, 2);
    const inner = (k: number, l: number) =>
      basis.reduce((sum, row) => sum + (row[k] as number) * (row[l] as number), 0);
    expect([inner(0, 0), inner(1, 1), inner(0, 1)].map((each) => Math.round(each * 1e9) / 1e9 + 0)).toEqual([1, 1, 0]);
    for (const row of rows) {
      const place = project(row, basis, 2);
      const kept = place.reduce((sum, value) => sum + value * value, 0);
      const all = row.values.reduce((sum, value) => sum + value * value, 0);
      expect(all - kept).toBeLessThan(0.001);
    }
  });
});

describe('a calibration', () => {
  it('grows with the score and means what it says, whatever the scores', () => {
    const scored = fc.array(fc.tuple(fc.double({ min: -5, max: 5, noNaN: true }), fc.boolean()), {
      minLength: 2,
      maxLength: 60,
    });
    fc.assert(
      fc.property(scored, (cases) => {
        const truth = cases.map(([, isTrue]) => isTrue);
        const { slope, offset } = calibrate(
          cases.map(([score]) => score),
          truth,
        );
        expect(Number.isFinite(slope) && Number.isFinite(offset)).toBe(true);
        const sum = cases.reduce((total, [score]) => total + 1 / (1 + Math.exp(-(slope * score + offset))), 0);
        // As many as there are, but for what is smoothed.
        expect(Math.abs(sum - truth.filter(Boolean).length)).toBeLessThan(1.1);
      }),
    );
  });
});

describe('the best threshold', () => {
  const random = seededRandom(7);
  const truth = Array.from({ length: 400 }, (_, i) => i < 60);
  const scores = truth.map((isTrue) => (isTrue ? 0.3 : -0.6) + 0.8 * (random() - 0.5));

  it('lies between what is true and what is not', () => {
    const threshold = bestThreshold(scores, truth);
    expect(threshold).toBeGreaterThan(-0.3);
    expect(threshold).toBeLessThan(0.1);
  });

  it('does not hang on a single paper', () => {
    const before = bestThreshold(scores, truth);
    expect(Math.abs(bestThreshold([...scores, -0.9], [...truth, true]) - before)).toBeLessThan(0.05);
    expect(Math.abs(bestThreshold([...scores, 0.9], [...truth, false]) - before)).toBeLessThan(0.05);
  });
});
