import { randomUUID } from 'node:crypto';
import type { Context } from '../context.js';
import type { Queries } from '../database/database.js';
import { addJob, type Jobs } from '../database/queue.js';
import type { Outcome } from '../mail/outcome.js';
import type { Relay } from '../mail/relay.js';
import { Segment } from '../mail/segment.js';
import { sendMail } from '../mail/send.js';
import { dataLinks, subscriberLinks } from './links.js';
import { type ComposedMail, composeDataLinks, composeNewLinks, makingFor } from './mails.js';
import { isOneOf, refusingStatuses } from './status.js';
import type { NoticeTemplates } from './templates.js';

/** Attempts at a mail that somebody waits for, over some six hours. */
export const noticeAttempts = 10;

/** What a subscriber asked for on their page. */
export type Notice = Jobs['notice']['about'];

/** Asks for a notice, in the caller's transaction. */
export async function askForNotice(tx: Queries, subscriberId: number, about: Notice): Promise<void> {
  await addJob(tx, 'notice', { subscriberId, messageId: randomUUID(), about }, { mostAttempts: noticeAttempts });
}

/**
 * Mails a subscriber what they asked for; nobody whose address refuses mail for good.
 * @param messageId the same at every attempt
 * @throws where the mail could not be handed over, so that the job is tried again
 */
export async function sendNotice(
  ctx: Context,
  relays: readonly Relay[],
  templates: NoticeTemplates,
  { subscriberId, messageId, about }: Jobs['notice'],
): Promise<void> {
  const subscriber = await ctx.db.prisma.subscriber.findUnique({ where: { id: subscriberId } });
  if (!subscriber || isOneOf(refusingStatuses, subscriber.status)) return;
  const links = dataLinks(ctx, subscriber);
  const making = makingFor(ctx, templates, subscriber);
  const composed =
    about === 'data'
      ? composeDataLinks(making, {
          exportUrl: links.export,
          eraseUrl: links.erase,
          addressUrl: links.address,
        })
      : composeNewLinks(making, about, { preferencesUrl: subscriberLinks(ctx, subscriber).preferences });
  const { kind, reply } = await mailTo(ctx, relays, subscriber.email, composed, messageId);
  ctx.log.info({ subscriber: subscriberId, about, reply }, `notice: ${kind}`);
}

/** Sends a mail about a subscription. @throws where it could not be handed over */
export async function mailTo(
  ctx: Context,
  relays: readonly Relay[],
  to: string,
  composed: ComposedMail,
  messageId: string,
): Promise<Outcome> {
  const { from, domain, bounceAddress } = ctx.config.mail;
  const message = {
    subject: composed.subject,
    text: [new Segment(composed.text)],
    html: [new Segment(composed.html)],
    from,
    to,
    date: ctx.clock(),
    messageId: `<${messageId}@${domain}>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
    dkim: ctx.config.dkim,
  };
  return sendMail(relays, ctx.log, message, bounceAddress);
}
