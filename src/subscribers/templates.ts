import { type Fill, fillable, readTemplate } from '../mail/templates.js';

/** The mails about a subscription, digests excepted. */
export interface NoticeTemplates {
  confirmation: Fill<{ confirmUrl: string }>;
  alreadySubscribed: Fill<{ preferencesUrl: string }>;
  dataLinks: Fill<{ exportUrl: string; eraseUrl: string }>;
  newLinks: Fill<{ preferencesUrl: string }>;
}

/** Reads them: once a process. */
export async function loadNoticeTemplates(): Promise<NoticeTemplates> {
  const [confirmation, alreadySubscribed, dataLinks, newLinks] = await Promise.all([
    readTemplate('confirmation'),
    readTemplate('already-subscribed'),
    readTemplate('data-links'),
    readTemplate('new-links'),
  ]);
  return {
    confirmation: fillable(confirmation),
    alreadySubscribed: fillable(alreadySubscribed),
    dataLinks: fillable(dataLinks),
    newLinks: fillable(newLinks),
  };
}
