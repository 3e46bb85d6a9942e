import type { Context } from '../context.js';
import type { Jobs } from '../database/queue.js';
import type { Relay } from '../mail/relay.js';
import { confirmationCode } from './confirmation-code.js';
import { confirmationLink, subscriberLinks } from './links.js';
import { composeAlreadySubscribed, composeConfirmation, makingFor, signUpMailFor } from './mails.js';
import { mailTo } from './notice.js';
import type { NoticeTemplates } from './templates.js';

/**
 * Mails someone who asked to subscribe: the link that confirms, or those of a subscription that exists already.
 * @throws where the mail could not be handed over, so that the job is tried again
 */
export async function sendSignUpMail(
  ctx: Context,
  relays: readonly Relay[],
  templates: NoticeTemplates,
  { subscriberId, messageId, signUpId }: Jobs['sign-up-mail'],
): Promise<void> {
  const subscriber = await ctx.db.prisma.subscriber.findUnique({ where: { id: subscriberId } });
  const mail = subscriber && signUpMailFor(subscriber.status);
  if (!subscriber || !mail) return;
  // A stranger's sign-up is answered in the language of whoever is subscribed already.
  const asked = mail === 'confirmation' && (await ctx.db.prisma.signUp.findUnique({ where: { id: signUpId } }));
  const making = makingFor(ctx, templates, asked || subscriber);
  const composed =
    mail === 'confirmation'
      ? composeConfirmation(making, {
          confirmUrl: confirmationLink(ctx, subscriber, signUpId),
          code: confirmationCode(ctx.keys, signUpId),
        })
      : composeAlreadySubscribed(making, { preferencesUrl: subscriberLinks(ctx, subscriber).preferences });
  const { kind, reply } = await mailTo(ctx, relays, subscriber.email, composed, messageId);
  ctx.log.info({ subscriber: subscriberId, mail, reply }, `sign-up answered: ${kind}`);
}
