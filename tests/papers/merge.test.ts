import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergePaper, newPaper } from '../../src/papers/merge.js';
import { type Paper, untold } from '../../src/papers/paper.js';

const now = new Date('2026-02-04T12:00:00Z');
const named = (more: Partial<Paper>): Paper => ({
  ...untold,
  identifier: '2602.00001',
  title: 'T',
  abstract: '',
  ...more,
});

const text = fc.string({ maxLength: 5 });
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null });
const count = maybe(fc.nat({ max: 5 }));
const anyPaper: fc.Arbitrary<Paper> = fc.record({
  identifier: fc.constant('2602.00001'),
  title: fc.string({ minLength: 1, maxLength: 5 }),
  abstract: text,
  summary: maybe(text),
  authors: fc.array(text, { maxLength: 3 }),
  organization: maybe(text),
  keywords: fc.array(text, { maxLength: 3 }),
  categories: fc.array(text, { maxLength: 3 }),
  publishedAt: maybe(fc.date({ min: new Date('2026-01-01'), max: now, noInvalidDate: true })),
  upvotes: count,
  comments: count,
  thumbnailUrl: maybe(text),
  discussionUrl: maybe(text),
  codeUrl: maybe(text),
  codeStars: count,
  projectUrl: maybe(text),
});
const anyStanding = fc.record({ shared: fc.boolean(), outdated: fc.boolean() });

describe('a paper that a source tells of again', () => {
  const known = newPaper(
    named({ title: 'Old title', upvotes: 5, summary: 'S', codeStars: 3, authors: ['A', 'B'] }),
    now,
  );

  test.each([
    [
      'has what the source says now',
      { shared: false, outdated: false },
      { title: 'New', upvotes: 4, codeStars: 3, authors: ['A'], summary: 'N' },
    ],
    [
      'keeps the richer value where others list it, too',
      { shared: true, outdated: false },
      { title: 'Old title', upvotes: 5, codeStars: 3, authors: ['A', 'B'], summary: 'S' },
    ],
    [
      'has only its gaps filled from an older list',
      { shared: false, outdated: true },
      { title: 'Old title', upvotes: 5, codeStars: 3, authors: ['A', 'B'], summary: 'S', projectUrl: 'https://p.org/' },
    ],
  ])('%s', (_, standing, merged) => {
    const given = named({ title: 'New', upvotes: 4, summary: 'N', authors: ['A'], projectUrl: 'https://p.org/' });
    expect(mergePaper(known, given, standing)).toMatchObject(merged);
  });

  test('was published when the earliest said', () => {
    const given = named({ publishedAt: new Date('2026-02-01T00:00:00Z') });
    const standing = { shared: false, outdated: true };
    expect(mergePaper(known, given, standing).publishedAt).toEqual(given.publishedAt);
    expect(mergePaper(newPaper(given, now), named({ publishedAt: now }), standing).publishedAt).toEqual(
      given.publishedAt,
    );
  });

  test('loses nothing to a source that does not tell', () => {
    fc.assert(
      fc.property(anyPaper, anyStanding, (paper, standing) => {
        const stored = newPaper(paper, now);
        const silent = named({ title: '' });
        expect(mergePaper(stored, silent, standing)).toEqual(stored);
      }),
    );
  });

  test('is the same however often it is told of', () => {
    fc.assert(
      fc.property(anyPaper, anyPaper, anyStanding, (paper, given, standing) => {
        const once = mergePaper(newPaper(paper, now), given, standing);
        expect(mergePaper(once, given, standing)).toEqual(once);
      }),
    );
  });
});
