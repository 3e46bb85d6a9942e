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
  isOld,
  linksOf,
  metadataOf,
  pictureUrl,
} from '../papers/presentation.js';
import type { Account, DigestContent, DigestEntry } from './content.js';
import type { DigestCard, DigestFrame, DigestTemplates, OwnSlot, Piece } from './templates.js';
import {
  countedOf,
  dayName,
  preheaderOf,
  receiptOf,
  shownReasons,
  splitReason,
  stateOf,
  subjectOf,
} from './wording.js';

export interface ComposedDigest {
  subject: string;
  html: Segment[];
  text: Segment[];
}

/** Gmail cuts a mail off at 102 KB, and with it the link to unsubscribe. */
const mostHtmlBytes = 95_000;
/** From so many papers on there is a list of contents. */
const listedFrom = 4;
const textWidth = 72;
const longest = { title: 300, listedTitle: 70, shortAbstract: 320, fullAbstract: 6_000 };

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
  const { links, reader, topicNames } = digest;
  const state = stateOf(reader, topicNames);
  const own = {
    web: new Segment(links.web),
    preferences: new Segment(links.preferences),
    unsubscribe: new Segment(links.unsubscribe),
    feedback: new Segment(links.feedback),
  };
  return {
    subject,
    html: filled(html, { ...own, state: sharedEscaped.memo(state) }),
    text: filled(text, { ...own, state: shared.memo(wrapTo(state)) }),
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
  const subject = subjectOf(digest);
  return { subject, html: htmlPart(templates, frameOf(digest, subject), digest), text: textPart(templates, digest) };
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

/** How much of a paper is shown. */
type Length = DigestContent['abstractLength'];
type CardSlot = 'number' | 'reason' | 'feedback' | 'more' | 'less';

/** A paper's parts of a digest, ready but for what differs from one digest to the next. */
interface PaperCard {
  /** As a card, or where only titles are shown as one of those. */
  html: Slotted<CardSlot>;
  /** As an entry of the list of contents. */
  row: Slotted<'number'>;
  text: Slotted<'reason' | 'number'>;
  /** As an entry of the list in the text. */
  listed: Slotted<'number'>;
}

/** The cards of a paper go when the paper itself is no longer kept. */
const made = new WeakMap<DigestTemplates, WeakMap<PaperContent, Map<string, PaperCard>>>();

function cardOf(templates: DigestTemplates, paper: PaperContent, length: Length, digest: DigestContent): PaperCard {
  const byPaper = made.get(templates) ?? new WeakMap<PaperContent, Map<string, PaperCard>>();
  made.set(templates, byPaper);
  const known = byPaper.get(paper) ?? new Map<string, PaperCard>();
  byPaper.set(paper, known);
  const { pictures } = digest.reader;
  const withYear = isOld(paper, digest.day);
  const key = `${length} ${pictures} ${withYear}`;
  const card = known.get(key) ?? makeCard(templates, paper, { length, pictures, withYear });
  known.set(key, card);
  return card;
}

function makeCard(
  templates: DigestTemplates,
  paper: PaperContent,
  { length, pictures, withYear }: { length: Length; pictures: boolean; withYear: boolean },
): PaperCard {
  const links = linksOf(paper);
  const metadata = metadataOf(paper, withYear);
  const [firstAuthor] = paper.authors;
  const authors = paper.authors.length > 1 ? `${firstAuthor} et al.` : firstAuthor;
  const abstract = abstractOf(paper, length);
  const card: DigestCard = {
    number: slotMark('number'),
    reason: slotMark('reason'),
    feedback: slotMark('feedback'),
    more: slotMark('more'),
    less: slotMark('less'),
    title: clamp(paper.title, longest.title),
    href: links[0]?.href ?? null,
    votes: paper.upvotes > 0 ? paper.upvotes.toLocaleString('en') : null,
    byline: [authorsLine(paper.authors), ...metadata].filter(Boolean).join(' · '),
    short: [authors, paper.upvotes > 0 ? counted(paper.upvotes, 'vote') : null].filter(Boolean).join(' · '),
    abstract,
    byModel: abstract !== null && length === 'short' && paper.summary !== null,
    picture: pictures && length !== 'none' ? pictureUrl(paper.thumbnailUrl) : null,
    pdf: links.find(({ label }) => label === 'PDF')?.href ?? null,
    links,
  };
  return {
    html: splitAtSlots((length === 'none' ? templates.titleRow : templates.card)(card)),
    row: splitAtSlots(templates.row({ ...card, title: clamp(paper.title, longest.listedTitle) })),
    text: splitAtSlots(cardText(card, length)),
    listed: splitAtSlots(`${slotMark('number')}${wrapped(card.title).trimStart()}\n`),
  };
}

function abstractOf(paper: PaperContent, length: Length): string | null {
  if (length === 'none') return null;
  if (length === 'full') return clamp(paper.abstract || paper.summary || '', longest.fullAbstract) || null;
  return firstSentences(paper.summary || paper.abstract, longest.shortAbstract) || null;
}

/** Text that many mails share, kept as it is encoded. */
const shared = new LRUCache<string, Segment>({ max: 20_000, memoMethod: (text) => new Segment(text) });
const sharedEscaped = new LRUCache<string, Segment>({ max: 20_000, memoMethod: escapedSegment });

/** Many mails give the same reasons. By all of a paper's, a line each. */
const reasons = new LRUCache<string, { html: Segment; text: Segment }>({
  max: 5_000,
  memoMethod: (key) => {
    const { shown, more } = shownReasons({ topics: key.split('\n').filter(Boolean) });
    if (shown.length === 0) return { html: new Segment('Trending'), text: new Segment(wrapped('Trending')) };
    const others = more > 0 ? ` +${more}` : '';
    const html = shown.map((reason) => {
      const { name, words } = splitReason(reason);
      const bold = `<b class="plain" style="color:#1d1b19">${escapedSegment(name).text}</b>`;
      return words === null ? bold : `${bold} (${escapedSegment(words).text})`;
    });
    return {
      html: new Segment(html.join(' · ') + others),
      text: new Segment(wrapped(`Why: ${shown.join(' · ')}${others}`)),
    };
  },
});

function reasonOf({ topics }: DigestEntry) {
  return reasons.memo(topics.join('\n'));
}

/** For so many combining joiners and spaces mail programs show nothing of what follows the preheader. */
const padding = new Segment('&#847;&zwnj;&nbsp;'.repeat(30));

function frameOf(digest: DigestContent, subject: string): DigestFrame {
  const { papers, day, account } = digest;
  const { counted: how, match } = countedOf(papers.length, account, choosesNothing(digest));
  const { end, receipt } = receiptOf(day, papers.length, account);
  const topic = account?.outside?.topic ?? null;
  return {
    subject: sharedEscaped.memo(subject),
    preheader: sharedEscaped.memo(preheaderOf(digest)),
    padding,
    sample: account?.samples ? shared.memo(sampleNotice) : null,
    day: shared.memo(dayName(day)),
    counted: shared.memo(how),
    match: shared.memo(match),
    web: 'web',
    preferences: 'preferences',
    unsubscribe: 'unsubscribe',
    leftOut: null,
    end: shared.memo(end),
    receipt: shared.memo(receipt),
    outside: account?.outside ? outsideLink(account.outside.paper) : null,
    topic: topic && sharedEscaped.memo(topic.name),
    slug: topic && sharedEscaped.memo(encodeURIComponent(topic.slug)),
    state: 'state',
    operator: operatorOf(digest.operator),
  };
}

const sampleNotice = 'Sample papers: no source could be reached.';

function choosesNothing({ reader }: DigestContent): boolean {
  return reader.topics.length + reader.own === 0;
}

const outsideLinks = new WeakMap<PaperContent, Segment>();

function outsideLink(paper: PaperContent): Segment {
  const known = outsideLinks.get(paper) ?? shared.memo(linked(paper.title, linksOf(paper)[0]?.href) + votesOf(paper));
  outsideLinks.set(paper, known);
  return known;
}

function votesOf({ upvotes }: PaperContent): string {
  return upvotes > 0 ? ` (${counted(upvotes, 'vote')})` : '';
}

/** A text as HTML, as a link where there is somewhere to go. */
function linked(text: string, href: string | null | undefined): string {
  const shown = escapedSegment(clamp(text, longest.title)).text;
  return href ? `<a href="${escapedSegment(href).text}" style="color:#9c2f1f">${shown}</a>` : shown;
}

function operatorOf({ name, url }: DigestContent['operator']): Segment | null {
  return name || url ? shared.memo(linked(name ?? url ?? '', url)) : null;
}

/**
 * Puts as many papers into the mail as its size allows. Where it is too large the abstracts of the last ones are shortened first,
 * then left out, and only then papers, and it says how many.
 */
function htmlPart(templates: DigestTemplates, frame: DigestFrame, digest: DigestContent): Piece[] {
  const { papers, abstractLength } = digest;
  const bytesOf = (pieces: readonly Piece[]) => pieces.reduce((sum, piece) => sum + bytesIn(piece, digest), 0);
  const pieces = papers.map((entry, i) => cardHtml(templates, entry, i, abstractLength, digest));
  const whole = join(templates, frame, digest, pieces);
  if (bytesOf(whole) <= mostHtmlBytes) return whole;
  const saying = (count: number) => ({ ...frame, leftOut: escapedSegment(counted(count, 'more paper')) });
  const around = bytesOf(join(templates, saying(papers.length), digest, []));
  /** What each paper takes: its card, and its line in the list of contents. */
  const lines = papers.map((_, i) => (hasList(digest) ? bytesOf(rowHtml(templates, digest, i)) : 0));
  const sizes = pieces.map((card, i) => bytesOf(card) + (lines[i] ?? 0));
  let size = around + sizes.reduce((sum, bytes) => sum + bytes, 0);
  for (const length of shorterThan[abstractLength]) {
    for (let i = papers.length - 1; i >= 0 && size > mostHtmlBytes; i--) {
      const shorter = cardHtml(templates, papers[i] as DigestEntry, i, length, digest);
      const bytes = bytesOf(shorter) + (lines[i] ?? 0);
      size += bytes - (sizes[i] ?? 0);
      [pieces[i], sizes[i]] = [shorter, bytes];
    }
  }
  let shown = papers.length;
  while (size > mostHtmlBytes && shown > 0) size -= sizes[--shown] ?? 0;
  const says = shown < papers.length ? saying(papers.length - shown) : frame;
  return join(templates, says, digest, pieces.slice(0, shown));
}

/** What an abstract is cut down to where there is no room, one after the other. */
const shorterThan: Record<Length, readonly Length[]> = { full: ['short', 'none'], short: ['none'], none: [] };

function cardHtml(
  templates: DigestTemplates,
  entry: DigestEntry,
  index: number,
  length: Length,
  digest: DigestContent,
): Piece[] {
  const segments: Piece[] = [];
  const number = shared.memo(String(index + 1));
  fillSlots(segments, cardOf(templates, entry.paper, length, digest).html, {
    number,
    reason: reasonOf(entry).html,
    feedback: 'feedback',
    more: shared.memo(`?paper=${index + 1}&amp;vote=more`),
    less: shared.memo(`?paper=${index + 1}&amp;vote=less`),
  });
  return segments;
}

/** More than what a subscriber has chosen comes to, as it is put. */
const mostStateBytes = 1_000;

function bytesIn(piece: Piece, { links }: DigestContent): number {
  if (typeof piece !== 'string') return piece.bytes;
  return piece === 'state' ? mostStateBytes : links[piece].length;
}

function join(
  templates: DigestTemplates,
  frame: DigestFrame,
  digest: DigestContent,
  cards: readonly Piece[][],
): Piece[] {
  const segments = templates.top(frame);
  if (hasList(digest)) {
    segments.push(...templates.list(frame));
    for (const i of cards.keys()) segments.push(...rowHtml(templates, digest, i));
    segments.push(...templates.listEnd(frame));
  }
  segments.push(...templates.cards(frame));
  for (const card of cards) segments.push(...card);
  segments.push(...templates.cardsEnd(frame));
  return segments;
}

function rowHtml(templates: DigestTemplates, digest: DigestContent, index: number): Piece[] {
  const segments: Piece[] = [];
  const { paper } = digest.papers[index] as DigestEntry;
  const { row } = cardOf(templates, paper, digest.abstractLength, digest);
  fillSlots(segments, row, { number: shared.memo(String(index + 1)) });
  return segments;
}

/** Where only titles are shown the papers are the list. */
function hasList({ papers, abstractLength }: DigestContent): boolean {
  return papers.length >= listedFrom && abstractLength !== 'none';
}

const indent = '    ';
const rule = '-'.repeat(textWidth);
const lineEnd = new Segment('\n');

function textPart(templates: DigestTemplates, digest: DigestContent): Piece[] {
  const { papers, day, abstractLength, account } = digest;
  const { counted: how, match } = countedOf(papers.length, account, choosesNothing(digest));
  const segments: Piece[] = [textPieces.name, line(`${dayName(day)}: ${how} ${match}`.trim())];
  if (account?.samples) segments.push(line(sampleNotice));
  segments.push(lineEnd);
  const cards = papers.map(({ paper }) => cardOf(templates, paper, abstractLength, digest));
  if (hasList(digest)) {
    for (const [i, { listed }] of cards.entries()) fillSlots(segments, listed, { number: numberAt(i) });
    segments.push(lineEnd);
  }
  for (const [i, { text }] of cards.entries()) {
    if (abstractLength !== 'none') segments.push(textPieces.rule);
    fillSlots(segments, text, { number: numberAt(i), reason: reasonOf(papers[i] as DigestEntry).text });
  }
  const { end, receipt } = receiptOf(day, papers.length, account);
  segments.push(textPieces.rule, line(`${end} ${receipt}`.trim()));
  if (account?.outside) segments.push(lineEnd, outsideText(account.outside));
  segments.push(lineEnd, textPieces.rule, 'state', textPieces.change, 'preferences', textPieces.web, 'web');
  segments.push(textPieces.feedback, 'feedback', textPieces.unsubscribe, 'unsubscribe', closing(digest.operator));
  return segments;
}

/** To wrap a line takes as long as all the rest, and many mails have the same. */
const wrappedLines = new LRUCache<string, string>({ max: 20_000, memoMethod: (text) => wrapAnsi(text, textWidth) });

function wrapTo(text: string): string {
  return wrappedLines.memo(text);
}

/** A line of text, or as many as it takes. */
function line(text: string): Segment {
  return shared.memo(`${wrapTo(text)}\n`);
}

const textPieces = {
  name: new Segment('OFFPRINT\n'),
  rule: new Segment(`${rule}\n\n`),
  change: new Segment('\n\nChange or pause: '),
  web: new Segment('\nView in browser: '),
  feedback: new Segment('\nVote on papers:  '),
  unsubscribe: new Segment('\nUnsubscribe:     '),
};

/** The most voted of the other papers. */
function outsideText({ paper, topic }: NonNullable<Account['outside']>): Segment {
  const about = topic ? `, on ${topic.name}` : '';
  const href = linksOf(paper)[0]?.href;
  const text = wrapTo(`The most voted of those: ${clamp(paper.title, longest.title)}${votesOf(paper)}${about}`);
  return shared.memo(`${text}\n${href ? `${href}\n` : ''}`);
}

function closing({ name, url }: DigestContent['operator']): Segment {
  const why =
    'You get this mail because you subscribed and confirmed it. No paper comes twice, and nobody sees what you open.';
  const by = name || url ? ` Sent by ${[name, url].filter(Boolean).join(', ')}.` : '';
  return shared.memo(`\n\n${wrapTo(why + by)}\n`);
}

/** What stands before a title in a text. */
function numberAt(index: number): Segment {
  return shared.memo(`${index + 1}.`.padEnd(indent.length));
}

function cardText({ title, byline, short, reason, abstract, byModel, links, pdf }: DigestCard, length: Length): string {
  if (length === 'none') {
    const address = links[0]?.href ?? pdf;
    const lines = [wrapped(title).trimStart(), wrapped(short), ...(address ? [indent + address] : []), ''];
    return `${slotMark('number')}${lines.join('\n')}\n`;
  }
  const lines = [
    slotMark('number') + wrapped(title).trimStart(),
    ...(byline ? [wrapped(byline)] : []),
    reason,
    '',
    ...(abstract ? [wrapped(byModel ? `${abstract} (Summary by a model.)` : abstract), ''] : []),
    ...links.map(({ label, href }) => `${indent}${label}: ${href}`),
    '',
  ];
  return `${lines.join('\n')}\n`;
}

function wrapped(text: string): string {
  return wrapAnsi(text, textWidth - indent.length).replace(/^/gm, indent);
}
