import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from '../context.js';
import type { Secret } from '../secret.js';
import type { Access } from './access.js';

const digits = 6;
/** How long a code is good for, in milliseconds: as long as somebody waits at the page. */
const lifetime = 3_600_000;

/**
 * The code that confirms a sign-up on the page that it came from: six digits, made of the sign-up's id, so that nothing is stored
 * for it. The id is random and known to that page alone, and a page has few tries.
 */
export function confirmationCode(keys: Secret<string[]>, signUpId: string): string {
  return codeBy(keys.reveal()[0] ?? '', signUpId);
}

function codeBy(key: string, signUpId: string): string {
  const hash = createHmac('sha256', key).update(`code:${signUpId}`).digest();
  return String(hash.readUInt32BE(0) % 10 ** digits).padStart(digits, '0');
}

/**
 * Whom a code confirms.
 * @param signUpId what the page knows of the sign-up
 * @param typed with or without blanks
 * @returns null, without a reason, where it is wrong or too old, or there is nobody to confirm
 */
export async function openByCode(
  ctx: Pick<Context, 'db' | 'keys' | 'clock'>,
  signUpId: string,
  typed: string,
): Promise<Access | null> {
  const given = Buffer.from(
    typed
      .replace(/\s/g, '')
      .padEnd(digits)
      .slice(0, digits + 1),
  );
  const isRight = ctx.keys.reveal().some((key) => {
    const right = Buffer.from(codeBy(key, signUpId));
    return given.length === right.length && timingSafeEqual(given, right);
  });
  const signUp = await ctx.db.prisma.signUp.findUnique({ where: { id: signUpId }, include: { subscriber: true } });
  if (!isRight || !signUp || ctx.clock().getTime() >= signUp.requestedAt.getTime() + lifetime) return null;
  const { subscriber, requestedAt } = signUp;
  const subject = { linkId: subscriber.linkId, epoch: subscriber.tokenEpoch, about: signUpId, issuedAt: requestedAt };
  return { subscriber, subject };
}
