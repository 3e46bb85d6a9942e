import wrapAnsi from 'wrap-ansi';
import type { Config } from '../config.js';
import type { PaperContent } from '../papers/paper.js';
import { authorsLine, clamp, counted, firstSentences, linksOf, metadataOf, safeUrl } from '../papers/presentation.js';
import type { DigestFrame, DigestTemplates } from './templates.js';

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
  html: string;
  text: string;
}

/** Gmail cuts a mail off at 102 KB, and with it the link to unsubscribe. */
const mostHtmlBytes = 95_000;
const textWidth = 72;
const longest = { subjectTitle: 120, title: 300, shortAbstract: 320, fullAbstract: 6_000, preheader: 140 };

/** A digest as it is mailed. Pure: the same content always gives the same mail. HTML is at most 95 KB. */
export function composeDigest(templates: DigestTemplates, digest: DigestContent): ComposedDigest {
  const cards = digest.papers.map((entry) => cardOf(entry, digest.abstractLength));
  const frame = frameOf(digest, digest.links.web);
  return {
    subject: frame.subject,
    html: joinWithinLimit(templates, frame, cards.map(templates.card)),
    text: textOf(digest, frame, cards),
  };
}

/** A digest as the browser shows it: the same HTML, with everything that the mail had to leave out. */
export function composeWebView(templates: DigestTemplates, digest: DigestContent): string {
  const cards = digest.papers.map((entry) => templates.card(cardOf(entry, digest.abstractLength)));
  return join(templates, frameOf(digest, null), cards);
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

type Card = ReturnType<typeof cardOf>;

function cardOf({ paper, topics }: DigestEntry, abstractLength: DigestContent['abstractLength']) {
  const links = linksOf(paper);
  return {
    reason: topics.length > 0 ? `Matches ${topics.join(', ')}` : 'Trending',
    title: clamp(paper.title, longest.title),
    href: links[0]?.href ?? null,
    authorsLine: authorsLine(paper.authors),
    metadata: metadataOf(paper).join(' · '),
    abstract: abstractOf(paper, abstractLength),
    thumbnail: safeUrl(paper.thumbnailUrl),
    links,
  };
}

function abstractOf(paper: PaperContent, length: DigestContent['abstractLength']): string | null {
  if (length === 'none') return null;
  if (length === 'full') return clamp(paper.abstract || paper.summary || '', longest.fullAbstract) || null;
  return firstSentences(paper.summary || paper.abstract, longest.shortAbstract) || null;
}

function frameOf(digest: DigestContent, web: string | null): DigestFrame {
  const [first, ...others] = digest.papers.map(({ paper }) => paper.title);
  const { preferences, unsubscribe } = digest.links;
  return {
    subject: clamp(first ?? '', longest.subjectTitle) + (others.length > 0 ? ` + ${others.length} more` : ''),
    preheader: clamp(others.join(' · '), longest.preheader),
    summary: `${counted(digest.papers.length, 'paper')} for ${weekday.format(new Date(digest.day))}`,
    web,
    preferences,
    unsubscribe,
    leftOut: null,
  };
}

const weekday = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeZone: 'UTC' });

/** Puts as many cards into the mail as its size allows, and says how many are left out. */
function joinWithinLimit(templates: DigestTemplates, frame: DigestFrame, cards: string[]): string {
  const whole = join(templates, frame, cards);
  if (Buffer.byteLength(whole) <= mostHtmlBytes) return whole;
  const saying = (count: number) => ({ ...frame, leftOut: counted(count, 'more paper') });
  let room = mostHtmlBytes - Buffer.byteLength(join(templates, saying(cards.length), []));
  const fitting = cards.findIndex((card) => {
    room -= Buffer.byteLength(card);
    return room < 0;
  });
  return join(templates, saying(cards.length - fitting), cards.slice(0, fitting));
}

function join(templates: DigestTemplates, frame: DigestFrame, cards: string[]): string {
  return templates.top(frame) + cards.join('') + templates.bottom(frame);
}

function textOf(digest: DigestContent, frame: DigestFrame, cards: Card[]): string {
  const { web, preferences, unsubscribe } = digest.links;
  const footer = [`View in browser: ${web}`, `Preferences:     ${preferences}`, `Unsubscribe:     ${unsubscribe}`];
  return `${['OFFPRINT', frame.summary, '', ...cards.flatMap(cardText), rule, '', ...footer].join('\n')}\n`;
}

const rule = '-'.repeat(textWidth);

function cardText(card: Card, index: number): string[] {
  const number = `${index + 1}. `;
  const indent = ' '.repeat(number.length);
  return [
    rule,
    '',
    number + wrapped(card.title, indent).trimStart(),
    ...[card.authorsLine, card.metadata, card.reason].filter(Boolean).map((line) => wrapped(line, indent)),
    '',
    ...(card.abstract ? [wrapped(card.abstract, indent), ''] : []),
    ...card.links.map(({ label, href }) => `${indent}${label}: ${href}`),
    '',
  ];
}

function wrapped(text: string, indent: string): string {
  return wrapAnsi(text, textWidth - indent.length).replace(/^/gm, indent);
}
