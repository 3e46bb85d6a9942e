import type { SubscriberStatus } from '../generated/prisma/client.js';
import type { NoticeTemplates } from './templates.js';

/** The mail that answers a sign-up: a confirmation to press, or the links of a subscription that exists already. */
export type SignUpMail = 'confirmation' | 'already-subscribed';

/** Which mail someone gets who asked to subscribe; null, and none at all, where the address refused mail for good. */
export function signUpMailFor(status: SubscriberStatus): SignUpMail | null {
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

/** What a mail says. */
export interface ComposedMail {
  subject: string;
  html: string;
  text: string;
}

/** Asks whoever owns the address to confirm. Holds nothing that a stranger typed into the form. */
export function composeConfirmation(templates: NoticeTemplates, links: { confirmUrl: string }): ComposedMail {
  const text = `Someone, most likely you, asked for the day's research papers at this
address. Open this page to confirm it, and the first papers come at
once:

${links.confirmUrl}

If you did not ask for this, do nothing: nobody is subscribed without
that click.
`;
  return { subject: 'Confirm your subscription to Offprint', html: templates.confirmation(links), text };
}

/** Tells a subscriber that someone entered their address again, and where their preferences are. */
export function composeAlreadySubscribed(templates: NoticeTemplates, links: { preferencesUrl: string }): ComposedMail {
  const text = `Someone, most likely you, entered this address again. Nothing has
changed: your papers come as before.

Here you can change topics and hour, pause, or unsubscribe:

${links.preferencesUrl}
`;
  return { subject: 'You already have a subscription to Offprint', html: templates.alreadySubscribed(links), text };
}

/** Gives a subscriber, who asked for it, the links to what is stored about them. */
export function composeDataLinks(
  templates: NoticeTemplates,
  links: { exportUrl: string; eraseUrl: string },
): ComposedMail {
  const text = `You asked for links to what is stored about you. They work for an
hour.

Download it:

${links.exportUrl}

Delete it (a page asks once more):

${links.eraseUrl}

If you did not ask for this, somebody has a mail of yours. In your
preferences you can make all old links invalid.
`;
  return { subject: 'Your data at Offprint', html: templates.dataLinks(links), text };
}

/** Gives a subscriber, whose older links no longer work, a new one. */
export function composeNewLinks(templates: NoticeTemplates, links: { preferencesUrl: string }): ComposedMail {
  const text = `You asked that the links in older mails stop working. They do; those to
unsubscribe still work, and so does this new one:

${links.preferencesUrl}
`;
  return { subject: 'New links for your Offprint subscription', html: templates.newLinks(links), text };
}
