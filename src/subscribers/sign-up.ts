import { randomUUID } from 'node:crypto';
import type { Context } from '../context.js';
import type { Queries } from '../database/database.js';
import { addJob } from '../database/queue.js';
import { storedLanguage } from '../languages/language.js';
import type { Access } from './access.js';
import { type Address, emailKey, mailboxKey } from './address.js';
import { addressHashes } from './address-hash.js';
import { activateConfirmed } from './lifecycle.js';
import { signUpMailFor } from './mails.js';
import { networkHash } from './network-hash.js';
import { noticeAttempts } from './notice.js';
import { type RequestHashes, reserveConfirmation, type SignUp, upsertPending } from './store.js';

const hour = 3_600_000;

/** How long a confirmation link is good for, in milliseconds. */
export const confirmationLifetime = 7 * 24 * hour;

/**
 * Takes a sign-up and asks for the mail that answers it, in one transaction. Tells nothing about the address: whoever
 * signs up learns only from the mail whether it was known. A mailbox is mailed once in 24 hours and three times in 30 days at the
 * most, or a week after the last, and an address never when it is suppressed. Nothing that is known of an address changes before
 * its link is pressed.
 * @returns an id of the sign-up, with which the code in its mail confirms; also where there is none
 */
export async function signUp(ctx: Pick<Context, 'db' | 'keys' | 'clock'>, request: SignUp): Promise<string> {
  const now = ctx.clock();
  const signUpId = randomUUID();
  const { address, topics, timezone, language } = request;
  await ctx.db.prisma.$transaction(async (tx) => {
    const { id: subscriberId, status } = await upsertPending(tx, { address, emailKey: emailKey(address), now });
    const claimed = await reserveConfirmation(tx, requestHashes(ctx, address), now);
    const mail = signUpMailFor(status);
    if (claimed && mail) {
      if (mail === 'confirmation')
        await tx.signUp.create({ data: { id: signUpId, subscriberId, topics, timezone, language, requestedAt: now } });
      const job = { subscriberId, messageId: randomUUID(), signUpId };
      await addJob(tx, 'sign-up-mail', job, { mostAttempts: noticeAttempts });
    }
  });
  return signUpId;
}

function requestHashes(ctx: Pick<Context, 'keys'>, address: Address): RequestHashes {
  return {
    mailbox: addressHashes(ctx.keys, mailboxKey(address)),
    address: addressHashes(ctx.keys, emailKey(address)),
  };
}

/** Asks for a fresh confirmation mail with the choices of the sign-up, under the same limits. */
export async function renewConfirmation(ctx: Pick<Context, 'db' | 'keys' | 'clock'>, access: Access) {
  const { topics, timezone, language } = (await findSignUp(ctx.db.prisma, access)) ?? access.subscriber;
  const address = access.subscriber.email as Address;
  await signUp(ctx, { address, topics, timezone, language: storedLanguage.parse(language) });
}

/** The sign-up that a confirmation link is about; null where it is no longer stored. */
export async function findSignUp(db: Queries, { subscriber, subject }: Access) {
  if (subject.about === undefined) return null;
  return db.signUp.findFirst({ where: { id: subject.about, subscriberId: subscriber.id } });
}

/**
 * Whether a confirmation link is too old: past its lifetime, or from before the subscriber unsubscribed, whom an old mail
 * must not bring back.
 */
export function isExpired({ subscriber, subject }: Access, now: Date): boolean {
  const issued = subject.issuedAt?.getTime() ?? 0;
  // Tokens tell seconds; one of the very second in which somebody left is taken for an older one.
  const older = subscriber.unsubscribedAt !== null && issued <= subscriber.unsubscribedAt.getTime();
  return now.getTime() >= issued + confirmationLifetime || older;
}

/** What a confirmation did: `active` where there was nothing left to do, `refused` where the address bounced or complained. */
export type Confirmed = 'activated' | 'active' | 'refused';

/** What somebody agreed to, and the network that they did so from. */
export interface Consent {
  text: string;
  network: string;
}

/**
 * Activates whoever proved that the address is theirs, with what was chosen when this link was asked for. A second time changes
 * nothing.
 * @param access of a confirmation link that is not expired
 */
export async function confirm(
  tx: Queries,
  ctx: Pick<Context, 'keys' | 'clock'>,
  access: Access,
  { text, network }: Consent,
): Promise<Confirmed> {
  const { id, email } = access.subscriber;
  const chosen = await findSignUp(tx, access);
  if (await activateConfirmed(tx, id, ctx.clock(), chosen)) {
    const { mailbox } = requestHashes(ctx, email as Address);
    const consentNetworkHash = await networkHash(tx, network, ctx.clock());
    await tx.subscriber.update({ where: { id }, data: { consentText: text, consentNetworkHash } });
    await tx.confirmationRequest.deleteMany({ where: { addressHash: { in: mailbox } } });
    await tx.signUp.deleteMany({ where: { subscriberId: id } });
    return 'activated';
  }
  const found = await tx.subscriber.findUnique({ where: { id }, select: { status: true } });
  return found && signUpMailFor(found.status) ? 'active' : 'refused';
}
