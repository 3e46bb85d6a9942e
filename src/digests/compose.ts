import type { Config } from '../config.js';
import { Segment } from '../mail/segment.js';
import type { DigestContent } from './content.js';
import { htmlPart } from './html-part.js';
import { placePapers } from './paper-cards.js';
import { shared, sharedEscaped, wrapTo } from './shared-segments.js';
import { sinceHtml, sinceText } from './since-part.js';
import type { DigestTemplates, OwnSlot, Piece } from './templates.js';
import { textPart } from './text-part.js';
import { choosesNothing, stateOf, subjectOf } from './wording.js';

export interface ComposedDigest {
  subject: string;
  html: Segment[];
  text: Segment[];
}

/** All of a digest that is the same for everybody who gets these papers. */
interface Prepared {
  subject: string;
  html: readonly Piece[];
  text: readonly Piece[];
}

/** By the papers, for as long as these are kept; then by what else it depends on. */
const prepared = new WeakMap<DigestContent['papers'], Map<string, Prepared>>();

/**
 * A digest as it is mailed: the same content always gives the same mail. HTML is at most 95 KB. What does not differ from one
 * reader to the next is made once for a list of papers (the very list: nobody may change it).
 */
export function composeDigest(templates: DigestTemplates, digest: DigestContent): ComposedDigest {
  const { subject, html, text } = preparedFor(templates, digest);
  const { links, reader } = digest;
  const state = stateOf(templates.texts, reader);
  const own = {
    since: sinceHtml(templates, digest),
    web: new Segment(links.web),
    preferences: new Segment(links.preferences),
    unsubscribe: new Segment(links.unsubscribe),
    feedback: new Segment(links.feedback),
  };
  return {
    subject,
    html: filled(html, { ...own, state: sharedEscaped(state) }),
    text: filled(text, { ...own, since: sinceText(templates, digest), state: shared(wrapTo(state)) }),
  };
}

function filled(pieces: readonly Piece[], own: Record<OwnSlot, Segment>): Segment[] {
  return pieces.map((piece) => (typeof piece === 'string' ? own[piece] : piece));
}

let templateNumbers = 0;
const numbersOfTemplates = new WeakMap<DigestTemplates, number>();

function preparedFor(templates: DigestTemplates, digest: DigestContent): Prepared {
  const { papers, day, abstractLength, reader, operator, links } = digest;
  const known = prepared.get(papers) ?? new Map<string, Prepared>();
  prepared.set(papers, known);
  const number = numbersOfTemplates.get(templates) ?? ++templateNumbers;
  numbersOfTemplates.set(templates, number);
  // The addresses count by their length alone: of one site all have the same.
  const lengths = Object.values(links).map(({ length }) => length);
  const key = [
    number,
    digest.since.length > 0,
    day,
    abstractLength,
    reader.pictures,
    choosesNothing(digest),
    operator.name,
    operator.url,
    lengths,
  ].join();
  const made = known.get(key) ?? prepare(templates, digest);
  known.set(key, made);
  return made;
}

function prepare(templates: DigestTemplates, digest: DigestContent): Prepared {
  const subject = subjectOf(templates.texts, digest);
  const papers = placePapers(templates, digest);
  return {
    subject,
    html: htmlPart(templates, digest, papers, subject),
    text: textPart(templates, digest, papers),
  };
}

/** The same on every attempt, different for every digest. */
export function digestMessageId(config: Pick<Config, 'mail'>, digestId: string): string {
  return `<${digestId}@${config.mail.domain}>`;
}

/**
 * The headers of a digest beyond the ordinary ones: RFC 2919 (List-Id), RFC 2369 and 8058 (unsubscribing), RFC 3834
 * (Auto-Submitted), https://support.google.com/mail/answer/6254652 (Feedback-ID: nothing in it is about one recipient).
 */
export function digestHeaders(
  { mail }: Pick<Config, 'mail'>,
  day: string,
  unsubscribeUrl: string,
): Record<string, string> {
  return {
    'List-Id': `<digest.${mail.domain}>`,
    'List-Unsubscribe': `<${unsubscribeUrl}>`,
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
    'Auto-Submitted': 'auto-generated',
    'Feedback-ID': `${day}:digest:${mail.domain}:offprint`,
  };
}
