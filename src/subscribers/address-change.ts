import { randomUUID } from 'node:crypto';
import type { Context } from '../context.js';
import { addJob, type Jobs } from '../database/queue.js';
import type { Relay } from '../mail/relay.js';
import type { Access } from './access.js';
import { type Address, emailKey, mailboxKey } from './address.js';
import { addressHashes } from './address-hash.js';
import { newAddressLink } from './links.js';
import { composeNewAddress, makingFor } from './mails.js';
import { mailTo, noticeAttempts } from './notice.js';
import { findSuppressed, reserveConfirmation } from './store.js';
import type { NoticeTemplates } from './templates.js';

/** How long the link to a new address is good for, in milliseconds. */
const lifetime = 3_600_000;

/**
 * Asks at a new address whether digests are to come there. Tells nothing about that address: a mail goes out as for a sign-up, under
 * the same limits, and to none that is suppressed.
 */
export async function requestAddressChange(
  ctx: Pick<Context, 'db' | 'keys' | 'clock'>,
  subscriberId: number,
  address: Address,
): Promise<void> {
  const now = ctx.clock();
  const hashes = {
    mailbox: addressHashes(ctx.keys, mailboxKey(address)),
    address: addressHashes(ctx.keys, emailKey(address)),
  };
  await ctx.db.prisma.$transaction(async (tx) => {
    if (!(await reserveConfirmation(tx, hashes, now))) return;
    const id = randomUUID();
    await tx.addressChange.create({ data: { id, subscriberId, email: address, requestedAt: now } });
    const job = { changeId: id, messageId: randomUUID() };
    await addJob(tx, 'new-address', job, { mostAttempts: noticeAttempts });
  });
}

/** @throws where the mail could not be handed over, so that the job is tried again */
export async function mailNewAddress(
  ctx: Context,
  relays: readonly Relay[],
  templates: NoticeTemplates,
  { changeId, messageId }: Jobs['new-address'],
): Promise<void> {
  const change = await ctx.db.prisma.addressChange.findUnique({
    where: { id: changeId },
    include: { subscriber: true },
  });
  if (!change) return;
  const { subscriber, email, requestedAt } = change;
  const confirmUrl = newAddressLink(ctx, subscriber, changeId, requestedAt);
  const composed = composeNewAddress(makingFor(ctx, templates, subscriber), { confirmUrl });
  const { kind, reply } = await mailTo(ctx, relays, email, composed, messageId);
  ctx.log.info({ subscriber: subscriber.id, reply }, `new address asked: ${kind}`);
}

/** The change that a link is about; null where it is too old, or was made or replaced already. */
export async function findAddressChange(ctx: Pick<Context, 'db' | 'clock'>, { subscriber, subject }: Access) {
  if (subject.about === undefined) return null;
  const since = new Date(ctx.clock().getTime() - lifetime);
  return ctx.db.prisma.addressChange.findFirst({
    where: { id: subject.about, subscriberId: subscriber.id, requestedAt: { gt: since } },
  });
}

/**
 * Makes the new address a subscriber's. What is planned already goes there, too.
 * @returns false where the address has a subscription of its own meanwhile, or must never be mailed
 */
export async function changeAddress(
  ctx: Pick<Context, 'db' | 'keys'>,
  subscriberId: number,
  address: Address,
): Promise<boolean> {
  const key = emailKey(address);
  return ctx.db.prisma.$transaction(async (tx) => {
    await tx.addressChange.deleteMany({ where: { subscriberId } });
    if ((await findSuppressed(tx, addressHashes(ctx.keys, key))).size > 0) return false;
    // One that only waits for its confirmation gives way: this one is confirmed.
    await tx.subscriber.deleteMany({ where: { emailKey: key, status: 'pending', id: { not: subscriberId } } });
    const changed = await tx.$executeRaw`
      update subscribers set email = ${address}, email_key = ${key}
      where id = ${subscriberId} and not exists (select from subscribers o where o.email_key = ${key} and o.id <> ${subscriberId})`;
    return changed > 0;
  });
}
