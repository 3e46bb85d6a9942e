import type { Said } from '../languages/texts.js';
import { saySomething, wordsIn } from './words.js';

/** Words that must stand side by side, in this order. */
export type Operand = readonly string[];

/** One of the alternatives of a phrase: all of it must be there. */
interface Alternative {
  operands: Operand[];
  /** Its words as they were typed, to be shown. */
  shown: string;
}

/** A phrase as it is looked for: one of the alternatives, and nothing that is excluded. */
export interface Phrase {
  alternatives: readonly Alternative[];
  excluded: readonly Operand[];
}

/** Longer than any that people write, in characters. */
const longest = 200;

/** A piece of a phrase: in quotes or up to the next blank, maybe with a "-" before it. */
interface Piece {
  text: string;
  quoted: boolean;
  excluded: boolean;
}

const pieces = /(-?)"([^"]*)"|(\S+?)(?=\s|-?"|$)/g;

/** How a phrase is stored and shown: straight quotes, single blanks, no control characters. */
export function tidyPhrase(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[“”„‟«»″]/g, '"')
    .replace(/[\s\p{C}]+/gu, ' ')
    .trim();
}

/**
 * Reads a phrase in web-search syntax: all words must be there, in any order; "in quotes" side by side; OR parts
 * alternatives; a "-" before a word or a quoted phrase excludes what has it, whichever alternative is met. Singular and
 * plural are one, and so are letters with and without accent, in capitals or not. "self-supervised" is looked for like "self
 * supervised" in quotes. Words that stand in every text, like "of", count in quotes only.
 * @param text tidied
 * @returns or what is wrong with it, as a text that lacks the phrase itself (`text`)
 */
export function readPhrase(text: string): Phrase | { problem: Said } {
  if (text.length > longest) return { problem: { key: 'check.phrase.long', values: { most: longest } } };
  if (text.split('"').length % 2 === 0) return { problem: { key: 'check.phrase.quotes' } };
  const given = [...text.matchAll(pieces)].map(
    ([, minus, quoted, bare = '']): Piece =>
      quoted !== undefined
        ? { text: quoted, quoted: true, excluded: minus === '-' }
        : { text: bare.replace(/^-/, ''), quoted: false, excluded: bare.startsWith('-') },
  );
  const odd = given.flatMap((piece) => (piece.quoted ? [] : (oddCharacter.exec(piece.text) ?? [])))[0];
  if (odd !== undefined) return { problem: { key: 'check.phrase.odd', values: { odd } } };
  let alternative: Alternative = { operands: [], shown: '' };
  const alternatives = [alternative];
  const excluded: Operand[] = [];
  for (const piece of given) {
    if (!piece.quoted && !piece.excluded && /^or$/i.test(piece.text)) {
      alternative = { operands: [], shown: '' };
      alternatives.push(alternative);
      continue;
    }
    const words = wordsIn(piece.text);
    if (piece.excluded && words.length > 0 && !saySomething(words))
      return { problem: { key: 'check.phrase.excludesAll', values: { words: piece.text } } };
    if (!saySomething(words)) continue;
    if (piece.excluded) {
      excluded.push(words);
      continue;
    }
    alternative.operands.push(words);
    alternative.shown = `${alternative.shown} ${piece.text.trim()}`.trimStart();
  }
  const whole = alternatives.filter(({ operands }) => operands.length > 0);
  if (whole.length > 0) return { alternatives: whole, excluded };
  if (excluded.length > 0) return { problem: { key: 'check.phrase.onlyExcludes' } };
  return { problem: { key: 'check.phrase.noWord' } };
}

/** Anything but letters, digits and what stands inside of names, like C++, GPT-4, and/or, R&D. */
const oddCharacter = /[^\p{L}\p{M}\p{N}'’.,:/+#_&\-‐‑–]/u;
