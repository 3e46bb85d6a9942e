import { LRUCache } from 'lru-cache';
import wrapAnsi from 'wrap-ansi';
import { Segment } from '../mail/segment.js';
import { escapedSegment } from '../mail/templates.js';

/** Texts that many mails share, kept as they are encoded. */

const mostKept = 2_000;

const plain = new LRUCache<string, Segment>({ max: mostKept, memoMethod: (text) => new Segment(text) });
const escaped = new LRUCache<string, Segment>({ max: mostKept, memoMethod: escapedSegment });

/** Text, or HTML, as it is. */
export function shared(text: string): Segment {
  return plain.memo(text);
}

/** A value as it stands in HTML. */
export function sharedEscaped(value: string): Segment {
  return escaped.memo(value);
}

/** Columns of a text. */
export const textWidth = 72;

/** To wrap a line takes as long as all the rest, and many mails have the same. */
const wrappedLines = new LRUCache<string, string>({ max: mostKept, memoMethod: (text) => wrapAnsi(text, textWidth) });

/** A text as lines of a mail's text. */
export function wrapTo(text: string): string {
  return wrappedLines.memo(text);
}
