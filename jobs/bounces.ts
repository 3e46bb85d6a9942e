import { takeReports } from '../src/digests/feedback.js';
import type { Job } from './job.js';

/** Reads what has come to the inbox for bounces. An inbox that cannot be read now is tried again by the clock. */
export const bounces: Job = async ({ ctx, signal }) => {
  const report = await takeReports(ctx, signal);
  if (report && report.read > 0) ctx.log.info(report, 'bounces read');
};
