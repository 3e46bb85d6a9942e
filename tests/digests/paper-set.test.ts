import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PaperSet } from '../../src/digests/paper-set.js';

describe('a set of papers', () => {
  it('is what a set of numbers is', () => {
    const numbers = fc.array(fc.nat({ max: 99 }));
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 130 }), numbers, numbers, numbers, (limit, first, second, removed) => {
        const set = new PaperSet(limit);
        const other = new PaperSet(limit);
        const model = new Set<number>();
        for (const number of first) set.add(number);
        for (const number of second) other.add(number);
        set.addAll(other);
        for (const number of [...first, ...second]) model.add(number);
        for (const number of removed) {
          set.remove(number);
          model.delete(number);
        }
        set.add(undefined);
        set.remove(undefined);
        expect(set.size).toBe(model.size);
        let missing = 0;
        while (model.has(missing)) missing++;
        expect(set.firstMissing()).toBe(missing);
      }),
    );
  });

  it.each([0, 1, 31, 32, 33, 64])('of %i, all in it, misses none', (limit) => {
    const set = new PaperSet(limit);
    for (let number = 0; number < limit; number++) set.add(number);
    expect([set.size, set.firstMissing()]).toEqual([limit, limit]);
  });
});
