import type { Context } from '../context.js';
import type { Subscriber } from '../generated/prisma/client.js';
import { type Purpose, type TokenSubject, verifyToken } from './tokens.js';

/** Whom a link is about, and what its token says besides. */
export interface Access {
  subscriber: Subscriber;
  subject: TokenSubject;
}

/**
 * Opens a link's token.
 * @returns null, without a reason, where it is forged, for another purpose, revoked, or its subscriber is gone. Unsubscribe
 *   links are never revoked: mail is read years later
 */
export async function openLink(
  ctx: Pick<Context, 'db' | 'keys'>,
  purpose: Purpose,
  token: string,
): Promise<Access | null> {
  const subject = verifyToken(ctx.keys, purpose, token);
  if (!subject) return null;
  const subscriber = await ctx.db.prisma.subscriber.findUnique({ where: { linkId: subject.linkId } });
  if (!subscriber) return null;
  const revoked = purpose !== 'unsubscribe' && subscriber.tokenEpoch !== subject.epoch;
  return revoked ? null : { subscriber, subject };
}
