import { utcDay } from '../calendar-day.js';
import type { SourceSpec } from '../config.js';
import type { Context } from '../context.js';
import type { Queries } from '../database/database.js';
import { UserError } from '../errors.js';
import { noticeNews } from '../papers/news.js';
import { clampPaper } from '../papers/paper.js';
import { lockPapers, sampleSource, writeFailure, writeList, writePapers } from '../papers/store.js';
import { projectPath } from '../project.js';
import { paperFile } from '../sources/file.js';
import { openSource } from '../sources/open.js';
import { type Fetched, type Source, SourceError } from '../sources/source.js';
import { loadMatcher } from '../topics/matcher.js';
import { writeMatches } from '../topics/store.js';
import { rematch, seedTopics } from '../topics/vocabulary.js';

export interface IngestRequest {
  /** Read instead of the sources of the configuration. */
  sources?: SourceSpec[] | undefined;
  /** The only day to read, YYYY-MM-DD; else the last days of each source. */
  date?: string | undefined;
  /** Hears how many lists there are, and of how many it is known what became of them. */
  onList?: ((done: number, total: number) => void) | undefined;
}

export interface IngestFailure {
  source: string;
  day: string;
  error: string;
}

/** What became of one list. */
interface ListReport extends IngestReport {
  /** Whether a failure is the source's, and none of ours. */
  expected: boolean;
}

export interface IngestReport {
  /** Days that were read, empty ones included, over all sources. */
  days: number;
  /** Entries that were read, the rejected ones included. */
  fetched: number;
  new: number;
  /** Known papers of which something has changed. */
  updated: number;
  rejected: number;
  failures: IngestFailure[];
}

type Ingesting = Pick<Context, 'config' | 'db' | 'log' | 'clock'>;

/**
 * Reads the sources (those of the configuration, unless the request names some), a day at a time, newest first, and matches
 * their papers with the topics in the transaction that writes them. A day that fails changes nothing and is recorded. To do so
 * twice is to do it once.
 * @throws UserError when a source that the request names does not exist or is no list of papers
 */
export async function ingest(ctx: Ingesting, request: IngestRequest): Promise<IngestReport> {
  await seedTopics(ctx.db.prisma);
  const specs = request.sources ?? ctx.config.sources;
  const sources = specs.map((spec) => openSource(ctx.config, spec, request.date));
  const lists = sources.flatMap((source) => {
    const days = request.date ? [request.date] : source.days(utcDay(ctx.clock()));
    return days.map((day) => ({ source, day }));
  });
  const reports: ListReport[] = [];
  for (const { source, day } of lists) {
    request.onList?.(reports.length, lists.length);
    reports.push(await ingestDay(ctx, source, day, request.sources !== undefined));
  }
  logFailures(ctx, reports);
  const anew = await rematch(ctx.db.prisma, loadMatcher(), ctx.clock());
  if (anew.papers > 0) ctx.log.info(anew, 'topics have changed: papers on offer were matched anew');
  return total(reports);
}

/** Reads the sample papers that come with Offprint, as a source of their own. */
export async function ingestSamples(ctx: Ingesting): Promise<IngestReport> {
  await seedTopics(ctx.db.prisma);
  const samples = paperFile(sampleSource, projectPath('samples/papers.json'));
  const report = await ingestDay(ctx, samples, utcDay(ctx.clock()), true);
  logFailures(ctx, [report]);
  return total([report]);
}

/** One line for a source that fails in the same way on each of its days. */
function logFailures({ log }: Ingesting, reports: readonly ListReport[]): void {
  const days = new Map<string, string[]>();
  for (const { failures, expected } of reports)
    for (const { source, day, error } of failures) {
      const key = JSON.stringify({ source, error, expected });
      days.set(key, [...(days.get(key) ?? []), day]);
    }
  for (const [key, failed] of days) {
    const { source, error, expected } = JSON.parse(key);
    const shown = failed.length > 2 ? `${failed.at(-1)} to ${failed[0]}` : failed.join(', ');
    log[expected ? 'warn' : 'error']({ source, days: shown, error }, 'source failed');
  }
}

/** Reads one source for one day. `asked`: the user named it, and is told of a mistake instead of having it recorded. */
async function ingestDay(ctx: Ingesting, source: Source, day: string, asked: boolean): Promise<ListReport> {
  try {
    const fetched = await source.fetch(day);
    for (const rejection of fetched.rejected) ctx.log.warn({ source: source.name, day, ...rejection }, 'entry skipped');
    return { ...(await storeFetched(ctx, source, fetched)), expected: true };
  } catch (error) {
    if (error instanceof UserError && asked) throw error;
    // Whatever it is, it is this list's: the others are read all the same. A database that is gone fails the record, too.
    const expected = error instanceof SourceError || error instanceof UserError;
    const failure = { source: source.name, day, error: expected ? error.message : unexpected(error) };
    // The plan waits for a source that fails: not for one that somebody has tried by hand.
    if (!asked) await writeFailure(ctx.db.prisma, failure, ctx.clock());
    return { ...nothing, failures: [failure], expected };
  }
}

/** Writes what was fetched, all or nothing. */
async function storeFetched(
  ctx: Ingesting,
  { name: source, growsByDay }: Source,
  fetched: Fetched,
): Promise<IngestReport> {
  const now = ctx.clock();
  const lists = fetched.lists.map((list) => ({ ...list, papers: list.papers.map(clampPaper) }));
  const revisions = fetched.revisions.map(clampPaper);
  const { rejected } = fetched;
  const write = async (tx: Queries): Promise<IngestReport> => {
    await lockPapers(tx);
    const written = [];
    for (const list of lists) {
      written.push(...(await writePapers(tx, { source, ...list }, now)));
      await writeList(tx, { source, completeWhenRead: !growsByDay, ...list }, now);
    }
    written.push(...(await writePapers(tx, { source, day: utcDay(now), papers: revisions }, now, true)));
    await noticeNews(
      tx,
      { ids: written.map(({ id }) => id), revised: revisions.map(({ identifier }) => identifier) },
      now,
    );
    const changed = written.filter((paper) => paper.textChanged).map((paper) => paper.id);
    if (changed.length > 0) await writeMatches(tx, loadMatcher(), changed);
    return {
      days: lists.length || 1,
      fetched: lists.reduce((sum, list) => sum + list.papers.length, revisions.length + rejected.length),
      new: written.filter((paper) => paper.isNew).length,
      updated: written.filter((paper) => !paper.isNew).length,
      rejected: rejected.length,
      failures: [],
    };
  };
  return ctx.db.prisma.$transaction(write, { timeout: 120_000, maxWait: 30_000 });
}

/** The last line of an error that nobody foresaw: of a database's, the line that says what it was. */
function unexpected(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `its papers could not be stored: ${(message.trim().split('\n').at(-1) ?? '').slice(0, 500)}`;
}

const nothing: IngestReport = { days: 0, fetched: 0, new: 0, updated: 0, rejected: 0, failures: [] };

function total(reports: IngestReport[]): IngestReport {
  return reports.reduce(
    (sum, report) => ({
      days: sum.days + report.days,
      fetched: sum.fetched + report.fetched,
      new: sum.new + report.new,
      updated: sum.updated + report.updated,
      rejected: sum.rejected + report.rejected,
      failures: [...sum.failures, ...report.failures],
    }),
    nothing,
  );
}
