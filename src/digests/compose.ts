import { LRUCache } from 'lru-cache';
import wrapAnsi from 'wrap-ansi';
import type { Config } from '../config.js';
import { Segment } from '../mail/segment.js';
import { escapedSegment, fillSlots, type Slotted, slotMark, splitAtSlots } from '../mail/templates.js';
import type { PaperContent } from '../papers/paper.js';
import {
  authorsLine,
  clamp,
  counted,
  firstSentences,
  linksOf,
  metadataOf,
  pictureUrl,
} from '../papers/presentation.js';
import type { DigestCard, DigestFrame, DigestTemplates } from './templates.js';

export interface DigestEntry {
  paper: PaperContent;
  /** By name, best match first; none means that the paper is here because it is trending. */
  topics: readonly string[];
}

/** Everything that a digest shows. */
export interface DigestContent {
  id: string;
  /** Local calendar day, YYYY-MM-DD. */
  day: string;
  abstractLength: 'none' | 'short' | 'full';
  /** Best first, at least one. */
  papers: readonly DigestEntry[];
  links: { preferences: string; unsubscribe: string; web: string };
}

export interface ComposedDigest {
  subject: string;
  html: Segment[];
  text: Segment[];
}

/** Gmail cuts a mail off at 102 KB, and with it the link to unsubscribe. */
const mostHtmlBytes = 95_000;
const textWidth = 72;
const longest = { subjectTitle: 120, title: 300, shortAbstract: 320, fullAbstract: 6_000, preheader: 140 };

/** A digest as it is mailed. Pure: the same content always gives the same mail. HTML is at most 95 KB. */
export function composeDigest(templates: DigestTemplates, digest: DigestContent): ComposedDigest {
  const cards = cardsOf(templates, digest);
  const subject = subjectOf(digest);
  const { web, preferences, unsubscribe } = digest.links;
  const frame = frameOf(digest, subject, {
    home: null,
    web: escapedSegment(web),
    preferences: escapedSegment(preferences),
    unsubscribe: escapedSegment(unsubscribe),
  });
  return { subject, html: htmlPart(templates, frame, cards), text: textPart(digest, cards) };
}

/** What a digest in the browser shows, beside its papers: nothing that is its subscriber's own, because such a page gets shared. */
export type SharedDigest = Pick<DigestContent, 'day' | 'abstractLength' | 'papers'> & {
  /** Address of the site. */
  home: string;
};

/** A digest as the browser shows it: the same HTML, with everything that the mail had to leave out. */
export function composeWebView(templates: DigestTemplates, digest: SharedDigest): Segment[] {
  const links = { home: escapedSegment(digest.home), web: null, preferences: null, unsubscribe: null };
  return join(templates, frameOf(digest, subjectOf(digest), links), cardsOf(templates, digest));
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

/** A paper's part of a digest, ready but for why it is here and where it stands. */
interface PaperCard {
  html: Slotted<'reason'>;
  text: Slotted<'reason' | 'number'>;
}

interface PlacedCard {
  card: PaperCard;
  reason: { html: Segment; text: Segment };
}

type CardsByPaper = WeakMap<PaperContent, PaperCard>;
/** The cards of a paper go when the paper itself is no longer kept. */
const made = new WeakMap<DigestTemplates, Record<DigestContent['abstractLength'], CardsByPaper>>();

function cardsOf(
  templates: DigestTemplates,
  { papers, abstractLength }: Pick<DigestContent, 'papers' | 'abstractLength'>,
): PlacedCard[] {
  const byLength = made.get(templates) ?? { none: new WeakMap(), short: new WeakMap(), full: new WeakMap() };
  made.set(templates, byLength);
  const known: CardsByPaper = byLength[abstractLength];
  return papers.map(({ paper, topics }) => {
    const card = known.get(paper) ?? makeCard(templates, paper, abstractLength);
    known.set(paper, card);
    return { card, reason: reasons.memo(topics.length > 0 ? `Matches ${topics.join(', ')}` : 'Trending') };
  });
}

function makeCard(
  templates: DigestTemplates,
  paper: PaperContent,
  abstractLength: DigestContent['abstractLength'],
): PaperCard {
  const links = linksOf(paper);
  const card = {
    reason: slotMark('reason'),
    title: clamp(paper.title, longest.title),
    href: links[0]?.href ?? null,
    authorsLine: authorsLine(paper.authors),
    metadata: metadataOf(paper).join(' · '),
    abstract: abstractOf(paper, abstractLength),
    thumbnail: pictureUrl(paper.thumbnailUrl),
    links,
  };
  return { html: splitAtSlots(templates.card(card)), text: splitAtSlots(cardText(card)) };
}

function abstractOf(paper: PaperContent, length: DigestContent['abstractLength']): string | null {
  if (length === 'none') return null;
  if (length === 'full') return clamp(paper.abstract || paper.summary || '', longest.fullAbstract) || null;
  return firstSentences(paper.summary || paper.abstract, longest.shortAbstract) || null;
}

/** Many mails give the same reasons and say the same of themselves: the last ones are kept as they are encoded. */
const reasons = new LRUCache<string, { html: Segment; text: Segment }>({
  max: 5_000,
  memoMethod: (reason) => ({ html: escapedSegment(reason), text: new Segment(wrapped(reason)) }),
});

function subjectOf({ papers: [first, ...others] }: Pick<DigestContent, 'papers'>): string {
  return clamp(first?.paper.title ?? '', longest.subjectTitle) + (others.length > 0 ? ` + ${others.length} more` : '');
}

function frameOf(
  { papers, day }: Pick<DigestContent, 'papers' | 'day'>,
  subject: string,
  links: Pick<DigestFrame, 'home' | 'web' | 'preferences' | 'unsubscribe'>,
): DigestFrame {
  const others = papers.slice(1).map(({ paper }) => paper.title);
  return {
    subject: escapedSegment(subject),
    preheader: escapedSegment(clamp(others.join(' · '), longest.preheader)),
    summary: summaries.memo(`${papers.length} ${day}`).html,
    ...links,
    leftOut: null,
  };
}

const weekday = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeZone: 'UTC' });

