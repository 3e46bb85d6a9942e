import type { Queries } from '../database/database.js';
import { buildMessage, type Message } from '../mail/message.js';
import { textOf } from '../mail/segment.js';
import type { Envelope } from '../mail/session.js';
import { digestLink, subscriberLinks } from '../subscribers/links.js';
import { signBounceTag } from '../subscribers/tokens.js';
import type { MailedDigest } from './claims.js';
import {
  composeDigest,
  composeWebView,
  type DigestContent,
  type DigestEntry,
  digestHeaders,
  digestMessageId,
} from './compose.js';
import { loadEdition } from './editions.js';
import type { Composing, Layout } from './layouts.js';
import { findDigest } from './store.js';
import type { DigestTemplates } from './templates.js';

/**
 * What goes out for a digest with these papers. A second attempt has the same bytes: all comes from what the plan froze.
 * @throws Error where it cannot be made
 */
export async function outgoingMail(
  { composing, templates }: Pick<Layout, 'composing' | 'templates'>,
  digest: MailedDigest,
  papers: readonly DigestEntry[],
): Promise<{ envelope: Envelope; raw: Buffer }> {
  if (papers.length === 0) throw new Error('its papers are no longer stored');
  const message = messageWith(composing, templates, digest, papers);
  return { envelope: { from: returnPath(composing, digest.id), to: message.to }, raw: await buildMessage(message) };
}

/** The mail of a digest with these papers. */
export function messageWith(
  ctx: Composing,
  templates: DigestTemplates,
  digest: MailedDigest,
  papers: readonly DigestEntry[],
): Message {
  const { mail, sending, dkim } = ctx.config;
  const content = contentOf(ctx, digest, papers);
  const headers = digestHeaders(ctx.config, digest.day, content.links.unsubscribe);
  return {
    ...composeDigest(templates, content),
    from: mail.from,
    to: digest.email,
    date: digest.plannedAt,
    messageId: digestMessageId(ctx.config, digest.id),
    headers: sending.idempotencyHeader ? { ...headers, [sending.idempotencyHeader]: digest.id } : headers,
    dkim,
  };
}

/** A digest as the browser shows it to anybody; null where it does not exist or is no longer anybody's. */
export async function composeStoredView(
  ctx: Composing,
  db: Queries,
  templates: DigestTemplates,
  digestId: string,
): Promise<string | null> {
  const digest = await findDigest(db, digestId);
  if (!digest) return null;
  const papers = await loadEdition(db, digest.editionId);
  return textOf(composeWebView(templates, { ...digest, papers, home: ctx.config.web.baseUrl }));
}

function contentOf(ctx: Composing, digest: MailedDigest, papers: readonly DigestEntry[]): DigestContent {
  return {
    id: digest.id,
    day: digest.day,
    abstractLength: digest.abstractLength,
    papers,
    links: { ...subscriberLinks(ctx, digest), web: digestLink(ctx, digest, digest.id) },
  };
}

/** The envelope sender; with BOUNCE_ADDRESS a different one for every digest (VERP), so that a bounce tells whose it is. */
function returnPath({ config, keys }: Composing, digestId: string): string {
  const { bounceAddress, from } = config.mail;
  if (!bounceAddress) return from.address;
  return bounceAddress.replace('@', `+${signBounceTag(keys, digestId)}@`);
}
