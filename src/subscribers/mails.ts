import type { MailTemplates } from '../mail/templates.js';

/** What a mail says. */
export interface ComposedMail {
  subject: string;
  html: string;
  text: string;
}

/** Asks whoever owns the address to confirm. Holds nothing that a stranger typed into the form. */
export function composeConfirmation(templates: MailTemplates, links: { confirmUrl: string }): ComposedMail {
  return { subject: 'Confirm your subscription to Offprint', html: templates.confirmation(links), text: '' };
}

/** Tells a subscriber that someone entered their address again, and where their preferences are. */
export function composeAlreadySubscribed(templates: MailTemplates, links: { preferencesUrl: string }): ComposedMail {
  return { subject: 'You already have a subscription to Offprint', html: templates.alreadySubscribed(links), text: '' };
}
