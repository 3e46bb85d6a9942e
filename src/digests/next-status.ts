import type { Outcome, Rejected } from '../mail/outcome.js';

/** The mail could not be made, so nothing was sent; other digests may well go through. */
export interface NotComposed {
  kind: 'not-composed';
  reply: string;
}

/** What the record says of a digest after an attempt. */
export interface NextStatus {
  status: 'sent' | 'queued' | 'failed' | 'in_doubt' | 'expired';
  /** For `queued`: not claimed before this instant. */
  notBefore?: Date;
  /** Whether the attempt counts against this digest: faults of the relay or of ours do not. */
  countsAttempt: boolean;
  /**
   * Whether the address is at fault, so that nothing more is sent to it; `strike`: it may be, which the third time in a row
   * is enough.
   */
  bounced: boolean | 'strike';
}

export interface Attempt {
  /** How often it was tried, this time included. */
  attempts: number;
  plannedAt: Date;
}

const minute = 60_000;
/** Waits before the second, third … attempt, in minutes; the last one repeats. */
const retryMinutes = [1, 5, 15, 30, 60, 120, 240];
/** A relay whose reply is always lost may deliver each copy: then an operator decides. */
const mostCopies = 3;
/** Refusals by policy after which it is this mail that the server does not want. */
const mostPolicyRefusals = 3;
/** After this long a digest is worthless: the next one is about due. RFC 5321 would allow days. */
export const lifetime = 20 * 60 * minute;

/**
 * Decides what follows from the outcome of an attempt.
 * @param random from 0 to 1; spreads retries by ±20 %, so that what failed together does not come back together
 */
export function nextStatus(
  outcome: Outcome | NotComposed,
  attempt: Attempt,
  inDoubt: 'resend' | 'hold',
  now: Date,
  random: number,
): NextStatus {
  switch (outcome.kind) {
    case 'sent':
      return { status: 'sent', countsAttempt: true, bounced: false };
    case 'in-doubt':
      return inDoubt === 'hold' || attempt.attempts >= mostCopies
        ? { status: 'in_doubt', countsAttempt: true, bounced: false }
        : later(attempt, now, random, true);
    case 'not-sent':
      return later({ ...attempt, attempts: 1 }, now, random, false);
    case 'not-composed':
      return later(attempt, now, random, true);
    case 'rejected':
      if (!outcome.permanent || (isPolicy(outcome) && attempt.attempts < mostPolicyRefusals))
        return later(attempt, now, random, true);
      return { status: 'failed', countsAttempt: true, bounced: judgeAddress(outcome) };
  }
}

/**
 * Whether a mail is refused for what the server thinks of us and not of its recipient (RFC 3463 §3.8, x.7.y): that we can mend,
 * and then the mail may go.
 */
export function isPolicy({ enhanced }: Rejected): boolean {
  return enhanced?.startsWith('5.7.') ?? false;
}

/**
 * Whether a server asks to send less to the recipient's domain for now: 421, or a security status that passes (RFC 3463 §3.8, 4.7.y;
 * Gmail 4.7.28, Outlook 4.7.650). 4.7.1 is what greylisting says, of one recipient: it would stop a whole domain that
 * has everybody come twice.
 */
export function isDomainThrottled(outcome: Outcome | NotComposed): boolean {
  if (outcome.kind === 'not-sent') return outcome.scope === 'domain';
  if (outcome.kind !== 'rejected' || outcome.permanent) return false;
  return outcome.enhanced?.startsWith('4.7.') === true && outcome.enhanced !== '4.7.1';
}

/**
 * Whether an address is at fault for a refusal. RFC 3463 §3.2: x.1.y is about the address; of these codes two are about the sender's, which is not the recipient's fault.
 * Servers that give no enhanced code may mean the same, or a policy of today.
 */
export function judgeAddress({ scope, enhanced }: Pick<Rejected, 'scope' | 'enhanced'>): NextStatus['bounced'] {
  if (scope !== 'recipient') return false;
  return enhanced === null ? 'strike' : enhanced.startsWith('5.1.');
}

function later({ attempts, plannedAt }: Attempt, now: Date, random: number, countsAttempt: boolean): NextStatus {
  const minutes = retryMinutes[Math.min(attempts, retryMinutes.length) - 1] ?? 1;
  const notBefore = new Date(now.getTime() + minutes * minute * (0.8 + 0.4 * random));
  const expired = notBefore.getTime() >= plannedAt.getTime() + lifetime;
  return expired
    ? { status: 'expired', countsAttempt, bounced: false }
    : { status: 'queued', notBefore, countsAttempt, bounced: false };
}
