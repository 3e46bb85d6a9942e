import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leaningsOf, parseLeaning, worthOf } from '../../src/interests/leanings.js';

describe('what votes come to', () => {
  it('is a number of steps for each topic, five at the most either way', () => {
    const on = (topics: string[], more: boolean, times = 1) => Array.from({ length: times }, () => ({ topics, more }));
    expect(
      leaningsOf([...on(['agents', 'code'], true, 2), ...on(['code'], false, 2), ...on(['music'], false, 9)]),
    ).toEqual(['agents+2', 'music-5']);
  });

  it('makes papers worth a fifth more or a sixth less a step, and never nothing', () => {
    expect(worthOf(0)).toBe(1);
    expect(worthOf(1)).toBeCloseTo(1.2);
    expect(worthOf(-1)).toBeCloseTo(5 / 6);
    fc.assert(
      fc.property(fc.integer(), (steps) => {
        expect(worthOf(steps)).toBeGreaterThan(0.4);
        expect(worthOf(steps)).toBeLessThan(2.5);
      }),
    );
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('3d', 'time-series-and-tabular'),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (topic, n, more) => {
          const [leaning = ''] = leaningsOf(Array.from({ length: n }, () => ({ topics: [topic], more })));
          expect(parseLeaning(leaning)).toEqual({ topic, steps: (more ? 1 : -1) * Math.min(n, 5) });
        },
      ),
    );
    expect(parseLeaning('agents')).toBeNull();
  });
});
