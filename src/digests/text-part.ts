import type { Texts } from '../languages/texts.js';
import { Segment } from '../mail/segment.js';
import { fillSlots } from '../mail/templates.js';
import { clamp, linksOf } from '../papers/presentation.js';
import { topicName } from '../topics/topic-name.js';
import type { Account, DigestContent } from './content.js';
import type { PlacedPaper } from './paper-cards.js';
import { shared, wrapTo } from './shared-segments.js';
import { rule, surroundingsOf } from './surroundings.js';
import type { DigestTemplates, Piece } from './templates.js';
import { hasList, longestTitle, votesOf } from './wording.js';

const ruled = new Segment(rule);
const lineEnd = new Segment('\n');

/** A digest as text, with its reader's own places left open. */
export function textPart(templates: DigestTemplates, digest: DigestContent, papers: readonly PlacedPaper[]): Piece[] {
  const { abstractLength, account } = digest;
  const { top, end, foot } = surroundingsOf(templates, digest, false).text;
  const pieces: Piece[] = [top];
  if (hasList(digest)) {
    for (const { card, place } of papers) fillSlots(pieces, card.listed, { number: place.indented });
    pieces.push(lineEnd);
  }
  for (const { card, place, reason } of papers) {
    if (abstractLength !== 'none') pieces.push(ruled);
    fillSlots(pieces, card.text, { number: place.indented, reason: reason.text });
  }
  pieces.push(end);
  if (account?.outside) pieces.push(lineEnd, outsideText(templates.texts, account.outside));
  for (const piece of foot) pieces.push(piece);
  return pieces;
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
