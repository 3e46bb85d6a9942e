import { LRUCache } from 'lru-cache';
import wrapAnsi from 'wrap-ansi';
import type { Texts } from '../languages/texts.js';
import { Segment } from '../mail/segment.js';
import { escapedSegment, type Slotted, slotMark, splitAtSlots } from '../mail/templates.js';
import type { PaperContent } from '../papers/paper.js';
import { authorsLine, clamp, firstSentences, isOld, linksOf, metadataOf, pictureUrl } from '../papers/presentation.js';
import type { DigestContent } from './content.js';
import { reasonIn, splitReason } from './reason.js';
import { textWidth } from './shared-segments.js';
import type { DigestCard, DigestTemplates } from './templates.js';
import { longestTitle, shownReasons } from './wording.js';

/** How much of a paper is shown. */
export type Length = DigestContent['abstractLength'];

/** A paper's parts of a digest, ready but for what differs from one digest to the next. */
export interface PaperCard {
  /** As a card, or where only titles are shown as one of those. */
  html: Slotted<'number' | 'reason' | 'feedback' | 'more' | 'less'>;
  /** As an entry of the list of contents. */
  row: Slotted<'number'>;
  text: Slotted<'reason' | 'number'>;
  /** As an entry of the list in the text. */
  listed: Slotted<'number'>;
}

/** Why a paper is in a digest, in its reader's language. */
export interface Reason {
  html: Segment;
  text: Segment;
  /** The first of them, without the words that decided; that it is trending where there is none. */
  first: string;
}

/** What depends on a paper's place in a digest: its number, in the text with what stands before a title, and its votes. */
export interface Place {
  number: Segment;
  indented: Segment;
  /** What an address to vote ends in. */
  more: Segment;
  less: Segment;
}

/** A paper where it stands in a digest. */
export interface PlacedPaper {
  paper: PaperContent;
  card: PaperCard;
  reason: Reason;
  place: Place;
}

const longest = { listedTitle: 70, shortAbstract: 320, fullAbstract: 6_000 };
const indent = '    ';

/** The papers of a digest, in their order. */
export function placePapers(templates: DigestTemplates, digest: DigestContent): PlacedPaper[] {
  const variants = variantsOf(templates, digest, digest.abstractLength);
  const reasons = reasonsIn(templates.texts);
  return digest.papers.map(({ paper, topics }, i) => ({
    paper,
    card: cardOf(paper, variants),
    reason: reasons.memo(topics.join('\n')),
    place: placeAt(i),
  }));
}

/** In what a paper's cards differ from one digest to another: their keys, for papers of this year and for older ones. */
interface Variants {
  templates: DigestTemplates;
  made: Cards;
  length: Length;
  pictures: boolean;
  day: string;
  keys: { recent: string; old: string };
}

/** The cards of a paper go when the paper itself is no longer kept. */
type Cards = WeakMap<PaperContent, Map<string, PaperCard>>;
const cards = new WeakMap<DigestTemplates, Cards>();

/** @param length of abstracts, which may be less than its reader asks for */
export function variantsOf(
  templates: DigestTemplates,
  { day, reader: { pictures } }: DigestContent,
  length: Length,
): Variants {
  const made: Cards = cards.get(templates) ?? new WeakMap();
  cards.set(templates, made);
  const keys = { recent: `${length} ${pictures} recent`, old: `${length} ${pictures} old` };
  return { templates, made, length, pictures, day, keys };
}

/** A paper as such digests show it. */
export function cardOf(paper: PaperContent, variants: Variants): PaperCard {
  const withYear = isOld(paper, variants.day);
  const key = withYear ? variants.keys.old : variants.keys.recent;
  const known = variants.made.get(paper);
  const card = known?.get(key) ?? makeCard(paper, variants, withYear);
  if (known) known.set(key, card);
  else variants.made.set(paper, new Map([[key, card]]));
  return card;
}

