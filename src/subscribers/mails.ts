import wrapAnsi from 'wrap-ansi';
import type { Config } from '../config.js';
import type { Context } from '../context.js';
import type { SubscriberStatus } from '../generated/prisma/client.js';
import { storedLanguage } from '../languages/language.js';
import { type Texts, textsIn } from '../languages/texts.js';
import { escapedSegment } from '../mail/templates.js';
import type { NoticeTemplates, Spoken } from './templates.js';

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
export interface MailFoot {
  site: { url: string; name: string };
  operator: { name: string; url: string | null } | null;
}

/** Who writes the mails of this site. */
export function footOf({ web, operator }: Pick<Config, 'web' | 'operator'>): MailFoot {
  const { name, url } = operator;
  return {
    site: { url: web.baseUrl, name: new URL(web.baseUrl).host },
    operator: name || url ? { name: name ?? url ?? '', url } : null,
  };
}

/** What mails are made with: in which language, from which templates, and who writes. */
export interface MailMaking {
  texts: Texts;
  templates: NoticeTemplates;
  foot: MailFoot;
}

/** What the mails to somebody are made with. @param language as it is stored */
export function makingFor(
  { config }: Pick<Context, 'config'>,
  templates: NoticeTemplates,
  { language }: { language: string },
): MailMaking {
  return { texts: textsIn(storedLanguage.parse(language)), templates, foot: footOf(config) };
}

function spoken({ texts, foot: { site, operator } }: MailMaking): Spoken {
  const a = (href: string) => `<a href="${escapedSegment(href).text}" style="color:#9c2f1f">`;
  const said = operator
    ? texts.rich(
        'mail.atRunBy',
        { name: site.name, operator: operator.name },
        { site: a(site.url), by: operator.url && a(operator.url) },
      )
    : texts.rich('mail.at', { name: site.name }, { site: a(site.url) });
  return { language: texts.language, t: texts.t, rich: texts.rich, a, said };
}

const textWidth = 72;

/** A text between its first lines, whom it is from, and its last, who answers for it. */
function signed({ texts, foot: { site, operator } }: MailMaking, text: string): string {
  const who = [operator?.name, operator?.url].filter(Boolean).join(', ');
  const by = operator ? `\n${texts.t('mail.runBy', { operator: who })}` : '';
  return `Offprint (${site.name})\n\n${wrapAnsi(text, textWidth)}\n\n-- \nOffprint, ${site.url}${by}\n`;
}

/** Asks whoever owns the address to confirm. Holds nothing that a stranger typed into the form. */
export function composeConfirmation(making: MailMaking, given: { confirmUrl: string; code: string }): ComposedMail {
  const { texts, templates } = making;
  return {
    subject: texts.t('mail.confirmation.subject'),
    html: templates.confirmation({ ...spoken(making), ...given }),
    text: signed(making, texts.t('mail.confirmation.text', { url: given.confirmUrl, code: given.code })),
  };
}

/** Tells a subscriber that someone entered their address again, and where their preferences are. */
export function composeAlreadySubscribed(making: MailMaking, links: { preferencesUrl: string }): ComposedMail {
  const { texts, templates } = making;
  return {
    subject: texts.t('mail.already.subject'),
    html: templates.alreadySubscribed({ ...spoken(making), ...links }),
    text: signed(making, texts.t('mail.already.text', { url: links.preferencesUrl })),
  };
}

/** Gives a subscriber, who asked for it, the links to what is stored about them. */
export function composeDataLinks(
  making: MailMaking,
  links: { exportUrl: string; eraseUrl: string; addressUrl: string },
): ComposedMail {
  const { texts, templates } = making;
  return {
    subject: texts.t('mail.data.subject'),
    html: templates.dataLinks({ ...spoken(making), ...links }),
    text: signed(making, texts.t('mail.data.text', links)),
  };
}

/** Why somebody gets a new link. */
const whyNewLinks = { 'new-links': 'mail.links.revoked', 'lost-link': 'mail.links.lost' } as const;

/** Gives a subscriber a new link, because older ones no longer work or one was lost. */
export function composeNewLinks(
  making: MailMaking,
  about: keyof typeof whyNewLinks,
  links: { preferencesUrl: string },
): ComposedMail {
  const { texts, templates } = making;
  const why = texts.t(whyNewLinks[about]);
  return {
    subject: texts.t('mail.links.subject'),
    html: templates.newLinks({ ...spoken(making), ...links, why }),
    text: signed(making, `${why}\n\n${links.preferencesUrl}`),
  };
}

/** Asks whoever owns a new address whether digests are to come there. */
export function composeNewAddress(making: MailMaking, links: { confirmUrl: string }): ComposedMail {
  const { texts, templates } = making;
  return {
    subject: texts.t('mail.address.subject'),
    html: templates.newAddress({ ...spoken(making), ...links }),
    text: signed(making, texts.t('mail.address.text', { url: links.confirmUrl })),
  };
}
