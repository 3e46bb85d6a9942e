import { LRUCache } from 'lru-cache';
import type { Config } from '../config.js';
import type { Texts } from '../languages/texts.js';
import { Segment } from '../mail/segment.js';
import { escapedSegment, joined } from '../mail/templates.js';
import type { DigestContent, Reader } from './content.js';
import { htmlPart } from './html-part.js';
import { placePapers } from './paper-cards.js';
import { wrapTo } from './shared-segments.js';
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

/** What was made of a list of papers already, by what it depends on beside them. */
export type PreparedDigests = Map<string, Prepared>;

/**
 * A digest as it is mailed: the same content always gives the same mail. HTML is at most 95 KB.
 * @param known of these papers: what does not differ from one reader to the next is made once, and put there
 */
export function composeDigest(
  templates: DigestTemplates,
  digest: DigestContent,
  known: PreparedDigests | null = null,
): ComposedDigest {
  const { subject, html, text } = known ? preparedIn(known, templates, digest) : prepare(templates, digest);
  const { links, reader } = digest;
  const state = statesIn(templates.texts).memo(stateKeyOf(reader), { context: reader });
  const own = {
    web: new Segment(links.web),
    preferences: new Segment(links.preferences),
    unsubscribe: new Segment(links.unsubscribe),
    feedback: new Segment(links.feedback),
  };
  return {
    subject,
    html: filled(html, { ...own, since: sinceHtml(templates, digest), state: state.html }),
    text: filled(text, { ...own, since: sinceText(templates, digest), state: state.text }),
  };
}

function filled(pieces: readonly Piece[], own: Record<OwnSlot, Segment>): Segment[] {
  return pieces.map((piece) => (typeof piece === 'string' ? own[piece] : piece));
}

interface State {
  html: Segment;
  text: Segment;
}

/** What subscribers have chosen: many have chosen the same. */
type States = LRUCache<string, State, Reader>;
const states = new WeakMap<Texts, States>();
const mostStates = 2_000;

function statesIn(texts: Texts): States {
  const makeState = (reader: Reader) => {
    const state = stateOf(texts, reader);
    return { html: escapedSegment(state), text: new Segment(wrapTo(state)) };
  };
  const known: States =
    states.get(texts) ??
    new LRUCache({ max: mostStates, memoMethod: (_key, _stale, { context }) => makeState(context) });
  states.set(texts, known);
  return known;
}

function stateKeyOf({ topics, own, frequency, weekDay, hour, timezone }: Reader): string {
  return `${topics.join()} ${own} ${frequency} ${weekDay} ${hour} ${timezone}`;
}

let templateNumbers = 0;
const numbersOfTemplates = new WeakMap<DigestTemplates, number>();

function preparedIn(known: PreparedDigests, templates: DigestTemplates, digest: DigestContent): Prepared {
  const { day, abstractLength, reader, operator, links } = digest;
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
  const made = known.get(key);
  if (made) return made;
  const { subject, html, text } = prepare(templates, digest);
  const fewer = { subject, html: joined(html), text: joined(text) };
  known.set(key, fewer);
  return fewer;
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
