import type { Context } from '../context.js';
import type { Queries } from '../database/database.js';
import { buildMessage } from '../mail/message.js';
import type { Envelope } from '../mail/smtp.js';
import type { MailTemplates } from '../mail/templates.js';
import { digestLink, subscriberLinks } from '../subscribers/links.js';
import { signToken } from '../subscribers/tokens.js';
import { composeDigest, composeWebView, type DigestContent, digestHeaders, digestMessageId } from './compose.js';
import { loadPapers } from './store.js';

/** A digest on record and whom it is for: what its mail is made from, the same at every attempt. */
export interface StoredDigest {
  id: string;
  /** Local calendar day, YYYY-MM-DD. */
  day: string;
  plannedAt: Date;
  abstractLength: 'none' | 'short' | 'full';
  subscriberId: number;
  tokenEpoch: number;
  email: string;
}

type Composing = Pick<Context, 'config' | 'keys'>;

/** The mail of a digest, ready for the wire. A second attempt has the same bytes: all comes from what the plan froze. */
export async function composeMessage(
  ctx: Composing,
  db: Queries,
  templates: MailTemplates,
  digest: StoredDigest,
): Promise<{ envelope: Envelope; raw: Buffer }> {
  const { mail, sending, dkim } = ctx.config;
  const content = await contentOf(ctx, db, digest);
  const { subject, html, text } = composeDigest(templates, content);
  const headers = digestHeaders(ctx.config, digest.id, content.links.unsubscribe);
  const raw = await buildMessage({
    from: mail.from,
    to: digest.email,
    subject,
    html,
    text,
    date: digest.plannedAt,
    messageId: digestMessageId(ctx.config, digest.id),
    headers: sending.idempotencyHeader ? { ...headers, [sending.idempotencyHeader]: digest.id } : headers,
    dkim,
  });
  return { envelope: { from: returnPath(ctx, digest), to: digest.email }, raw };
}

/** A digest as its subscriber sees it in the browser; null where it does not exist or is no longer anybody's. */
export async function composeStoredView(
  ctx: Composing,
  db: Queries,
  templates: MailTemplates,
  digestId: string,
): Promise<string | null> {
  const digest = await findDigest(db, digestId);
  return digest && composeWebView(templates, await contentOf(ctx, db, digest));
}

async function contentOf(ctx: Composing, db: Queries, digest: StoredDigest): Promise<DigestContent> {
  const subscriber = { id: digest.subscriberId, tokenEpoch: digest.tokenEpoch };
  return {
    id: digest.id,
    day: digest.day,
    abstractLength: digest.abstractLength,
    papers: await loadPapers(db, digest.id),
    links: { ...subscriberLinks(ctx, subscriber), web: digestLink(ctx, subscriber, digest.id) },
  };
}

async function findDigest(db: Queries, id: string): Promise<StoredDigest | null> {
  const found = await db.digest.findUnique({ where: { id }, include: { subscriber: true } });
  if (!found?.subscriber) return null;
  const { subscriber, day, plannedAt, abstractLength } = found;
  const { id: subscriberId, tokenEpoch, email } = subscriber;
  return { id, day: day.toISOString().slice(0, 10), plannedAt, abstractLength, subscriberId, tokenEpoch, email };
}

/** The envelope sender; with BOUNCE_ADDRESS a different one for every digest (VERP), so that a bounce tells whose it is. */
function returnPath({ config, keys }: Composing, digest: StoredDigest): string {
  const { bounceAddress, from } = config.mail;
  if (!bounceAddress) return from.address;
  const token = signToken(keys, 'bounce', { subscriberId: digest.subscriberId, epoch: 0, digestId: digest.id });
  return bounceAddress.replace('@', `+${token}@`);
}
