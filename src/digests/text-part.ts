import type { TextKey, Texts } from '../languages/texts.js';
import { Segment } from '../mail/segment.js';
import { fillSlots } from '../mail/templates.js';
import { clamp, linksOf } from '../papers/presentation.js';
import { topicName } from '../topics/topic-name.js';
import type { Account, DigestContent } from './content.js';
import type { PlacedPaper } from './paper-cards.js';
import { shared, textWidth, wrapTo } from './shared-segments.js';
import type { DigestTemplates, OwnSlot, Piece } from './templates.js';
import { hasList, longestTitle, summaryOf, votesOf } from './wording.js';

const name = new Segment('OFFPRINT\n');
const rule = new Segment(`${'-'.repeat(textWidth)}\n\n`);
const lineEnd = new Segment('\n');

/** A subscriber's own addresses, in the order in which a text has them. */
const ownLinks = [
  ['digest.text.change', 'preferences'],
  ['digest.text.web', 'web'],
  ['digest.text.feedback', 'feedback'],
  ['digest.text.unsubscribe', 'unsubscribe'],
] as const satisfies [TextKey, OwnSlot][];
const labelWidth = 17;

/** A digest as text, with its reader's own places left open. */
export function textPart({ texts }: DigestTemplates, digest: DigestContent, papers: readonly PlacedPaper[]): Piece[] {
  const { abstractLength, account } = digest;
  const { day, counted, match, end, receipt } = summaryOf(texts, digest);
  const pieces: Piece[] = [name, line(`${day}: ${counted} ${match}`.trim())];
  if (account?.samples) pieces.push(line(texts.t('digest.samples')));
  pieces.push(lineEnd);
  if (hasList(digest)) {
    for (const { card, place } of papers) fillSlots(pieces, card.listed, { number: place.indented });
    pieces.push(lineEnd);
  }
  for (const { card, place, reason } of papers) {
    if (abstractLength !== 'none') pieces.push(rule);
    fillSlots(pieces, card.text, { number: place.indented, reason: reason.text });
  }
  pieces.push(rule, line(`${end} ${receipt}`.trim()));
  if (account?.outside) pieces.push(lineEnd, outsideText(texts, account.outside));
  pieces.push('since', lineEnd, rule, 'state', lineEnd);
  for (const [label, slot] of ownLinks) pieces.push(shared(`\n${texts.t(label).padEnd(labelWidth)}`), slot);
  pieces.push(closing(texts, digest.operator));
  return pieces;
}

/** A line of text, or as many as it takes. */
function line(text: string): Segment {
  return shared(`${wrapTo(text)}\n`);
}

/** The most voted of the other papers. */
function outsideText(texts: Texts, { paper, topic }: NonNullable<Account['outside']>): Segment {
  const href = linksOf(texts, paper)[0]?.href;
  const title = clamp(paper.title, longestTitle) + votesOf(texts, paper);
  const said = topic
    ? texts.t('digest.outsideOn', { paper: title, topic: topicName(texts, topic.slug, topic.name) })
    : `${texts.t('digest.outside')} ${title}`;
  return shared(`${wrapTo(said)}\n${href ? `${href}\n` : ''}`);
}

function closing(texts: Texts, { name, url }: DigestContent['operator']): Segment {
  const by = [name, url].filter(Boolean).join(', ');
  const sentBy = by === '' ? '' : ` ${texts.t('digest.text.sentBy', { operator: by })}`;
  return shared(`\n\n${wrapTo(texts.t('digest.whyMail') + sentBy)}\n`);
}
