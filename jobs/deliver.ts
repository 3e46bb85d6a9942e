import { deliver as deliverDue } from '../src/digests/deliver.js';
import type { Job } from './job.js';

/** Sends the digests that are due. */
export const deliver: Job = async (context) => {
  const report = await deliverDue(context, context.signal);
  if (Object.values(report).some((count) => count > 0)) context.ctx.log.info(report, 'digests delivered');
};
