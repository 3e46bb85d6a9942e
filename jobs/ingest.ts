import { ingest as ingestPapers, ingestSamples } from '../src/ingest/ingest.js';
import type { Job } from './job.js';

/** Reads the sources. Where none can be reached and there is no paper yet, the bundled samples stand in. */
export const ingest: Job = async ({ ctx }) => {
  const report = await ingestPapers(ctx, {});
  ctx.log.info({ ...report, failures: report.failures.length }, 'papers fetched');
  if (report.failures.length > 0 && (await ctx.db.prisma.paper.count()) === 0) {
    ctx.log.warn('no source can be reached: showing the bundled sample papers until one can');
    await ingestSamples(ctx);
  }
};