/** By number of papers and day. */
const summaries = new LRUCache<string, { html: Segment; text: string }>({
  max: 100,
  memoMethod: (key) => {
    const [count = '', day = ''] = key.split(' ');
    const text = `${counted(Number(count), 'paper')} for ${weekday.format(new Date(day))}`;
    return { html: escapedSegment(text), text };
  },
});

/** Puts as many cards into the mail as its size allows, and says how many are left out. */
function htmlPart(templates: DigestTemplates, frame: DigestFrame, cards: readonly PlacedCard[]): Segment[] {
  const whole = join(templates, frame, cards);
  if (bytesOf(whole) <= mostHtmlBytes) return whole;
  const saying = (count: number) => ({ ...frame, leftOut: escapedSegment(counted(count, 'more paper')) });
  let room = mostHtmlBytes - bytesOf(join(templates, saying(cards.length), []));
  const fitting = cards.findIndex((card) => {
    const segments: Segment[] = [];
    addHtml(segments, card);
    room -= bytesOf(segments);
    return room < 0;
  });
  return join(templates, saying(cards.length - fitting), cards.slice(0, fitting));
}

function bytesOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { bytes }) => sum + bytes, 0);
}

function join(templates: DigestTemplates, frame: DigestFrame, cards: readonly PlacedCard[]): Segment[] {
  const segments = templates.top(frame);
  for (const card of cards) addHtml(segments, card);
  segments.push(...templates.bottom(frame));
  return segments;
}

function addHtml(into: Segment[], { card, reason }: PlacedCard): void {
  fillSlots(into, card.html, { reason: reason.html });
}

function textPart({ papers, day, links }: DigestContent, cards: readonly PlacedCard[]): Segment[] {
  const segments = [new Segment(`OFFPRINT\n${summaries.memo(`${papers.length} ${day}`).text}\n\n`)];
  for (const [i, { card, reason }] of cards.entries())
    fillSlots(segments, card.text, { number: numberAt(i), reason: reason.text });
  segments.push(footLabels.web, new Segment(links.web), footLabels.preferences, new Segment(links.preferences));
  segments.push(footLabels.unsubscribe, new Segment(links.unsubscribe), lineEnd);
  return segments;
}

const rule = '-'.repeat(textWidth);
const footLabels = {
  web: new Segment(`${rule}\n\nView in browser: `),
  preferences: new Segment('\nPreferences:     '),
  unsubscribe: new Segment('\nUnsubscribe:     '),
};
const lineEnd = new Segment('\n');
const indent = '    ';
const numbers: Segment[] = [];

/** What stands before the title in a text: the card's first line is its. */
function numberAt(index: number): Segment {
  numbers[index] ??= new Segment(`${rule}\n\n${`${index + 1}.`.padEnd(indent.length)}`);
  return numbers[index];
}

function cardText({ title, authorsLine, metadata, reason, abstract, links }: DigestCard): string {
  const lines = [
    slotMark('number') + wrapped(title).trimStart(),
    ...[authorsLine, metadata].filter(Boolean).map(wrapped),
    reason,
    '',
    ...(abstract ? [wrapped(abstract), ''] : []),
    ...links.map(({ label, href }) => `${indent}${label}: ${href}`),
    '',
  ];
  return `${lines.join('\n')}\n`;
}

function wrapped(text: string): string {
  return wrapAnsi(text, textWidth - indent.length).replace(/^/gm, indent);
}
