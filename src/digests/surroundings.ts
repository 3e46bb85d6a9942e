import { LRUCache } from 'lru-cache';
import type { TextKey, Texts } from '../languages/texts.js';
import { Segment } from '../mail/segment.js';
import { escapedSegment, joined } from '../mail/templates.js';
import type { DigestContent } from './content.js';
import { textWidth, wrapTo } from './shared-segments.js';
import type { DigestFrame, DigestTemplates, FramePiece, OwnSlot, Piece } from './templates.js';
import { choosesNothing, type Summary, summaryOf } from './wording.js';

/** What stands around a digest's papers, as far as many digests have the same, in as few pieces as possible. */
export interface Surroundings {
  html: Record<'top' | 'list' | 'listEnd' | 'cards' | 'cardsEnd', readonly FramePiece[]>;
  text: { top: Segment; end: Segment; foot: readonly Piece[] };
}

export const rule = `${'-'.repeat(textWidth)}\n\n`;

/** A subscriber's own addresses, in the order in which a text has them. */
const ownLinks = [
  ['digest.text.change', 'preferences'],
  ['digest.text.web', 'web'],
  ['digest.text.feedback', 'feedback'],
  ['digest.text.unsubscribe', 'unsubscribe'],
] as const satisfies [TextKey, OwnSlot][];
const labelWidth = 17;

/** Of a day's digests few differ in these; each takes some 10 KB. */
const mostKept = 500;
const known = new WeakMap<DigestTemplates, LRUCache<string, Surroundings>>();

/** @param saysRest whether it says how many papers are only in the browser */
export function surroundingsOf(templates: DigestTemplates, digest: DigestContent, saysRest: boolean): Surroundings {
  const { day, papers, account, operator } = digest;
  const outside = account?.outside ?? null;
  const kept = known.get(templates) ?? new LRUCache<string, Surroundings>({ max: mostKept });
  known.set(templates, kept);
  // All that is asked for below, and nothing else.
  const key = [
    day,
    papers.length,
    choosesNothing(digest),
    account?.offered,
    account?.matched,
    account?.days,
    account?.samples,
    outside !== null,
    Boolean(outside?.topic),
    saysRest,
    operator.name,
    operator.url,
  ].join();
  const made = kept.get(key) ?? makeSurroundings(templates, digest, saysRest);
  kept.set(key, made);
  return made;
}

function makeSurroundings(templates: DigestTemplates, digest: DigestContent, saysRest: boolean): Surroundings {
  const summary = summaryOf(templates.texts, digest);
  const frame = frameOf(templates.texts, digest, summary, saysRest);
  return {
    html: {
      top: joined(templates.top(frame)),
      list: joined(templates.list(frame)),
      listEnd: joined(templates.listEnd(frame)),
      cards: joined(templates.cards(frame)),
      cardsEnd: joined(templates.cardsEnd(frame)),
    },
    text: textAround(templates.texts, digest, summary),
  };
}

/** For so many combining joiners and spaces mail programs show nothing of what follows the preheader. */
const padding = new Segment('&#847;&zwnj;&nbsp;'.repeat(30));

function frameOf(texts: Texts, digest: DigestContent, summary: Summary, saysRest: boolean): DigestFrame {
  const { account } = digest;
  const hasTopic = Boolean(account?.outside?.topic);
  return {
    subject: 'subject',
    preheader: 'preheader',
    padding,
    sample: account?.samples ? escapedSegment(texts.t('digest.samples')) : null,
    day: escapedSegment(summary.day),
    counted: escapedSegment(summary.counted),
    match: escapedSegment(summary.match),
    web: 'web',
    preferences: 'preferences',
    unsubscribe: 'unsubscribe',
    rest: saysRest ? 'rest' : null,
    end: escapedSegment(summary.end),
    receipt: escapedSegment(summary.receipt),
    outside: account?.outside ? 'outside' : null,
    topic: hasTopic ? 'topic' : null,
    slug: hasTopic ? 'slug' : null,
    since: 'since',
    state: 'state',
    operator: operatorOf(texts, digest.operator),
  };
}

function operatorOf(texts: Texts, { name, url }: DigestContent['operator']): Segment | null {
  if (!name && !url) return null;
  const open = url ? `<a href="${escapedSegment(url).text}" style="color:#9c2f1f">` : null;
  return new Segment(texts.rich('digest.sentBy', { name: name ?? url ?? '' }, { by: open }));
}

function textAround(texts: Texts, { account, operator }: DigestContent, summary: Summary): Surroundings['text'] {
  const { day, counted, match, end, receipt } = summary;
  const samples = account?.samples ? lines(texts.t('digest.samples')) : '';
  const links = ownLinks.flatMap(([label, slot]) => [new Segment(`\n${texts.t(label).padEnd(labelWidth)}`), slot]);
  return {
    top: new Segment(`OFFPRINT\n${lines(`${day}: ${counted} ${match}`.trim())}${samples}\n`),
    end: new Segment(rule + lines(`${end} ${receipt}`.trim())),
    foot: joined<OwnSlot>([
      ...['since' as const, new Segment(`\n${rule}`), 'state' as const, new Segment('\n')],
      ...links,
      closing(texts, operator),
    ]),
  };
}

function lines(text: string): string {
  return `${wrapTo(text)}\n`;
}

function closing(texts: Texts, { name, url }: DigestContent['operator']): Segment {
  const by = [name, url].filter(Boolean).join(', ');
  const sentBy = by === '' ? '' : ` ${texts.t('digest.text.sentBy', { operator: by })}`;
  return new Segment(`\n\n${lines(texts.t('digest.whyMail') + sentBy)}`);
}
