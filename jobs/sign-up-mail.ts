import { z } from 'zod';
import { sendSignUpMail as send } from '../src/subscribers/sign-up-mail.js';
import type { Job } from './job.js';

const payload = z.object({ subscriberId: z.number(), messageId: z.uuid(), signUpId: z.uuid() });

/** Mails someone who asked to subscribe. */
export const sendSignUpMail: Job = async ({ ctx, relays, noticeTemplates }, given) => {
  await send(ctx, relays, noticeTemplates, payload.parse(given));
};
