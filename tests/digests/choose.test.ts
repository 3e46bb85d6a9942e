import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Choice, Shelf } from '../../src/digests/choose.js';
import type { Interests } from '../../src/interests/interests.js';
import { PaperIndex } from '../../src/interests/paper-index.js';
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
  it('weighs how likely a paper is wanted against how much it is talked about', () => {
    const likely = offer(1, { upvotes: 6, topics: { agents: 0.95 } });
    expect(chosen([likely, offer(2, { upvotes: 30, topics: { agents: 0.4 } })])).toEqual([1, 2]);
    expect(chosen([likely, offer(2, { upvotes: 250, topics: { agents: 0.4 } })])).toEqual([2, 1]);
  });

  it('of a long time is the best of what was missed, and not the newest only', () => {
    const old = offer(1, { day: '2026-01-20', upvotes: 100 });
    expect(chosen([old, offer(2, { upvotes: 6 })])).toEqual([1, 2]);
    expect(chosen([old, offer(2, { upvotes: 60 })])).toEqual([2, 1]);
  });

  it('lets no hot topic fill the digest of someone who has others', () => {
    const hot = Array.from({ length: 9 }, (_, i) => offer(i + 1, { upvotes: 60 }));
    const others = [10, 11, 12].map((id) => offer(id, { upvotes: 30, topics: { code: 1 } }));
    const papers = chosen([...hot, ...others], ['agents', 'code'], 8);
    expect(papers.filter((id) => id >= 10)).toHaveLength(3);
    expect(papers[0]).toBe(1);
    expect(chosen([...hot, ...others], [], 8).filter((id) => id >= 10)).toHaveLength(3);
  });

  it('is by votes, then by comments, all else being equal', () => {
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

describe('own interests', () => {
  const nothing: Interests = { phrases: [], mutedPhrases: [], authors: [], categories: [] };
  /** Chooses from papers of these titles, by Ada Lovelace where it is said, the first with the most votes. */
  const titled = (papers: { title: string; by?: string; in?: string; topics?: Record<string, number> }[]) => {
    const index = new PaperIndex();
    const offers = papers.map(({ title, by, in: category, topics = {} }, i) => {
      const lists = { keywords: [], authors: by ? [by] : [], categories: category ? [category] : [] };
      index.add({ id: i + 1, title, abstract: '', ...lists });
      return offer(i + 1, { upvotes: 100 - i, topics });
    });
    return (interests: Partial<Interests>, topics: string[] = [], count = 10, without: number[] = []) =>
      new Shelf(offers).choose({ topics, count, interests: { ...nothing, ...interests } }, without, index);
  };
  const ids = (choices: Choice[]) => choices.map(({ paperId }) => paperId);

  it('bring the papers that a phrase finds, beside those of topics, and say which', () => {
    const choose = titled([
      { title: 'A world model' },
      { title: 'Planning', topics: { agents: 0.9 } },
      { title: 'Music' },
    ]);
    expect(choose({ phrases: ['"world model"'] }, ['agents'])).toEqual([
      { paperId: 1, topics: [], interests: ['your phrase “world model”'] },
      { paperId: 2, topics: ['agents'], interests: [] },
    ]);
    expect(ids(choose({ phrases: ['"world model"'] }))).toEqual([1]);
  });

  it('bring what is in a category, after what is wanted more', () => {
    const choose = titled([
      { title: 'A', in: 'cs.CL' },
      { title: 'B', topics: { agents: 0.9 } },
      { title: 'C', in: 'math.CO' },
    ]);
    expect(choose({ categories: ['cs'] }, ['agents'])).toEqual([
      { paperId: 2, topics: ['agents'], interests: [] },
      { paperId: 1, topics: [], interests: ['arXiv cs'] },
    ]);
  });

  it('put papers by followed authors in, whatever else there is', () => {
    const hot = Array.from({ length: 9 }, () => ({ title: 'Hot', topics: { agents: 1 } }));
    const choose = titled([...hot, { title: 'Quiet', by: 'A. Lovelace' }]);
    const [first, ...others] = choose({ authors: ['Ada Lovelace'] }, ['agents'], 3);
    expect(first).toEqual({ paperId: 10, topics: [], interests: ['author Ada Lovelace'] });
    expect(ids(others)).toEqual([1, 2]);
  });

  it('leave out what a muted phrase finds, also of what is trending', () => {
    const choose = titled([
      { title: 'Blockchain agents', topics: { agents: 1 } },
      { title: 'Agents', topics: { agents: 1 } },
    ]);
    expect(ids(choose({ mutedPhrases: ['blockchain'] }, ['agents']))).toEqual([2]);
    expect(ids(choose({ mutedPhrases: ['blockchain'] }))).toEqual([2]);
  });

  it('never bring what was given before', () => {
    const choose = titled([{ title: 'A world model', by: 'Ada Lovelace' }, { title: 'World models' }]);
    expect(ids(choose({ phrases: ['"world model"'], authors: ['Ada Lovelace'] }, [], 10, [1]))).toEqual([2]);
  });

  it('are beaten by a muted phrase, whatever is wanted', () => {
    const word = fc.constantFrom('world', 'model', 'agent', 'music', 'driving');
    const phrase = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join(' '));
    const paper = fc.record({
      title: phrase,
      by: fc.constantFrom('Ada Lovelace', 'Alan Turing'),
      in: fc.constantFrom('cs.CL', 'math.CO'),
      topics: fc.dictionary(fc.constantFrom('a', 'b'), fc.constant(1)),
    });
    const wanted = fc.record({
      phrases: fc.array(phrase, { maxLength: 3 }),
      mutedPhrases: fc.array(phrase, { maxLength: 2 }),
      authors: fc.subarray(['Ada Lovelace', 'A. Turing']),
      categories: fc.subarray(['cs', 'math.CO']),
    });
    fc.assert(
      fc.property(fc.array(paper, { maxLength: 12 }), wanted, fc.subarray(['a', 'b']), (papers, interests, topics) => {
        const muted = interests.mutedPhrases.map((text) => text.split(' '));
        const isMuted = (title: string) =>
          muted.some((words) => words.every((each) => title.split(' ').includes(each)));
        const isByFollowed = (by: string) => interests.authors.some((name) => name.endsWith(by.split(' ')[1] ?? ''));
        const given = ids(titled(papers)(interests, topics, 99));
        expect(given.filter((id) => isMuted(papers[id - 1]?.title ?? ''))).toEqual([]);
        const followed = papers.flatMap(({ title, by }, i) => (isByFollowed(by) && !isMuted(title) ? i + 1 : []));
        expect(new Set(given.slice(0, followed.length))).toEqual(new Set(followed));
      }),
    );
  });
});

describe('the reckoning', () => {
  const offers = [
    offer(1, { upvotes: 5, day: '2026-02-02' }),
    offer(2, { upvotes: 9, topics: { robotics: 0.9, agents: 0.2 } }),
    offer(3, { upvotes: 50, topics: { music: 0.4, speech: 0.8 } }),
    offer(4, { upvotes: 40, topics: {} }),
  ];

  it('counts what was on offer and what matched, and names the most voted of the rest with its strongest topic', () => {
    expect(new Shelf(offers).reckon({ topics: ['agents', 'robotics'], count: 1 })).toEqual({
      offered: 4,
      matched: 2,
      days: 2,
      outside: { paperId: 3, topic: 'speech' },
    });
    expect(new Shelf(offers).reckon({ topics: ['agents', 'music'], count: 9 }).outside).toEqual({
      paperId: 4,
      topic: null,
    });
  });

  it('names nothing that was given before or is muted, and nothing where all match', () => {
    const index = new PaperIndex();
    for (const { paperId } of offers)
      index.add({
        id: paperId,
        title: paperId === 3 ? 'A song' : 'x',
        abstract: '',
        keywords: [],
        authors: [],
        categories: [],
      });
    const interests = { phrases: [], mutedPhrases: ['song'], authors: [], categories: [] };
    const shelf = new Shelf(offers);
    expect(shelf.reckon({ topics: ['agents', 'speech'], count: 9, interests }, [4], index)).toEqual({
      offered: 4,
      matched: 2,
      days: 2,
      outside: null,
    });
    expect(shelf.reckon({ topics: [], count: 2 })).toEqual({ offered: 4, matched: 4, days: 2, outside: null });
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
