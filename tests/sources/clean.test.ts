import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanText } from '../../src/sources/clean.js';

/** Texts made of the pieces that cleaning looks for, next to any other characters. */
const untidy = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\\textbf{',
        '\\frac{',
        '\\href{',
        '\\alpha',
        '\\ours',
        '\\%',
        '\\"',
        '\\',
        '{',
        '}',
        '$',
        '^',
        '_',
        '~',
        '--',
        '``',
        "''",
        'times',
        'sim',
        '{sim}',
        'https://example.org/a_b',
        '\u0000',
        '\u200b',
        '\u202e',
        '\ud800',
        '\n',
        ' ',
        '3',
        'a',
        'é',
        '<b>',
        '&amp;',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
    ),
    { maxLength: 30 },
  )
  .map((pieces) => pieces.join(''));

describe('cleanText', () => {
  test('cleans only once: a clean text stays as it is', () => {
    fc.assert(
      fc.property(untidy, (text) => {
        expect(cleanText(cleanText(text))).toBe(cleanText(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test('row 44: leaves no invisible character, no lone surrogate, no double space', () => {
    fc.assert(
      fc.property(untidy, (text) => {
        expect(cleanText(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]|\s\s|^\s|\s$|[^\S ]/u);
      }),
    );
  });

  test('leaves ordinary words and numbers alone', () => {
    const plain = fc
      .array(fc.stringMatching(/^[A-Za-z]{1,12}$|^\d{1,4}$/), { minLength: 1 })
      .map((words) => words.join(', '));
    fc.assert(
      fc.property(plain, (text) => {
        expect(cleanText(text)).toBe(text);
      }),
    );
  });

  test.each([
    ['  Two\n  lines\tand\u00a0spaces ', 'Two lines and spaces'],
    [
      'zero\u200bwidth, \u202ebidi\u202c, soft\u00adhyphen, \u0000nul, \ud83d lone',
      'zerowidth, bidi, softhyphen, nul, lone',
    ],
    ['汉字, ζ, é and e\u0301, 👍', '汉字, ζ, é and é, 👍'],
  ])('makes one tidy line of %j', (raw, clean) => expect(cleanText(raw)).toBe(clean));

  test.each([
    ['$L_2$ norm in $O(n\\log n)$', 'L_2 norm in O(n log n)'],
    ['10-100\\times faster by 9.4\\%', '10-100× faster by 9.4%'],
    ['\\textit{O} and \\textbf{\\textit{both}}', 'O and both'],
    ['We present \\ours, and \\MethodName{} too', 'We present ours, and MethodName too'],
    ['\\textbf{M}ulti \\texttt{a\\_b}', 'Multi a_b'],
    ['A$^2$RD, DR$^{3}$-Eval, $10^{-9}$, 360$^\\circ$', 'A²RD, DR³-Eval, 10⁻⁹, 360°'],
    ['2D$\\to$4D$\\to$2D, 15$\\pm$7', '2D→4D→2D, 15±7'],
    ['$\\Delta$t and $\\frac{1}{2}$ of $\\sqrt{n+1}$', 'Δt and 1/2 of √(n+1)'],
    ['Szemer\\\'edi, ans\\"atze, G\\"{o}del, Erd\\H{o}s, \\v{S}', 'Szemerédi, ansätze, Gödel, Erdős, Š'],
    ['He said \\"yes\\" twice', 'He said "yes" twice'],
    [
      'see \\href{https://example.org/a_b}{here}, \\url{https://example.org/~x}',
      'see here (https://example.org/a_b), https://example.org/~x',
    ],
    ['methods \\cite{a,b} work {\\em well}', 'methods work well'],
    ['1.5\\,TB on an RTX~5090 (\\eg this)', '1.5 TB on an RTX 5090 (e.g. this)'],
    ["``quoted'' -- 8--12, 43{,}219", '"quoted" -- 8–12, 43,219'],
    ["Cohen's \\k{appa}, \\b{eta}, \\r{ho}", "Cohen's κ, β, ρ"],
    ['(Phase-wise \\textbf{Self-Reward Decoding) works', '(Phase-wise Self-Reward Decoding) works'],
  ])('makes readable text of %j', (raw, clean) => expect(cleanText(raw)).toBe(clean));

  test.each([
    ['64times64times4, 23times faster, 256 times 256', '64×64×4, 23× faster, 256 × 256'],
    ['textit{O} and mathrm{Cal}', 'O and Cal'],
    ['only sim20% of sim51K, {sim}2{times}, approx5%, leq 1K', 'only ∼20% of ∼51K, ∼2×, ≈5%, ≤ 1K'],
    ['from 64.1 rightarrow 70.3, 360^{circ}', 'from 64.1 → 70.3, 360°'],
    ['({S}ignal {P}reservation)', '(Signal Preservation)'],
    [
      'at https://example.org/x{https://example.org/x} and https://example.org/y{this page}',
      'at https://example.org/x and this page (https://example.org/y)',
    ],
  ])('makes readable text of %j, whose TeX was half stripped', (raw, clean) => expect(cleanText(raw)).toBe(clean));

  test.each([
    'sim-to-real, sim2real, sim2reason, three times, at times 2 of them, sometimes',
    'p < 0.001 and a >= b, system > user, <think>, <a href="x">, <picture>, R&D, &amp;',
    'costs $5 to $10, or $200, and US$3; ~90M, 2~3 times',
    'snake_case_2, GPT_4, {"a": 1}, {0.01, 0.1}, the text is math, --json',
    'https://example.org/a--b_c~d/23times?q=x',
  ])('leaves %j as it is', (text) => expect(cleanText(text)).toBe(text));

  test.each(['{\\em ', '\\textbf{', '$', '\\frac{', 'https://a{', '^{', '\\(', '~', "\\'"])(
    'is done with three thousand times %j in a moment',
    (piece) => {
      const text = `${piece.repeat(3_000)}x${'}'.repeat(3_000)}`;
      const clean = cleanText(text);
      expect(cleanText(clean)).toBe(clean);
    },
  );
});
