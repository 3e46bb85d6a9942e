import type { Context } from '../context.js';
import type { Queries } from '../database/database.js';
import { type IngestReport, type IngestRequest, ingestDay, ingestPapers } from '../papers/ingest.js';
import { paperFile } from '../papers/sources/file.js';
import { utcDay } from '../papers/sources/source.js';
import { sampleSource } from '../papers/store.js';
import { projectPath } from '../project.js';
import { writeMatches } from './store.js';
import { seedTopics, vocabulary } from './vocabulary.js';

type Ingesting = Pick<Context, 'config' | 'db' | 'log' | 'clock'>;

const match = (tx: Queries, paperIds: number[]) => writeMatches(tx, vocabulary, paperIds);

/**
 * Reads the sources (those of the configuration, unless the request names some) and matches their papers with the topics,
 * in the transaction that writes them. To do so twice is to do it once.
 * @throws UserError when a source that the request names does not exist or is no list of papers
 */
export async function ingest(ctx: Ingesting, request: IngestRequest): Promise<IngestReport> {
  await seedTopics(ctx.db.prisma);
  return ingestPapers(ctx, request, match);
}

/** Reads the sample papers that come with Offprint, as a source of their own. */
export async function ingestSamples(ctx: Ingesting): Promise<IngestReport> {
  await seedTopics(ctx.db.prisma);
  const samples = paperFile(sampleSource, projectPath('samples/papers.json'));
  return ingestDay(ctx, samples, utcDay(ctx.clock()), true, match);
}
