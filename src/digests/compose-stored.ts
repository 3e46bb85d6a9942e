import { buildMessage, type MailBuffer, type Message } from '../mail/message.js';
import type { Envelope } from '../mail/session.js';
import { digestLink, feedbackLink, subscriberLinks } from '../subscribers/links.js';
import { signBounceTag } from '../subscribers/tokens.js';
import type { MailedDigest } from './claims.js';
import { composeDigest, digestHeaders, digestMessageId } from './compose.js';
import type { DigestContent } from './content.js';
import type { Composing, Layout } from './layouts.js';
import type { Shown } from './snapshots.js';
import type { DigestTemplatesByLanguage } from './templates.js';

/**
 * What goes out for a digest. A second attempt has the same bytes: all comes from what the plan and the first attempt froze.
 * @param buffer where it is put together, and stays until this is used for the next one
 * @throws Error where it cannot be made
 */
export async function outgoingMail(
  { composing, templates }: Pick<Layout, 'composing' | 'templates'>,
  digest: MailedDigest,
  shown: Shown,
  buffer: MailBuffer,
): Promise<{ envelope: Envelope; raw: Buffer }> {
  if (shown.papers.length === 0) throw new Error('its papers are no longer stored');
  const message = messageWith(composing, templates, digest, shown);
  const envelope = { from: returnPath(composing, digest.id), to: message.to };
  return { envelope, raw: await buildMessage(message, buffer) };
}

/** The mail of a digest that shows this. */
export function messageWith(
  ctx: Composing,
  templates: DigestTemplatesByLanguage,
  digest: MailedDigest,
  shown: Shown,
): Message {
  const { mail, sending, dkim } = ctx.config;
  const content = contentOf(ctx, digest, shown);
  const { subject, html, text } = composeDigest(templates[digest.reader.language], content, shown.prepared);
  const headers = digestHeaders(ctx.config, digest.day, content.links.unsubscribe);
  return {
    subject,
    html,
    text,
    from: mail.from,
    to: digest.email,
    date: digest.plannedAt,
    messageId: digestMessageId(ctx.config, digest.id),
    headers: sending.idempotencyHeader ? { ...headers, [sending.idempotencyHeader]: digest.id } : headers,
    dkim,
  };
}

function contentOf(ctx: Composing, digest: MailedDigest, { papers, account, since }: Shown): DigestContent {
  const { id, day, abstractLength, reader } = digest;
  return {
    id,
    day,
    abstractLength,
    papers,
    account,
    since,
    reader,
    operator: ctx.config.operator,
    links: {
      ...subscriberLinks(ctx, digest),
      web: digestLink(ctx, digest, id),
      feedback: feedbackLink(ctx, digest, id),
    },
  };
}

/** The envelope sender; with BOUNCE_ADDRESS a different one for every digest (VERP), so that a bounce tells whose it is. */
function returnPath({ config, keys }: Composing, digestId: string): string {
  const { bounceAddress, from } = config.mail;
  if (!bounceAddress) return from.address;
  return bounceAddress.replace('@', `+${signBounceTag(keys, digestId)}@`);
}
