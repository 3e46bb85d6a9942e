import { z } from 'zod';
import { answerSubscription as answer } from '../src/subscribers/answer-mail.js';
import type { Job } from './job.js';

const payload = z.object({ subscriberId: z.number(), messageId: z.uuid() });

/** Mails someone who asked to subscribe. */
export const answerSubscription: Job = async ({ ctx, relays, templates }, given) => {
  const { subscriberId, messageId } = payload.parse(given);
  await answer(ctx, relays, templates, subscriberId, messageId);
};
