import type { SubscriberStatus } from '../generated/prisma/enums.js';

/** A subscription that can still end: signed up, getting mail, or pausing. */
export const openStatuses = ['pending', 'active', 'paused'] satisfies SubscriberStatus[];

/** A subscription that was confirmed and has not ended. */
export const confirmedStatuses = ['active', 'paused'] satisfies SubscriberStatus[];

/** An address that refused mail for good: it never gets any. */
export const refusingStatuses = ['bounced', 'complained'] satisfies SubscriberStatus[];

/** A subscription that has ended. Once erased, the address is remembered by a keyed hash, so that it is never mailed again. */
export const endedStatuses = ['unsubscribed', 'bounced', 'complained'] satisfies SubscriberStatus[];

/** Whether `status` is one of these. */
export function isOneOf(statuses: readonly SubscriberStatus[], status: string): boolean {
  return (statuses as readonly string[]).includes(status);
}
