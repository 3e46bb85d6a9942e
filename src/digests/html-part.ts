import type { Texts } from '../languages/texts.js';
import type { Segment } from '../mail/segment.js';
import { escapedSegment, fillSlots } from '../mail/templates.js';
import type { PaperContent } from '../papers/paper.js';
import { clamp, linksOf } from '../papers/presentation.js';
import { topicName } from '../topics/topic-name.js';
import type { DigestContent } from './content.js';
import { cardOf, type Length, type PlacedPaper, variantsOf } from './paper-cards.js';
import { shared, sharedEscaped } from './shared-segments.js';
import { surroundingsOf } from './surroundings.js';
import type { DigestTemplates, EditionSlot, OwnSlot, Piece } from './templates.js';
import { hasList, longestTitle, preheaderOf, votesOf } from './wording.js';

/** Gmail cuts a mail off at 102 KB, and with it the link to unsubscribe. */
const mostBytes = 95_000;
/** More than what a subscriber has chosen comes to, as it is put. */
const mostStateBytes = 1_000;
/** More than what became of the few papers that are told of comes to: most of it are addresses. */
const mostSinceBytes = 12_000;

/** What an abstract is cut down to where there is no room, one after the other. */
const shorterThan: Record<Length, readonly Length[]> = { full: ['short', 'none'], short: ['none'], none: [] };

/**
 * The HTML of a digest, with its reader's own places left open. It has as many papers as its size allows: where it is too large
 * the abstracts of the last ones are shortened first, then left out, and only then papers, and it says how many.
 */
export function htmlPart(
  templates: DigestTemplates,
  digest: DigestContent,
  papers: readonly PlacedPaper[],
  subject: string,
): Piece[] {
  const slots = slotsOf(templates.texts, digest, papers, subject);
  const whole = join(templates, digest, papers, slots);
  if (bytesIn(whole, digest) <= mostBytes) return whole;
  const { shown, left } = whatFits(templates, digest, papers, slots);
  return join(templates, digest, shown, saying(templates.texts, slots, left));
}

/** As many of the papers as there is room for, those with shorter abstracts that need it, and how many are left out. */
function whatFits(
  templates: DigestTemplates,
  digest: DigestContent,
  papers: readonly PlacedPaper[],
  slots: Slots,
): { shown: PlacedPaper[]; left: number } {
  const shown = [...papers];
  const bytesOf = (placed: PlacedPaper) => {
    const pieces: Piece[] = [];
    if (hasList(digest)) pushRow(pieces, placed);
    pushCard(pieces, placed);
    return bytesIn(pieces, digest);
  };
  const sizes = shown.map(bytesOf);
  const around = bytesIn(join(templates, digest, [], saying(templates.texts, slots, papers.length)), digest);
  let size = around + sizes.reduce((sum, bytes) => sum + bytes, 0);
  for (const length of shorterThan[digest.abstractLength]) {
    for (let i = shown.length - 1; i >= 0 && size > mostBytes; i--) {
      const placed = shown[i] as PlacedPaper;
      shown[i] = { ...placed, card: cardOf(placed.paper, variantsOf(templates, digest, length)) };
      const bytes = bytesOf(shown[i] as PlacedPaper);
      size += bytes - (sizes[i] ?? 0);
      sizes[i] = bytes;
    }
  }
  while (size > mostBytes && shown.length > 0) {
    size -= sizes[shown.length - 1] ?? 0;
    shown.pop();
  }
  return { shown, left: papers.length - shown.length };
}

function bytesIn(pieces: readonly Piece[], { links, since }: DigestContent): number {
  const open: Record<OwnSlot, number> = {
    web: links.web.length,
    preferences: links.preferences.length,
    unsubscribe: links.unsubscribe.length,
    feedback: links.feedback.length,
    state: mostStateBytes,
    since: since.length > 0 ? mostSinceBytes : 0,
  };
  let bytes = 0;
  for (const piece of pieces) bytes += typeof piece === 'string' ? open[piece] : piece.bytes;
  return bytes;
}

function pushCard(pieces: Piece[], { place, reason, card }: PlacedPaper): void {
  const { number, more, less } = place;
  fillSlots(pieces, card.html, { number, reason: reason.html, feedback: 'feedback', more, less });
}

function pushRow(pieces: Piece[], { place, card }: PlacedPaper): void {
  fillSlots(pieces, card.row, { number: place.number });
}

/** What is put into the places that the surroundings leave open; a reader's own stay open. */
type Slots = Record<EditionSlot, Segment | null> & { [Own in OwnSlot]: Own };

function join(
  templates: DigestTemplates,
  digest: DigestContent,
  papers: readonly PlacedPaper[],
  slots: Slots,
): Piece[] {
  const { top, list, listEnd, cards, cardsEnd } = surroundingsOf(templates, digest, slots.rest !== null).html;
  const pieces: Piece[] = [];
  fillSlots(pieces, top, slots);
  if (hasList(digest)) {
    fillSlots(pieces, list, slots);
    for (const placed of papers) pushRow(pieces, placed);
    fillSlots(pieces, listEnd, slots);
  }
  fillSlots(pieces, cards, slots);
  for (const placed of papers) pushCard(pieces, placed);
  fillSlots(pieces, cardsEnd, slots);
  return pieces;
}

function slotsOf(texts: Texts, { account }: DigestContent, papers: readonly PlacedPaper[], subject: string): Slots {
  const outside = account?.outside ?? null;
  const topic = outside?.topic ?? null;
  return {
    subject: escapedSegment(subject),
    preheader: escapedSegment(preheaderOf(texts, papers)),
    rest: null,
    outside: outside && outsideLink(texts, outside.paper),
    topic: topic && sharedEscaped(topicName(texts, topic.slug, topic.name)),
    slug: topic && sharedEscaped(encodeURIComponent(topic.slug)),
    web: 'web',
    preferences: 'preferences',
    unsubscribe: 'unsubscribe',
    feedback: 'feedback',
    state: 'state',
    since: 'since',
  };
}

/** Says how many papers are only in the browser, where any is. */
function saying(texts: Texts, slots: Slots, count: number): Slots {
  return count === 0 ? slots : { ...slots, rest: escapedSegment(texts.t('digest.readRest', { count })) };
}

const outsideLinks = new WeakMap<Texts, WeakMap<PaperContent, Segment>>();

function outsideLink(texts: Texts, paper: PaperContent): Segment {
  const known = outsideLinks.get(texts) ?? new WeakMap<PaperContent, Segment>();
  outsideLinks.set(texts, known);
  const made = known.get(paper) ?? shared(linked(paper.title, linksOf(texts, paper)[0]?.href) + votesOf(texts, paper));
  known.set(paper, made);
  return made;
}

/** A text as HTML, as a link where there is somewhere to go. */
function linked(text: string, href: string | null | undefined): string {
  const shown = escapedSegment(clamp(text, longestTitle)).text;
  return href ? `<a href="${escapedSegment(href).text}" style="color:#9c2f1f">${shown}</a>` : shown;
}
