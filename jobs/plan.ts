import { planDue } from '../src/digests/plan.js';
import type { Job } from './job.js';

/** Writes the digests that are due by now. */
export const plan: Job = async ({ ctx }) => {
  for (const day of await planDue(ctx, ctx.clock())) {
    if (day.due > 0) ctx.log.info(day, 'digests planned');
  }
};
