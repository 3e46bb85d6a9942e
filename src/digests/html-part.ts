import type { Texts } from '../languages/texts.js';
import { Segment } from '../mail/segment.js';
import { escapedSegment, fillSlots } from '../mail/templates.js';
import type { PaperContent } from '../papers/paper.js';
import { clamp, linksOf } from '../papers/presentation.js';
import { topicName } from '../topics/topic-name.js';
import type { DigestContent } from './content.js';
import { cardOf, type Length, type PlacedPaper, variantsOf } from './paper-cards.js';
import { shared, sharedEscaped } from './shared-segments.js';
import type { DigestFrame, DigestTemplates, Piece } from './templates.js';
import { hasList, longestTitle, preheaderOf, summaryOf, votesOf } from './wording.js';

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
  const frame = frameOf(templates, digest, papers, subject);
  const cards = papers.map((placed) => cardHtml(placed, placed.card));
  const rows = hasList(digest) ? papers.map(rowHtml) : [];
  const whole = join(templates, frame, rows, cards);
  const bytesOf = (pieces: readonly Piece[]) => pieces.reduce((sum, piece) => sum + bytesIn(piece, digest), 0);
  if (bytesOf(whole) <= mostBytes) return whole;
  const saying = (count: number) => ({
    ...frame,
    rest: escapedSegment(templates.texts.t('digest.readRest', { count })),
  });
  const around = bytesOf(join(templates, saying(papers.length), hasList(digest) ? [[]] : [], []));
  /** What each paper takes: its card, and its line in the list of contents. */
  const lines = rows.map(bytesOf);
  const sizes = cards.map((card, i) => bytesOf(card) + (lines[i] ?? 0));
  let size = around + sizes.reduce((sum, bytes) => sum + bytes, 0);
  for (const length of shorterThan[digest.abstractLength]) {
    for (let i = papers.length - 1; i >= 0 && size > mostBytes; i--) {
      const placed = papers[i] as PlacedPaper;
      const shorter = cardHtml(placed, cardOf(templates, placed.paper, variantsOf(digest, length)));
      const bytes = bytesOf(shorter) + (lines[i] ?? 0);
      size += bytes - (sizes[i] ?? 0);
      [cards[i], sizes[i]] = [shorter, bytes];
    }
  }
  let shown = papers.length;
  while (size > mostBytes && shown > 0) size -= sizes[--shown] ?? 0;
  const says = shown < papers.length ? saying(papers.length - shown) : frame;
  return join(templates, says, rows.slice(0, shown), cards.slice(0, shown));
}

function bytesIn(piece: Piece, { links, since }: DigestContent): number {
  if (typeof piece !== 'string') return piece.bytes;
  if (piece === 'since') return since.length > 0 ? mostSinceBytes : 0;
  return piece === 'state' ? mostStateBytes : links[piece].length;
}

function cardHtml({ place, reason }: PlacedPaper, { html }: PlacedPaper['card']): Piece[] {
  const pieces: Piece[] = [];
  fillSlots(pieces, html, {
    number: place.number,
    reason: reason.html,
    feedback: 'feedback',
    more: place.more,
    less: place.less,
  });
  return pieces;
}

function rowHtml({ place, card }: PlacedPaper): Piece[] {
  const pieces: Piece[] = [];
  fillSlots(pieces, card.row, { number: place.number });
  return pieces;
}

/** @param rows of the list of contents; none where there is no list */
function join(
  templates: DigestTemplates,
  frame: DigestFrame,
  rows: readonly Piece[][],
  cards: readonly Piece[][],
): Piece[] {
  const pieces = templates.top(frame);
  // Loops, because `flat` takes as long as all else here.
  if (rows.length > 0) {
    pieces.push(...templates.list(frame));
    for (const row of rows) pieces.push(...row);
    pieces.push(...templates.listEnd(frame));
  }
  pieces.push(...templates.cards(frame));
  for (const card of cards) pieces.push(...card);
  pieces.push(...templates.cardsEnd(frame));
  return pieces;
}

/** For so many combining joiners and spaces mail programs show nothing of what follows the preheader. */
const padding = new Segment('&#847;&zwnj;&nbsp;'.repeat(30));

function frameOf(
  { texts }: DigestTemplates,
  digest: DigestContent,
  papers: readonly PlacedPaper[],
  subject: string,
): DigestFrame {
  const { account } = digest;
  const { day, counted, match, end, receipt } = summaryOf(texts, digest);
  const topic = account?.outside?.topic ?? null;
  const reasoned = papers.map(({ paper, reason }) => ({ paper, topics: reason.first }));
  return {
    subject: escapedSegment(subject),
    preheader: escapedSegment(preheaderOf(texts, reasoned)),
    padding,
    sample: account?.samples ? sharedEscaped(texts.t('digest.samples')) : null,
    day: sharedEscaped(day),
    counted: sharedEscaped(counted),
    match: sharedEscaped(match),
    web: 'web',
    preferences: 'preferences',
    unsubscribe: 'unsubscribe',
    rest: null,
    end: sharedEscaped(end),
    receipt: sharedEscaped(receipt),
    outside: account?.outside ? outsideLink(texts, account.outside.paper) : null,
    topic: topic && sharedEscaped(topicName(texts, topic.slug, topic.name)),
    slug: topic && sharedEscaped(encodeURIComponent(topic.slug)),
    since: 'since',
    state: 'state',
    operator: operatorOf(texts, digest.operator),
  };
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

function operatorOf(texts: Texts, { name, url }: DigestContent['operator']): Segment | null {
  if (!name && !url) return null;
  const open = url ? `<a href="${escapedSegment(url).text}" style="color:#9c2f1f">` : null;
  return shared(texts.rich('digest.sentBy', { name: name ?? url ?? '' }, { by: open }));
}
