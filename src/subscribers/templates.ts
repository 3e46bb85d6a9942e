import { compileTemplate, type Fill, fillable } from '../mail/templates.js';

/** The mails about a subscription, digests excepted. */
export interface NoticeTemplates {
  confirmation: Fill<{ confirmUrl: string }>;
  alreadySubscribed: Fill<{ preferencesUrl: string }>;
  dataLinks: Fill<{ exportUrl: string; eraseUrl: string }>;
  newLinks: Fill<{ preferencesUrl: string }>;
}

/** Compiles them: once a process. */
export async function loadNoticeTemplates(): Promise<NoticeTemplates> {
  const [confirmation, alreadySubscribed, dataLinks, newLinks] = await Promise.all([
    compileTemplate('confirmation'),
    compileTemplate('already-subscribed'),
    compileTemplate('data-links'),
    compileTemplate('new-links'),
  ]);
  return {
    confirmation: fillable(confirmation),
    alreadySubscribed: fillable(alreadySubscribed),
    dataLinks: fillable(dataLinks),
    newLinks: fillable(newLinks),
  };
}
