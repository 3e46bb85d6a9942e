import { planDue } from '../src/digests/plan.js';
import type { Job } from './job.js';

/** Writes the digests that are due by now. */
export const plan: Job = async ({ ctx }) => {
  const { days, skipped } = await planDue(ctx, ctx.clock());
  for (const day of days) ctx.log.info(day, 'digests planned');
  if (skipped.length > 0)
    ctx.log.error({ subscribers: skipped }, 'subscribers skipped: the database does not know their time zone');
};
