import type { SubscriberStatus } from '../generated/prisma/client.js';

/** The mail that answers a sign-up: a confirmation to press, or the links of a subscription that exists already. */
export type Answer = 'confirmation' | 'already-subscribed';

/** Which mail someone gets who asked to subscribe; null, and none at all, where the address refused mail for good. */
export function answerFor(status: SubscriberStatus): Answer | null {
  switch (status) {
    case 'pending':
    case 'unsubscribed':
      return 'confirmation';
    case 'active':
    case 'paused':
      return 'already-subscribed';
    case 'bounced':
    case 'complained':
      return null;
  }
}
