import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Shelf } from '../../src/digests/choose.js';
import type { Offer } from '../../src/papers/offers.js';

const offer = (
  paperId: number,
  given: Partial<Omit<Offer, 'matches'>> & { topics?: Record<string, number> } = {},
): Offer => {
  const { topics = { agents: 1 }, ...rest } = given;
  return {
    seq: paperId,
    paperId,
    day: '2026-02-03',
    upvotes: 0,
    comments: 0,
    publishedAt: Date.UTC(2026, 1, 1),
    ...rest,
    matches: new Map(Object.entries(topics)),
  };
};
const chosen = (offers: Offer[], topics = ['agents'], count = 10) =>
  new Shelf(offers).choose({ topics, count }).map(({ paperId }) => paperId);

describe('the order of papers', () => {
  it('is by votes, then by comments', () => {
    expect(chosen([offer(1, { upvotes: 1 }), offer(2, { upvotes: 5 }), offer(3, { upvotes: 5, comments: 1 })])).toEqual(
      [3, 2, 1],
    );
  });

  it('is by the match where votes tie or a source has none: the best match comes first, not the first id', () => {
    const papers = [
      offer(1, { topics: { agents: 1 } }),
      offer(2, { topics: { agents: 9 } }),
      offer(3, { topics: { agents: 4 } }),
    ];
    expect(chosen(papers)).toEqual([2, 3, 1]);
  });

  it('takes the best match among the topics that were chosen, and no other', () => {
    const papers = [
      offer(1, { topics: { agents: 2, code: 1 } }),
      offer(2, { topics: { agents: 1, code: 3, music: 9 } }),
    ];
    expect(chosen(papers, ['agents', 'code'])).toEqual([2, 1]);
    expect(chosen(papers, ['agents'])).toEqual([1, 2]);
  });

  it('is by freshness where the match ties, too: the newer list, then the newer paper', () => {
    const papers = [
      offer(1, { day: '2026-02-02' }),
      offer(2, { publishedAt: Date.UTC(2026, 0, 1) }),
      offer(3, { publishedAt: Date.UTC(2026, 0, 9) }),
    ];
    expect(chosen(papers)).toEqual([3, 2, 1]);
  });
});

describe('what is on offer', () => {
  const wish = { topics: ['agents'], count: 10 };
  const offers = [
    offer(1, { day: '2026-02-01' }),
    offer(2, { day: '2026-02-02' }),
    offer(3, { day: '2026-02-03' }),
    offer(4, { day: '2026-02-03' }),
  ];
  const ids = (shelf: Shelf) =>
    shelf
      .choose(wish)
      .map(({ paperId }) => paperId)
      .sort();

  it('is what comes after the cursor, and what is owed from before it', () => {
    expect(ids(new Shelf(offers).after(2))).toEqual([3, 4]);
    expect(ids(new Shelf(offers).after(3, [1]))).toEqual([1, 4]);
  });

  it('is the newest list to whom nothing was offered yet, and what is owed to them of older ones', () => {
    expect(ids(new Shelf(offers).newest())).toEqual([3, 4]);
    expect(ids(new Shelf(offers).newest([1]))).toEqual([1, 3, 4]);
  });
});

const papers = fc
  .array(
    fc.record({
      upvotes: fc.integer({ min: 0, max: 2 }),
      comments: fc.integer({ min: 0, max: 1 }),
      topics: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 1, max: 3 })),
    }),
    { maxLength: 30 },
  )
  .map((made) => made.map((given, i) => offer(i + 1, given)));
const wishes = fc.record({ topics: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd')), count: fc.nat({ max: 12 }) });

describe('what is chosen', () => {
  it('is each matching paper once, up to the number that is wanted, whatever the order of offers', () => {
    fc.assert(
      fc.property(papers, wishes, (given, wish) => {
        const choices = new Shelf(given).choose(wish);
        const fitting = given.filter(
          ({ matches }) => wish.topics.length === 0 || wish.topics.some((topic) => matches.has(topic)),
        );
        expect(choices).toHaveLength(Math.min(wish.count, fitting.length));
        expect(new Set(choices.map(({ paperId }) => paperId)).size).toBe(choices.length);
        expect(new Shelf(given.toReversed()).choose(wish)).toEqual(choices);
      }),
    );
  });

  it('of fewer papers is the beginning of what is chosen of more', () => {
    fc.assert(
      fc.property(papers, wishes, (offers, { topics, count }) => {
        const shelf = new Shelf(offers);
        expect(shelf.choose({ topics, count })).toEqual(shelf.choose({ topics, count: 99 }).slice(0, count));
      }),
    );
  });

  it('is from behind the cursor, and of what is before it only what is owed; never what was given early', () => {
    const shelf = new Shelf([offer(1), offer(2), offer(3), offer(4)]).after(2, [1]);
    expect(shelf.choose({ topics: [], count: 9 }, [4]).map(({ paperId }) => paperId)).toEqual([1, 3]);
  });
});
