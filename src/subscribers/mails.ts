import wrapAnsi from 'wrap-ansi';
import type { Config } from '../config.js';
import type { SubscriberStatus } from '../generated/prisma/client.js';
import type { MailFoot, NoticeTemplates } from './templates.js';

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

/** Who writes: the site, and who runs it. */
export function footOf({ web, operator }: Pick<Config, 'web' | 'operator'>): MailFoot {
  const { name, url } = operator;
  return {
    site: { url: web.baseUrl, name: new URL(web.baseUrl).host },
    operator: name || url ? { name: name ?? url ?? '', url } : null,
  };
}

/** The first lines of a text: whom it is from, and the last: who answers for it. */
function signed({ site, operator }: MailFoot, text: string): string {
  const by = operator ? `\nRun by ${[operator.name, operator.url].filter(Boolean).join(', ')}` : '';
  return `Offprint (${site.name})\n\n${text}\n-- \nOffprint, ${site.url}${by}\n`;
}

/** Asks whoever owns the address to confirm. Holds nothing that a stranger typed into the form. */
export function composeConfirmation(
  templates: NoticeTemplates,
  foot: MailFoot,
  given: { confirmUrl: string; code: string },
): ComposedMail {
  const text = signed(
    foot,
    `Someone, most likely you, asked for the day's research papers at this
address. Open this page, and the first ones come at once:

${given.confirmUrl}

Or type this code on the page that is still open: ${given.code}
It works for an hour, the link for seven days.

If you did not ask for this, do nothing: nobody is subscribed without
that click or the code.
`,
  );
  return {
    subject: 'Confirm your subscription to Offprint',
    html: templates.confirmation({ ...foot, ...given }),
    text,
  };
}

/** Tells a subscriber that someone entered their address again, and where their preferences are. */
export function composeAlreadySubscribed(
  templates: NoticeTemplates,
  foot: MailFoot,
  links: { preferencesUrl: string },
): ComposedMail {
  const text = signed(
    foot,
    `Someone, most likely you, entered this address again. Nothing has
changed: your papers come as before.

Here you can change topics and hour, pause, or unsubscribe:

${links.preferencesUrl}
`,
  );
  return {
    subject: 'You are subscribed to Offprint already',
    html: templates.alreadySubscribed({ ...foot, ...links }),
    text,
  };
}

/** Gives a subscriber, who asked for it, the links to what is stored about them. */
export function composeDataLinks(
  templates: NoticeTemplates,
  foot: MailFoot,
  links: { exportUrl: string; eraseUrl: string; addressUrl: string },
): ComposedMail {
  const text = signed(
    foot,
    `You asked for links to what is stored about you. They work for an
hour.

Download it:

${links.exportUrl}

Change your address:

${links.addressUrl}

Delete it (a page asks once more):

${links.eraseUrl}

If you did not ask for this, somebody has a mail of yours. In your
preferences you can make all old links invalid.
`,
  );
  return { subject: 'Your data at Offprint', html: templates.dataLinks({ ...foot, ...links }), text };
}

/** Why somebody gets a new link. */
const whyNewLinks = {
  'new-links':
    'You asked that the links in older mails stop working. They do; those to unsubscribe still work, and so does this new one:',
  'lost-link': 'Someone, most likely you, asked for a new link to your subscription. Nothing has changed.',
};

/** Gives a subscriber a new link, because older ones no longer work or one was lost. */
export function composeNewLinks(
  templates: NoticeTemplates,
  foot: MailFoot,
  about: keyof typeof whyNewLinks,
  links: { preferencesUrl: string },
): ComposedMail {
  const why = whyNewLinks[about];
  const text = signed(
    foot,
    `${wrapAnsi(why, textWidth)}

${links.preferencesUrl}
`,
  );
  return {
    subject: 'New links for your Offprint subscription',
    html: templates.newLinks({ ...foot, ...links, why }),
    text,
  };
}

/** Asks whoever owns a new address whether digests are to come there. */
export function composeNewAddress(
  templates: NoticeTemplates,
  foot: MailFoot,
  links: { confirmUrl: string },
): ComposedMail {
  const text = signed(
    foot,
    `Somebody who gets digests from Offprint, most likely you, asked that
they come to this address from now on. Open this page to say yes; it
works for an hour:

${links.confirmUrl}

If you did not ask for this, do nothing, and nothing changes.
`,
  );
  return { subject: 'Your digests, at this address', html: templates.newAddress({ ...foot, ...links }), text };
}

const textWidth = 72;
