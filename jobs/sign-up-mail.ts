import { z } from 'zod';
import { sendSignUpMail as send } from '../src/subscribers/sign-up-mail.js';
import type { Job } from './job.js';

const payload = z.object({ subscriberId: z.number(), messageId: z.uuid() });

/** Mails someone who asked to subscribe. */
export const sendSignUpMail: Job = async ({ ctx, relays, signUpTemplates }, given) => {
  const { subscriberId, messageId } = payload.parse(given);
  await send(ctx, relays, signUpTemplates, subscriberId, messageId);
};
