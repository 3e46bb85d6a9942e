import { z } from 'zod';
import { sendNotice } from '../src/subscribers/notice.js';
import type { Job } from './job.js';

const payload = z.object({
  subscriberId: z.number(),
  messageId: z.uuid(),
  about: z.enum(['data', 'new-links', 'lost-link']),
});

/** Mails a subscriber what they asked for. */
export const notice: Job = async ({ ctx, relays, noticeTemplates }, given) => {
  await sendNotice(ctx, relays, noticeTemplates, payload.parse(given));
};
