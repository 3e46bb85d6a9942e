import { validate } from 'uuid';
import type { Context } from '../context.js';
import type { Queries } from '../database/database.js';
import { type Feedback, readFeedback } from '../mail/feedback.js';
import { parseInbox, readInbox } from '../mail/inbox.js';
import { openLink } from '../subscribers/access.js';
import { emailKey, parseAddress } from '../subscribers/address.js';
import { complain } from '../subscribers/lifecycle.js';
import { verifyBounceTag } from '../subscribers/tokens.js';
import { judgeAddress } from './next-status.js';
import { noteBounce } from './store.js';

/** Whom feedback is about, proven by a token of ours or by a provider's signature. */
export interface FeedbackSubject {
  digestId: string | null;
  subscriberId: number | null;
}

/** What was done about it; `ignored` where it changes nothing, because it is about nobody or known already. */
export interface FeedbackResult {
  action: 'suppressed' | 'noted' | 'ignored';
  digest: string | null;
  subscriber: number | null;
}

/**
 * Whom the evidence of a report proves it to be about: anyone can write such a mail, but only who had ours knows its tokens. So
 * the worst that a forged one does is to suppress the address that it was stolen from.
 */
export async function proveSubject(
  ctx: Pick<Context, 'db' | 'keys'>,
  { returnPaths, unsubscribeLinks }: Feedback['evidence'],
): Promise<FeedbackSubject> {
  for (const address of returnPaths) {
    const tag = /\+([0-9a-f]+)@/i.exec(address)?.[1];
    const digestId = tag ? verifyBounceTag(ctx.keys, tag.toLowerCase()) : null;
    if (digestId) return { digestId, subscriberId: null };
  }
  for (const link of unsubscribeLinks) {
    const token = /\/unsubscribe\/([\w-]+)$/.exec(link)?.[1];
    const access = token ? await openLink(ctx, 'unsubscribe', token) : null;
    if (access) return { digestId: null, subscriberId: access.subscriber.id };
  }
  return { digestId: null, subscriberId: null };
}

/** Whom a provider, who has proven who it is, names: by the Message-ID of our mail, else by the address. */
export async function findSubject(
  db: Queries,
  messageId: string | null,
  email: string | null,
): Promise<FeedbackSubject> {
  const id = /^<?([0-9a-f-]{36})@/i.exec(messageId?.trim() ?? '')?.[1] ?? null;
  const digest = id && validate(id) ? await db.digest.findUnique({ where: { id }, select: { id: true } }) : null;
  if (digest) return { digestId: digest.id, subscriberId: null };
  const parsed = email === null ? null : parseAddress(email);
  if (!parsed?.ok) return { digestId: null, subscriberId: null };
  const subscriber = await db.subscriber.findUnique({
    where: { emailKey: emailKey(parsed.address) },
    select: { id: true },
  });
  return { digestId: null, subscriberId: subscriber?.id ?? null };
}

/**
 * Puts feedback on record. A complaint ends all mail to the subscriber, and so does a bounce that says that the address does not
 * exist; other bounces do the third time in a row. A digest in doubt is settled by what its bounce or delivery report tells.
 * Idempotent.
 */
export async function applyFeedback(
  ctx: Pick<Context, 'db' | 'clock'>,
  feedback: Pick<Feedback, 'kind' | 'enhanced' | 'reply'>,
  subject: FeedbackSubject,
): Promise<FeedbackResult> {
  const { prisma } = ctx.db;
  const digest = subject.digestId ? await prisma.digest.findUnique({ where: { id: subject.digestId } }) : null;
  const subscriber = digest?.subscriberId ?? subject.subscriberId;
  const result = { digest: digest?.id ?? null, subscriber };
  if (subscriber === null || feedback.kind === 'delayed') return { ...result, action: 'ignored' };
  if (feedback.kind === 'complaint')
    return { ...result, action: (await complain(prisma, subscriber)) ? 'suppressed' : 'ignored' };
  const permanent = !feedback.enhanced?.startsWith('4.');
  const settled = digest !== null && (await settleDelivered(ctx, digest.id, feedback));
  if (feedback.kind === 'delivered') return { ...result, action: settled ? 'noted' : 'ignored' };
  const blame = permanent ? judgeAddress({ scope: 'recipient', enhanced: feedback.enhanced }) : false;
  if (blame) await noteBounce(prisma, subscriber, blame);
  const status = (await prisma.subscriber.findUnique({ where: { id: subscriber } }))?.status;
  return { ...result, action: blame && status === 'bounced' ? 'suppressed' : settled ? 'noted' : 'ignored' };
}

