import { LRUCache } from 'lru-cache';
import wrapAnsi from 'wrap-ansi';
import type { Config } from '../config.js';
import type { TextKey, Texts } from '../languages/texts.js';
import { Segment } from '../mail/segment.js';
import { escapedSegment, fillSlots, type Slotted, slotMark, splitAtSlots } from '../mail/templates.js';
import type { PaperContent } from '../papers/paper.js';
import {
  authorsLine,
  clamp,
  firstSentences,
  isOld,
  linksOf,
  metadataOf,
  pictureUrl,
  safeUrl,
} from '../papers/presentation.js';
import { topicName } from '../topics/topic-name.js';
import type { Account, DigestContent, DigestEntry } from './content.js';
import { reasonIn, splitReason } from './reason.js';
import type { DigestCard, DigestFrame, DigestTemplates, NewsLine, OwnSlot, Piece } from './templates.js';
import { countedOf, dayName, preheaderOf, receiptOf, shownReasons, stateOf, subjectOf } from './wording.js';

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
const longest = { title: 300, listedTitle: 70, shortAbstract: 320, newsTitle: 120, fullAbstract: 6_000 };

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
    html: filled(html, { ...own, state: sharedEscaped.memo(state) }),
    text: filled(text, { ...own, since: sinceText(templates, digest), state: shared.memo(wrapTo(state)) }),
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
  return {
    subject,
    html: htmlPart(templates, frameOf(templates, digest, subject), digest),
    text: textPart(templates, digest),
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
    title: clamp(paper.title, longest.title),
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
  return {
    html: splitAtSlots((length === 'none' ? templates.titleRow : templates.card)(card)),
    row: splitAtSlots(templates.row({ ...card, title: clamp(paper.title, longest.listedTitle) })),
    text: splitAtSlots(cardText(texts, card, length)),
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
type Reasons = LRUCache<string, { html: Segment; text: Segment }>;
const reasons = new WeakMap<Texts, Reasons>();

function reasonOf(texts: Texts, { topics }: DigestEntry) {
  const known = reasons.get(texts) ?? new LRUCache({ max: 5_000, memoMethod: (key) => makeReason(texts, key) });
  reasons.set(texts, known);
  return known.memo(topics.join('\n'));
}

function makeReason(texts: Texts, key: string): { html: Segment; text: Segment } {
  const topics = key.split('\n').filter(Boolean);
  const { shown, more } = shownReasons({ topics: topics.map((topic) => reasonIn(texts, topic)) });
  if (shown.length === 0) {
    const trending = texts.t('digest.trending');
    return { html: escapedSegment(trending), text: new Segment(wrapped(trending)) };
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
  };
}

/** For so many combining joiners and spaces mail programs show nothing of what follows the preheader. */
const padding = new Segment('&#847;&zwnj;&nbsp;'.repeat(30));

function frameOf({ texts }: DigestTemplates, digest: DigestContent, subject: string): DigestFrame {
  const { papers, day, account } = digest;
  const { counted: how, match } = countedOf(texts, papers.length, account, choosesNothing(digest));
  const { end, receipt } = receiptOf(texts, day, papers.length, account);
  const topic = account?.outside?.topic ?? null;
  return {
    subject: sharedEscaped.memo(subject),
    preheader: sharedEscaped.memo(
      preheaderOf(
        texts,
        papers.map(({ paper, topics }) => ({
          paper,
          topics: topics.slice(0, 1).map((reason) => reasonIn(texts, reason)),
        })),
      ),
    ),
    padding,
    sample: account?.samples ? sharedEscaped.memo(texts.t('digest.samples')) : null,
    day: sharedEscaped.memo(dayName(texts, day)),
    counted: sharedEscaped.memo(how),
    match: sharedEscaped.memo(match),
    web: 'web',
    preferences: 'preferences',
    unsubscribe: 'unsubscribe',
    rest: null,
    end: sharedEscaped.memo(end),
    receipt: sharedEscaped.memo(receipt),
    outside: account?.outside ? outsideLink(texts, account.outside.paper) : null,
    topic: topic && sharedEscaped.memo(topicName(texts, topic.slug, topic.name)),
    slug: topic && sharedEscaped.memo(encodeURIComponent(topic.slug)),
    since: 'since',
    state: 'state',
    operator: operatorOf(texts, digest.operator),
  };
}

function choosesNothing({ reader }: DigestContent): boolean {
  return reader.topics.length + reader.own === 0;
}

const outsideLinks = new WeakMap<Texts, WeakMap<PaperContent, Segment>>();

function outsideLink(texts: Texts, paper: PaperContent): Segment {
  const known = outsideLinks.get(texts) ?? new WeakMap<PaperContent, Segment>();
  outsideLinks.set(texts, known);
  const made =
    known.get(paper) ?? shared.memo(linked(paper.title, linksOf(texts, paper)[0]?.href) + votesOf(texts, paper));
  known.set(paper, made);
  return made;
}

function votesOf(texts: Texts, { upvotes }: PaperContent): string {
  return upvotes > 0 ? ` (${texts.t('digest.votes', { count: upvotes })})` : '';
}

/** A text as HTML, as a link where there is somewhere to go. */
function linked(text: string, href: string | null | undefined): string {
  const shown = escapedSegment(clamp(text, longest.title)).text;
  return href ? `<a href="${escapedSegment(href).text}" style="color:#9c2f1f">${shown}</a>` : shown;
}

function operatorOf(texts: Texts, { name, url }: DigestContent['operator']): Segment | null {
  if (!name && !url) return null;
  const open = url ? `<a href="${escapedSegment(url).text}" style="color:#9c2f1f">` : null;
  return shared.memo(texts.rich('digest.sentBy', { name: name ?? url ?? '' }, { by: open }));
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
  const saying = (count: number) => ({
    ...frame,
    rest: escapedSegment(templates.texts.t('digest.readRest', { count })),
  });
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
    reason: reasonOf(templates.texts, entry).html,
    feedback: 'feedback',
    more: shared.memo(`?paper=${index + 1}&amp;vote=more`),
    less: shared.memo(`?paper=${index + 1}&amp;vote=less`),
  });
  return segments;
}