function makeCard(paper: PaperContent, { templates, length, pictures }: Variants, withYear: boolean): PaperCard {
  const { texts } = templates;
  const links = linksOf(texts, paper);
  const metadata = metadataOf(texts, paper, withYear);
  const [firstAuthor] = paper.authors;
  const authors = paper.authors.length > 1 ? texts.t('digest.etAl', { author: firstAuthor ?? '' }) : firstAuthor;
  const abstract = abstractOf(paper, length);
  const card: DigestCard = {
    number: slotMark('number'),
    reason: slotMark('reason'),
    feedback: slotMark('feedback'),
    more: slotMark('more'),
    less: slotMark('less'),
    title: clamp(paper.title, longestTitle),
    href: links[0]?.href ?? null,
    votes: paper.upvotes > 0 ? texts.number(paper.upvotes) : null,
    byline: [authorsLine(paper.authors), ...metadata].filter(Boolean).join(' · '),
    short: [authors, paper.upvotes > 0 ? texts.t('digest.votes', { count: paper.upvotes }) : null]
      .filter(Boolean)
      .join(' · '),
    abstract,
    byModel: abstract !== null && length === 'short' && paper.summary !== null,
    picture: pictures && length !== 'none' ? pictureUrl(paper.thumbnailUrl) : null,
    pdf: links.find(({ label }) => label === 'PDF')?.href ?? null,
    links,
  };
  const title = wrapped(card.title).trimStart();
  return {
    html: splitAtSlots((length === 'none' ? templates.titleRow : templates.card)(card)),
    row: splitAtSlots(templates.row({ ...card, title: clamp(paper.title, longest.listedTitle) })),
    text: splitAtSlots(cardText(texts, card, title, length)),
    listed: splitAtSlots(`${slotMark('number')}${title}\n`),
  };
}

function abstractOf(paper: PaperContent, length: Length): string | null {
  if (length === 'none') return null;
  if (length === 'full') return clamp(paper.abstract || paper.summary || '', longest.fullAbstract) || null;
  return firstSentences(paper.summary || paper.abstract, longest.shortAbstract) || null;
}

/** @param title wrapped, without what stands before its first line */
function cardText(
  texts: Texts,
  { byline, short, reason, abstract, byModel, links, pdf }: DigestCard,
  title: string,
  length: Length,
): string {
  if (length === 'none') {
    const address = links[0]?.href ?? pdf;
    const lines = [title, wrapped(short), ...(address ? [indent + address] : []), ''];
    return `${slotMark('number')}${lines.join('\n')}\n`;
  }
  const lines = [
    slotMark('number') + title,
    ...(byline ? [wrapped(byline)] : []),
    reason,
    '',
    ...(abstract ? [wrapped(byModel ? texts.t('digest.byModelText', { abstract }) : abstract), ''] : []),
    ...links.map(({ label, href }) => `${indent}${label}: ${href}`),
    '',
  ];
  return `${lines.join('\n')}\n`;
}

function wrapped(text: string): string {
  return wrapAnsi(text, textWidth - indent.length).replace(/^/gm, indent);
}

/** Many mails give the same reasons. By all of a paper's, a line each. */
type Reasons = LRUCache<string, Reason>;
const reasons = new WeakMap<Texts, Reasons>();

function reasonsIn(texts: Texts): Reasons {
  const known = reasons.get(texts) ?? new LRUCache({ max: 5_000, memoMethod: (key) => makeReason(texts, key) });
  reasons.set(texts, known);
  return known;
}

function makeReason(texts: Texts, key: string): Reason {
  const topics = key.split('\n').filter(Boolean);
  const { shown, more } = shownReasons({ topics: topics.map((topic) => reasonIn(texts, topic)) });
  if (shown.length === 0) {
    const trending = texts.t('digest.trending');
    return { html: escapedSegment(trending), text: new Segment(wrapped(trending)), first: trending };
  }
  const others = more > 0 ? ` +${more}` : '';
  const html = shown.map((reason) => {
    const { name, words } = splitReason(reason);
    const bold = `<b class="plain" style="color:#1d1b19">${escapedSegment(name).text}</b>`;
    return words === null ? bold : `${bold} (${escapedSegment(words).text})`;
  });
  return {
    html: new Segment(html.join(' · ') + others),
    text: new Segment(wrapped(texts.t('digest.why', { reasons: shown.join(' · ') + others }))),
    first: splitReason(shown[0] ?? '').name,
  };
}

/** By index: the same for all digests. */
const places: Place[] = [];

function placeAt(index: number): Place {
  const number = index + 1;
  places[index] ??= {
    number: new Segment(String(number)),
    indented: new Segment(`${number}.`.padEnd(indent.length)),
    more: new Segment(`?paper=${number}&amp;vote=more`),
    less: new Segment(`?paper=${number}&amp;vote=less`),
  };
  return places[index] as Place;
}
