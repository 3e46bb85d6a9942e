import type { Context } from '../context.js';
import { signToken } from './tokens.js';

/** The links that a mail to a subscriber carries, or a page about them. */
export interface SubscriberLinks {
  preferences: string;
  /** Also the one-click address of RFC 8058: answers a POST without a redirect. */
  unsubscribe: string;
}

/** Links that let whoever holds them act for the subscriber, without an account. */
export function subscriberLinks(
  ctx: Pick<Context, 'config' | 'keys'>,
  subscriber: { id: number; tokenEpoch: number },
): SubscriberLinks {
  const subject = { subscriberId: subscriber.id, epoch: subscriber.tokenEpoch };
  const link = (purpose: 'preferences' | 'unsubscribe') =>
    `${ctx.config.web.baseUrl}/${purpose}/${signToken(ctx.keys, purpose, subject)}`;
  return { preferences: link('preferences'), unsubscribe: link('unsubscribe') };
}

/** The web view of one digest, for its subscriber. */
export function digestLink(
  ctx: Pick<Context, 'config' | 'keys'>,
  subscriber: { id: number; tokenEpoch: number },
  digestId: string,
): string {
  const token = signToken(ctx.keys, 'digest', { subscriberId: subscriber.id, epoch: subscriber.tokenEpoch, digestId });
  return `${ctx.config.web.baseUrl}/digests/${token}`;
}

/** The link that confirms an address. It expires: see `confirmationLifetime` in sign-up.ts. */
export function confirmationLink(
  ctx: Pick<Context, 'config' | 'keys' | 'clock'>,
  subscriber: { id: number; tokenEpoch: number },
): string {
  const subject = { subscriberId: subscriber.id, epoch: subscriber.tokenEpoch, issuedAt: ctx.clock() };
  return `${ctx.config.web.baseUrl}/confirm/${signToken(ctx.keys, 'confirm', subject)}`;
}