/** More than what a subscriber has chosen comes to, as it is put. */
const mostStateBytes = 1_000;
/** More than what became of the few papers that are told of comes to: most of it are addresses. */
const mostSinceBytes = 12_000;

function bytesIn(piece: Piece, { links, since }: DigestContent): number {
  if (typeof piece !== 'string') return piece.bytes;
  if (piece === 'since') return since.length > 0 ? mostSinceBytes : 0;
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
  const { texts } = templates;
  const { papers, day, abstractLength, account } = digest;
  const { counted: how, match } = countedOf(texts, papers.length, account, choosesNothing(digest));
  const segments: Piece[] = [textPieces.name, line(`${dayName(texts, day)}: ${how} ${match}`.trim())];
  if (account?.samples) segments.push(line(texts.t('digest.samples')));
  segments.push(lineEnd);
  const cards = papers.map(({ paper }) => cardOf(templates, paper, abstractLength, digest));
  if (hasList(digest)) {
    for (const [i, { listed }] of cards.entries()) fillSlots(segments, listed, { number: numberAt(i) });
    segments.push(lineEnd);
  }
  for (const [i, { text }] of cards.entries()) {
    if (abstractLength !== 'none') segments.push(textPieces.rule);
    fillSlots(segments, text, { number: numberAt(i), reason: reasonOf(texts, papers[i] as DigestEntry).text });
  }
  const { end, receipt } = receiptOf(texts, day, papers.length, account);
  segments.push(textPieces.rule, line(`${end} ${receipt}`.trim()));
  if (account?.outside) segments.push(lineEnd, outsideText(texts, account.outside));
  segments.push('since', lineEnd, textPieces.rule, 'state', lineEnd);
  for (const [label, slot] of ownLinks) segments.push(shared.memo(`\n${texts.t(label).padEnd(labelWidth)}`), slot);
  segments.push(closing(texts, digest.operator));
  return segments;
}

/** A subscriber's own addresses, in the order in which a text has them. */
const ownLinks = [
  ['digest.text.change', 'preferences'],
  ['digest.text.web', 'web'],
  ['digest.text.feedback', 'feedback'],
  ['digest.text.unsubscribe', 'unsubscribe'],
] as const satisfies [TextKey, OwnSlot][];
const labelWidth = 17;

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
};

/** The most voted of the other papers. */
function outsideText(texts: Texts, { paper, topic }: NonNullable<Account['outside']>): Segment {
  const href = linksOf(texts, paper)[0]?.href;
  const title = clamp(paper.title, longest.title) + votesOf(texts, paper);
  const said = topic
    ? texts.t('digest.outsideOn', { paper: title, topic: topicName(texts, topic.slug, topic.name) })
    : `${texts.t('digest.outside')} ${title}`;
  return shared.memo(`${wrapTo(said)}\n${href ? `${href}\n` : ''}`);
}

function closing(texts: Texts, { name, url }: DigestContent['operator']): Segment {
  const by = [name, url].filter(Boolean).join(', ');
  const sentBy = by === '' ? '' : ` ${texts.t('digest.text.sentBy', { operator: by })}`;
  return shared.memo(`\n\n${wrapTo(texts.t('digest.whyMail') + sentBy)}\n`);
}

/** What became of papers of earlier digests, as lines. */
function newsOf({ texts }: DigestTemplates, { since }: DigestContent): NewsLine[] {
  return since.map(({ paper, kind, votes, codeUrl }) => ({
    what: texts.t(`digest.news.${kind}`, { votes: texts.t('digest.votes', { count: votes ?? 0 }) }),
    title: clamp(paper.title, longest.newsTitle),
    href: safeUrl(codeUrl) ?? linksOf(texts, paper)[0]?.href ?? null,
  }));
}

const nothingSince = new Segment('');

function sinceHtml(templates: DigestTemplates, digest: DigestContent): Segment {
  if (digest.since.length === 0) return nothingSince;
  return new Segment(templates.since({ news: newsOf(templates, digest) }));
}

function sinceText(templates: DigestTemplates, digest: DigestContent): Segment {
  if (digest.since.length === 0) return nothingSince;
  const { t } = templates.texts;
  const lines = newsOf(templates, digest).map(({ what, title, href }) => {
    return `${wrapTo(`${what}: ${title}`)}\n${href ? `${href}\n` : ''}`;
  });
  return new Segment(`\n${wrapTo(`${t('digest.since')} ${t('digest.sinceWhat')}`)}\n${lines.join('')}`);
}

/** What stands before a title in a text. */
function numberAt(index: number): Segment {
  return shared.memo(`${index + 1}.`.padEnd(indent.length));
}

function cardText(
  texts: Texts,
  { title, byline, short, reason, abstract, byModel, links, pdf }: DigestCard,
  length: Length,
): string {
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
    ...(abstract ? [wrapped(byModel ? texts.t('digest.byModelText', { abstract }) : abstract), ''] : []),
    ...links.map(({ label, href }) => `${indent}${label}: ${href}`),
    '',
  ];
  return `${lines.join('\n')}\n`;
}

function wrapped(text: string): string {
  return wrapAnsi(text, textWidth - indent.length).replace(/^/gm, indent);
}
