import { z } from 'zod';
import { mailNewAddress } from '../src/subscribers/address-change.js';
import type { Job } from './job.js';

const payload = z.object({ changeId: z.uuid(), messageId: z.uuid() });

/** Asks at a new address whether digests are to come there. */
export const newAddress: Job = async ({ ctx, relays, noticeTemplates }, given) => {
  await mailNewAddress(ctx, relays, noticeTemplates, payload.parse(given));
};
