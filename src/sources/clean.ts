import { texToText } from './tex.js';

/** Control, format (bidi, zero-width, soft hyphen), unassigned and lone surrogate characters: none of them can be read. */
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Noncharacter_Code_Point}]/gu;

/** Far more than any paper has, in characters: what is beyond is not read. Before anything else, as cleaning takes its time. */
const longest = 100_000;

/** Rounds of cleaning after which a text counts as malicious; a real one takes two or three. */
const mostRounds = 20;

/**
 * A title, an abstract or a name as plain text of one line: no invisible characters, single spaces, composed letters, TeX as
 * readable text. Markup stays what it is, text: whoever puts it into a page escapes it. Cleaning twice is cleaning once.
 */
export function cleanText(raw: string): string {
  let text = raw.slice(0, longest);
  for (let round = 0; ; round++) {
    // Text that is made to nest for ever is no TeX of anybody's: what could nest goes.
    if (round === mostRounds) text = text.replace(/[\\{}$^~]/g, '');
    const cleaned = collapse(texToText(collapse(text)));
    if (cleaned === text) return cleaned;
    text = cleaned;
  }
}

function collapse(text: string): string {
  return text.replace(/\s+/gu, ' ').replace(invisible, '').normalize('NFC').replace(/ {2,}/g, ' ').trim();
}
