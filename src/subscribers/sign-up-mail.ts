import type { Context } from '../context.js';
import type { Relay } from '../mail/relay.js';
import { Segment } from '../mail/segment.js';
import { sendMail } from '../mail/send.js';
import { confirmationLink, subscriberLinks } from './links.js';
import { composeAlreadySubscribed, composeConfirmation, signUpMailFor } from './mails.js';
import type { SignUpTemplates } from './templates.js';

/**
 * Mails someone who asked to subscribe: the link that confirms, or those of a subscription that exists already.
 * @param messageId the same at every attempt, so that a copy can be told
 * @throws where the mail could not be handed over, so that the job is tried again
 */
export async function sendSignUpMail(
  ctx: Context,
  relays: readonly Relay[],
  templates: SignUpTemplates,
  subscriberId: number,
  messageId: string,
): Promise<void> {
  const subscriber = await ctx.db.prisma.subscriber.findUnique({ where: { id: subscriberId } });
  const mail = subscriber && signUpMailFor(subscriber.status);
  if (!subscriber || !mail) return;
  const composed =
    mail === 'confirmation'
      ? composeConfirmation(templates, { confirmUrl: confirmationLink(ctx, subscriber) })
      : composeAlreadySubscribed(templates, { preferencesUrl: subscriberLinks(ctx, subscriber).preferences });
  const { from, domain, bounceAddress } = ctx.config.mail;
  const message = {
    subject: composed.subject,
    text: [new Segment(composed.text)],
    html: [new Segment(composed.html)],
    from,
    to: subscriber.email,
    date: ctx.clock(),
    messageId: `<${messageId}@${domain}>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
    dkim: ctx.config.dkim,
  };
  const outcome = await sendMail(relays, ctx.log, message, bounceAddress);
  ctx.log.info({ subscriber: subscriberId, mail, reply: outcome.reply }, `sign-up answered: ${outcome.kind}`);
}