/** A mail that was read, and what was done about it; `other`: neither a delivery report nor a complaint. */
export type ReadMail = FeedbackResult & {
  kind: Feedback['kind'] | 'other';
  status: string | null;
  reply: string | null;
};

/** Reads a mail that came back, and puts what it proves on record. */
export async function takeReport(ctx: Pick<Context, 'db' | 'clock' | 'keys' | 'log'>, raw: Buffer): Promise<ReadMail> {
  const feedback = await readFeedback(raw).catch((error) => {
    ctx.log.warn({ error: error.message }, 'a mail that came back cannot be read');
    return null;
  });
  if (!feedback) return { kind: 'other', action: 'ignored', status: null, reply: null, digest: null, subscriber: null };
  const result = await applyFeedback(ctx, feedback, await proveSubject(ctx, feedback.evidence));
  const { kind, enhanced, reply } = feedback;
  ctx.log.info({ kind, enhanced, reply, ...result }, 'feedback read');
  return { kind, status: enhanced, reply, ...result };
}

/** What was read from the inbox, by what was done about it; `failed`: left for the next time. */
export type InboxReport = Record<'read' | FeedbackResult['action'] | 'failed', number>;

/** The next minute goes on. */
const mostAtOnce = 1_000;

/**
 * Reads what has come to the inbox of BOUNCE_IMAP_URL.
 * @returns null where there is none
 * @throws UserError when it cannot be read
 */
export async function takeReports(
  ctx: Pick<Context, 'config' | 'db' | 'clock' | 'keys' | 'log'>,
  signal: AbortSignal,
): Promise<InboxReport | null> {
  const { bounceInbox } = ctx.config;
  if (!bounceInbox) return null;
  const report: InboxReport = { read: 0, suppressed: 0, noted: 0, ignored: 0, failed: 0 };
  await readInbox(parseInbox(bounceInbox), mostAtOnce, signal, async (raw) => {
    const read = await takeReport(ctx, raw).catch((error) => {
      ctx.log.error({ error: error.message }, 'what a mail that came back tells is not on record');
    });
    report.read++;
    report[read?.action ?? 'failed']++;
    return read !== undefined;
  });
  return report;
}

/** What became of a digest that a relay had taken, or may have taken. @returns whether that was news */
async function settleDelivered(
  { db, clock }: Pick<Context, 'db' | 'clock'>,
  digestId: string,
  { kind, reply }: Pick<Feedback, 'kind' | 'reply'>,
): Promise<boolean> {
  const delivered = kind === 'delivered';
  // One that waits to be sent again after an attempt whose answer was lost has its layout still.
  const settled = await db.prisma.$executeRaw`
    update digests set status = (case when ${delivered} then 'sent' else 'failed' end)::digest_status,
      last_reply = ${delivered ? `delivered: ${reply}` : `bounced: ${reply}`},
      sent_at = coalesce(sent_at, case when ${delivered} then ${clock()}::timestamptz end)
    where id = ${digestId}::uuid and (
      status = 'in_doubt' or (status = 'queued' and attempts > 0 and layout_id is not null) or (status = 'sent' and not ${delivered})
    )`;
  return settled > 0;
}
