import { compileTemplate, type Fill, fillable } from '../mail/templates.js';

/** The mails that a sign-up is replied to with. */
export interface SignUpTemplates {
  confirmation: Fill<{ confirmUrl: string }>;
  alreadySubscribed: Fill<{ preferencesUrl: string }>;
}

/** Compiles them: once a process. */
export async function loadSignUpTemplates(): Promise<SignUpTemplates> {
  const [confirmation, alreadySubscribed] = await Promise.all([
    compileTemplate('confirmation'),
    compileTemplate('already-subscribed'),
  ]);
  return { confirmation: fillable(confirmation), alreadySubscribed: fillable(alreadySubscribed) };
}
