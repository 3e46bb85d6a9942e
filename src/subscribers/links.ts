import type { Context } from '../context.js';
import { type Purpose, signToken } from './tokens.js';

/** Whom a link is for. */
export interface LinkHolder {
  linkId: string;
  tokenEpoch: number;
}

/** The links that a mail to a subscriber carries, or a page about them. */
export interface SubscriberLinks {
  preferences: string;
  /** Also the one-click address of RFC 8058: answers a POST without a redirect. */
  unsubscribe: string;
}

type Linking = Pick<Context, 'config' | 'keys'>;

/** Links that let whoever holds them act for the subscriber, without an account. */
export function subscriberLinks(ctx: Linking, holder: LinkHolder): SubscriberLinks {
  return { preferences: link(ctx, 'preferences', holder), unsubscribe: link(ctx, 'unsubscribe', holder) };
}

/** The web view of one digest, for whoever is shown it. */
export function digestLink(ctx: Linking, holder: LinkHolder, digestId: string): string {
  return link(ctx, 'digest', holder, { about: digestId });
}

/** Where the reader of a digest says more, or less, of its papers. */
export function feedbackLink(ctx: Linking, holder: LinkHolder, digestId: string): string {
  return link(ctx, 'feedback', holder, { about: digestId });
}

/** What was sent to a subscriber: a page, and a feed of it for a reader of feeds. */
export function historyLinks(ctx: Linking, holder: LinkHolder): { history: string; feed: string } {
  return { history: link(ctx, 'history', holder), feed: link(ctx, 'feed', holder) };
}

/** The link that confirms an address, with the choices of a sign-up. It expires: see `confirmationLifetime` in sign-up.ts. */
export function confirmationLink(ctx: Linking & Pick<Context, 'clock'>, holder: LinkHolder, signUpId: string): string {
  return link(ctx, 'confirm', holder, { issuedAt: ctx.clock(), about: signUpId });
}

/** The address that takes an unsubscription back, which happened at that instant. It expires: see `takeBack` in lifecycle.ts. */
export function undoLink(ctx: Linking, holder: LinkHolder, unsubscribedAt: Date): string {
  return `${link(ctx, 'undo', holder, { issuedAt: unsubscribedAt })}/undo`;
}

/** How long these are good for, in milliseconds: long enough to find the mail and read the page. */
export const dataLinkLifetime = 3_600_000;

/** The links that download, and delete, what is stored about a subscriber. They go to the address alone, on request, and expire. */
export function dataLinks(
  ctx: Linking & Pick<Context, 'clock'>,
  holder: LinkHolder,
): { export: string; erase: string; address: string } {
  const base = link(ctx, 'data', holder, { issuedAt: ctx.clock() });
  return { export: `${base}/export`, erase: `${base}/erase`, address: `${base}/address` };
}

/** The link that brings digests to a new address; it goes there. */
export function newAddressLink(ctx: Linking, holder: LinkHolder, changeId: string, requestedAt: Date): string {
  return link(ctx, 'address', holder, { issuedAt: requestedAt, about: changeId });
}

const paths: Record<Purpose, string> = {
  confirm: 'confirm',
  preferences: 'preferences',
  unsubscribe: 'unsubscribe',
  digest: 'digests',
  undo: 'unsubscribe',
  data: 'preferences',
  history: 'history',
  feed: 'feed',
  feedback: 'feedback',
  address: 'address',
};

function link(
  { config, keys }: Linking,
  purpose: Purpose,
  { linkId, tokenEpoch }: LinkHolder,
  more: { about?: string; issuedAt?: Date } = {},
): string {
  const token = signToken(keys, purpose, { linkId, epoch: tokenEpoch, ...more });
  return `${config.web.baseUrl}/${paths[purpose]}/${token}`;
}
