import { randomUUID } from 'node:crypto';
import type { Context } from '../context.js';
import type { Queries } from '../database/database.js';
import { addJob } from '../database/queue.js';
import type { Access } from './access.js';
import { type Address, emailKey } from './address.js';
import { addressHashes } from './address-hash.js';
import { activateConfirmed } from './lifecycle.js';
import { signUpMailFor } from './mails.js';
import { reserveConfirmation, type SignUp, upsertPending } from './store.js';

const hour = 3_600_000;

/** How long a confirmation link is good for, in milliseconds. */
export const confirmationLifetime = 7 * 24 * hour;

/** Attempts at a confirmation mail, over some six hours: later nobody waits for it. */
const confirmationAttempts = 10;

/**
 * Takes a sign-up and asks for the mail that answers it, in one transaction. Tells nothing about the address: whoever
 * signs up learns only from the mail whether it was known. An address is mailed once in 24 hours and three times in 30
 * days at the most, and never when it is suppressed; a subscription that exists is left as it is.
 */
export async function signUp(ctx: Pick<Context, 'db' | 'keys' | 'clock'>, request: SignUp): Promise<void> {
  const now = ctx.clock();
  const key = emailKey(request.address);
  const hashes = addressHashes(ctx.keys, key);
  await ctx.db.prisma.$transaction(async (tx) => {
    const subscriber = await upsertPending(tx, { ...request, emailKey: key, now });
    const claimed = await reserveConfirmation(tx, hashes, now);
    if (claimed && signUpMailFor(subscriber.status)) {
      const job = { subscriberId: subscriber.id, messageId: randomUUID() };
      await addJob(tx, 'sign-up-mail', job, { mostAttempts: confirmationAttempts });
    }
  });
}

/** Asks for a fresh confirmation mail with the choices of the sign-up, under the same limits. */
export async function renewConfirmation(ctx: Pick<Context, 'db' | 'keys' | 'clock'>, { subscriber }: Access) {
  const { email, topics, timezone } = subscriber;
  await signUp(ctx, { address: email as Address, topics, timezone });
}

/**
 * Whether a confirmation link is too old: past its lifetime, or from before the subscriber unsubscribed, whom an old mail
 * must not bring back.
 */
export function isExpired({ subscriber, subject }: Access, now: Date): boolean {
  const issued = subject.issuedAt?.getTime() ?? 0;
  // Tokens tell only the hour in which they were made.
  const unsubscribedHour = Math.floor((subscriber.unsubscribedAt?.getTime() ?? 0) / hour) * hour;
  return now.getTime() >= issued + confirmationLifetime || issued < unsubscribedHour;
}

/** What a confirmation did: `active` where there was nothing left to do, `refused` where the address bounced or complained. */
export type Confirmed = 'activated' | 'active' | 'refused';

/**
 * Activates whoever proved that the address is theirs. A second time changes nothing.
 * @param access of a confirmation link that is not expired
 */
export async function confirm(
  tx: Queries,
  ctx: Pick<Context, 'keys' | 'clock'>,
  { subscriber: { id, emailKey } }: Access,
): Promise<Confirmed> {
  if (await activateConfirmed(tx, id, ctx.clock())) {
    await tx.confirmationRequest.deleteMany({ where: { addressHash: { in: addressHashes(ctx.keys, emailKey) } } });
    return 'activated';
  }
  const found = await tx.subscriber.findUnique({ where: { id }, select: { status: true } });
  return found && signUpMailFor(found.status) ? 'active' : 'refused';
}
