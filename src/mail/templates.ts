/** A template with slots: each name stands for a value that is escaped, but for `cards`, which are HTML already. */
export type Fill<Values> = (values: Values) => string;

/** The mails' HTML, compiled once: filling one takes microseconds. */
export interface MailTemplates {
  confirmation: Fill<{ confirmUrl: string }>;
  alreadySubscribed: Fill<{ preferencesUrl: string }>;
}

/** Compiles the MJML files under templates/. Takes about a third of a second: once a process. */
export async function loadMailTemplates(): Promise<MailTemplates> {
  throw new Error('not there yet');
}
