import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PaperIndex } from '../../src/interests/paper-index.js';
import { readPhrase, tidyPhrase } from '../../src/interests/phrase.js';
import { type Said, textsIn } from '../../src/languages/texts.js';

const sayIn = ({ key, values }: Said, text: string) => textsIn('en').t(key, { ...values, text });
const problemOf = (text: string) => {
  const phrase = readPhrase(tidyPhrase(text));
  return 'problem' in phrase ? sayIn(phrase.problem, text) : null;
};
const indexOf = (...abstracts: string[]) => {
  const index = new PaperIndex();
  for (const [i, abstract] of abstracts.entries())
    index.add({
      id: i + 1,
      title: 'A title',
      abstract,
      keywords: ['first key', 'second'],
      authors: [],
      categories: [],
    });
  return index;
};
/** Whether a phrase finds a text. */
const finds = (phrase: string, text: string) => indexOf(text).withPhrase(tidyPhrase(phrase)).has(1);

describe('a phrase', () => {
  it.each([
    ['words in any order', 'model world', 'A world of models'],
    ['one of two alternatives', 'simulator OR "world model"', 'Our world model'],
    ['alternatives with a small "or"', 'simulator or planner', 'A planner'],
    ['the plural', '"world model"', 'World models'],
    ['the singular', 'policies', 'a policy'],
    ['with a hyphen what has a blank', 'self-supervised', 'self supervised learning'],
    ['with a blank what has a hyphen', '"self supervised"', 'Self-supervised learning'],
    ['without accents', 'schrodinger', 'the Schrödinger bridge'],
    ['with accents', 'Schrödinger', 'the Schrodinger bridge'],
    ['with typographic quotes', '“world model”', 'the world model'],
    ['stop words inside quotes', '"state of the art"', 'the state of the art'],
    ['regardless of stop words outside of quotes', 'the world', 'world models'],
    ['names with signs in them', 'GPT-4 C++ R&D', 'R&D with GPT-4, in C++'],
    ['signs in quotes', '"L_2 (Euclidean) norm"', 'the $L_2$ (Euclidean) norm'],
    ['a part of a Chinese sentence', '强化学习', '基于强化学习的方法'],
  ])('finds %s', (_, phrase, text) => {
    expect(finds(phrase, text)).toBe(true);
  });

  it.each([
    ['words that are apart, in quotes', '"world model"', 'a model of the world'],
    ['another order in quotes', '"world model"', 'model world'],
    ['only one of two words', 'world simulator', 'a world model'],
    ['the middle of a word', 'art', 'a party'],
    ['what it excludes', 'simulator -driving', 'a driving simulator'],
    [
      'what it excludes, whichever alternative is met',
      '"world model" OR simulator -driving',
      'a world model for driving',
    ],
    ['an excluded phrase in quotes', 'simulator -"traffic jams"', 'a simulator of traffic jams'],
    ['from one keyword into the next', '"key second"', 'an abstract'],
    ['from the title into a keyword', '"title first"', 'an abstract'],
  ])('does not find %s', (_, phrase, text) => {
    expect(finds(phrase, text)).toBe(false);
  });

  it('excludes a quoted phrase only where its words stand side by side', () => {
    expect(finds('simulator -"traffic jams"', 'a simulator of traffic without jams')).toBe(true);
  });

  it.each([
    ['unbalanced quotes', '"world model', /quotation mark without its partner/],
    ['stop words only', 'of the', /no word to look for/],
    ['stop words only, in quotes', '"of the"', /no word to look for/],
    ['10 kB', 'word '.repeat(2_000), /is too long: a phrase has 200 characters/],
    ['operators only', 'OR - OR', /no word to look for/],
    ['exclusions only', '-driving', /only excludes/],
    ['the exclusion of a stop word', 'world -the', /excludes “the”/],
    ['emoji', '🤖', /has a 🤖, which means nothing here/],
    ['emoji in quotes', '"🤖"', /no word to look for/],
    ['SQL', 'select * from papers', /has a \*/],
    ['an injection', "'); drop", /has a \)/],
    ['parentheses', '(world OR simulator) model', /has a \(/],
    ['nothing', '   ', /no word to look for/],
  ])('is refused with a message: %s', (_, text, message) => {
    expect(problemOf(text)).toMatch(message);
    expect(indexOf('world model').withPhrase(tidyPhrase(text)).size).toBe(0);
  });

  it('is read, or refused in a sentence, and looked up, whatever it is', () => {
    const index = indexOf('A world model of the driver', 'Simulators');
    const piece = fc.oneof(
      fc.constantFrom('"', '-', ' OR ', ' ', '-"', "'", '\\', '\0', '&', '|', '<->', ':*', '!', 'world', 'model', 'of'),
      fc.string({ unit: 'grapheme' }),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('')),
        (text) => {
          expect(problemOf(text)).toSatisfy((problem) => problem === null || /\.$/.test(problem));
          expect(index.withPhrase(text).size).toBeLessThanOrEqual(2);
        },
      ),
    );
  });

  it('finds the text that it was cut from', () => {
    const word = fc.oneof(
      fc.stringMatching(/^[a-zA-Zäöüéß]{3,12}s?$/),
      fc.constantFrom(
        'GPT-4',
        'of',
        'the',
        'state-of-the-art',
        '$L_2$',
        'and/or',
        '3D',
        '汉字',
        'o’clock',
        '1e5',
        'Łukasz',
        "don't",
      ),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }).map((text) => text.replaceAll(/["“”„‟«»″\s]/g, '')),
    );
    const cut = fc
      .array(word, { minLength: 1, maxLength: 40 })
      .chain((words) => fc.tuple(fc.constant(words), fc.nat(words.length - 1), fc.integer({ min: 1, max: 12 })));
    fc.assert(
      fc.property(cut, ([words, from, length]) => {
        const phrase = tidyPhrase(`"${words.slice(from, from + length).join(' ')}"`);
        fc.pre(problemOf(phrase) === null);
        expect(finds(phrase, words.join(' '))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});
