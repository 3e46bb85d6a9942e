import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textsIn } from '../../src/languages/texts.js';
import { authorsLine, clamp, firstSentences, linksOf, safeUrl, shortName } from '../../src/papers/presentation.js';

describe('what a reader sees of a paper', () => {
  it('up to three authors; of more the first, the last, and how many there are', () => {
    expect(authorsLine(['A', 'B', 'C'])).toBe('A, B, C');
    expect(authorsLine(['A', 'B', 'C', 'D', 'E'])).toBe('A, B, …, E (5)');
    expect(authorsLine([])).toBe('');
  });

  it('the name that a title gives its subject, where it is short', () => {
    expect(shortName('EnvHarness: Awakening Static Worlds')).toBe('EnvHarness');
    expect(shortName('Agents at 10:30 in the morning')).toBeNull();
    expect(shortName('A question that takes long to ask: an answer')).toBeNull();
    expect(shortName('No colon')).toBeNull();
  });

  it('whole sentences, as far as they fit', () => {
    const text = 'We ask why. We find out. And then we tell a much longer story.';
    expect(firstSentences(text, 30)).toBe('We ask why. We find out.');
    expect(firstSentences(text, 100)).toBe(text);
    expect(firstSentences('One sentence without an end that goes on', 20)).toBe('One sentence …');
  });

  it('a beginning that is no longer than it may be, and never half a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (text, longest) => {
        for (const cut of [clamp(text, longest), firstSentences(text, longest)]) {
          expect(cut.length).toBeLessThanOrEqual(longest + ' …'.length);
          expect(cut).not.toMatch(/\p{Cs}/u);
        }
      }),
    );
  });

  it('links that are https', () => {
    const paper = {
      identifier: '2602.02276',
      discussionUrl: 'javascript:alert(1)',
      codeUrl: 'https://github.com/a/b',
      codeStars: 0,
      projectUrl: null,
    };
    expect(linksOf(textsIn('en'), paper)).toEqual([
      { label: 'arXiv', href: 'https://arxiv.org/abs/2602.02276' },
      { label: 'PDF', href: 'https://arxiv.org/pdf/2602.02276' },
      { label: 'Code', href: 'https://github.com/a/b' },
    ]);
    for (const url of [
      'http://a.example',
      'data:text/html,x',
      '//a.example',
      'x',
      `https://a.example/${'x'.repeat(2_000)}`,
    ])
      expect(safeUrl(url)).toBeNull();
    expect(safeUrl('https://a.example/"x')).toBe('https://a.example/%22x');
  });
});
