import type { Texts } from '../languages/texts.js';
import { type Fill, fillable, readTemplate } from '../mail/templates.js';

/** What each mail has: its language, and who writes, as HTML. */
export interface Spoken extends Pick<Texts, 'language' | 't' | 'rich'> {
  /** A link as it opens. */
  a: (href: string) => string;
  said: string;
}

/** The mails about a subscription, digests excepted. */
export interface NoticeTemplates {
  confirmation: Fill<Spoken & { confirmUrl: string; code: string }>;
  alreadySubscribed: Fill<Spoken & { preferencesUrl: string }>;
  dataLinks: Fill<Spoken & { exportUrl: string; eraseUrl: string; addressUrl: string }>;
  newLinks: Fill<Spoken & { preferencesUrl: string; why: string }>;
  newAddress: Fill<Spoken & { confirmUrl: string }>;
}

/** Reads them: once a process. */
export async function loadNoticeTemplates(): Promise<NoticeTemplates> {
  const [confirmation, alreadySubscribed, dataLinks, newLinks, newAddress] = await Promise.all([
    readTemplate('confirmation'),
    readTemplate('already-subscribed'),
    readTemplate('data-links'),
    readTemplate('new-links'),
    readTemplate('new-address'),
  ]);
  return {
    confirmation: fillable(confirmation),
    alreadySubscribed: fillable(alreadySubscribed),
    dataLinks: fillable(dataLinks),
    newLinks: fillable(newLinks),
    newAddress: fillable(newAddress),
  };
}
