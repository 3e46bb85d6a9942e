import { type Fill, fillable, readTemplate } from '../mail/templates.js';

/** What is told in the foot of each mail. */
export interface MailFoot {
  site: { url: string; name: string };
  operator: { name: string; url: string | null } | null;
}

/** The mails about a subscription, digests excepted. */
export interface NoticeTemplates {
  confirmation: Fill<MailFoot & { confirmUrl: string; code: string }>;
  alreadySubscribed: Fill<MailFoot & { preferencesUrl: string }>;
  dataLinks: Fill<MailFoot & { exportUrl: string; eraseUrl: string; addressUrl: string }>;
  newLinks: Fill<MailFoot & { preferencesUrl: string; why: string }>;
  newAddress: Fill<MailFoot & { confirmUrl: string }>;
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
