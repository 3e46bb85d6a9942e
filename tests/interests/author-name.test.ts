import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authorKey, isSameAuthor } from '../../src/interests/author-name.js';

describe('two names may be one author', () => {
  it.each([
    ['Yoshua Bengio', 'Yoshua Bengio'],
    ['Yoshua Bengio', 'Y. Bengio'],
    ['Yoshua Bengio', 'Bengio, Yoshua'],
    ['Bengio, Y.', 'Y Bengio'],
    ['Geoffrey E. Hinton', 'Geoffrey Hinton'],
    ['G. E. Hinton', 'Geoffrey Everest Hinton'],
    ['Laurens van der Maaten', 'L. Maaten'],
    ['Bernhard Schölkopf', 'Bernhard Scholkopf'],
    ['Łukasz Kaiser', 'Lukasz Kaiser'],
    ['YOSHUA BENGIO', 'yoshua bengio'],
    ['Robert Downey, Jr.', 'Robert Downey Jr'],
    ['Jean-Pierre Serre', 'J.-P. Serre'],
    ['DeepSeek-AI', 'Deepseek AI'],
    ['NVIDIA', 'Nvidia'],
  ])('%s, %s', (one, other) => {
    expect(isSameAuthor(one, other)).toBe(true);
    expect(authorKey(one)).toBe(authorKey(other));
  });

  it.each([
    ['Yann Bengio', 'Yoshua Bengio'],
    ['Yoshua Bengio', 'Samy Bengio'],
    ['Yoshua Bengio', 'Bengio'],
    ['G. A. Hinton', 'Geoffrey Everest Hinton'],
    ['', ''],
    ['?', '!'],
  ])('but not %s, %s', (one, other) => {
    expect(isSameAuthor(one, other)).toBe(false);
  });

  it('whichever comes first, and a name is always its own', () => {
    const name = fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('A.', 'Ann', 'van', 'Lee', ',')), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(name, name, (a, b) => {
        const [one, other] = [a.join(' '), b.join(' ')];
        expect(isSameAuthor(one, other)).toBe(isSameAuthor(other, one));
        expect(isSameAuthor(one, one)).toBe(authorKey(one) !== '');
        if (isSameAuthor(one, other)) expect(authorKey(one)).toBe(authorKey(other));
      }),
    );
  });
});
