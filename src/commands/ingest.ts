import { Command, InvalidArgumentError, Option } from 'commander';
import type { SourceSpec } from '../config.js';
import { parseSource } from '../environment.js';
import type { IngestFailure, IngestReport } from '../ingest/ingest.js';
import { ingest } from '../ingest/ingest.js';
import { report } from './command.js';
import { calendarDay } from './options.js';
import { withProgress } from './progress.js';

interface Options {
  source?: SourceSpec;
  file?: string;
  date?: string;
  json?: boolean;
}

export function ingestCommand(): Command {
  return new Command('ingest')
    .description('fetch papers now; without options, the last days of the sources in PAPER_SOURCES')
    .addOption(
      new Option('--source <source>', 'huggingface, arxiv:cs.CL+cs.LG, feed:<url> or file:<path>')
        .argParser(source)
        .conflicts('file'),
    )
    .option('--date <day>', 'only the list of this day, YYYY-MM-DD', calendarDay)
    .option('--file <path>', 'a JSON file in the shape of the Daily Papers API')
    .option('--json', 'print one JSON object')
    .action((options: Options) =>
      report(options, {
        run: (ctx) =>
          withProgress('reading', 1, ({ at }) =>
            ingest(ctx, { sources: named(options), date: options.date, onList: at }),
          ),
        text: reportText,
        ok: ({ days }) => days > 0,
      }),
    );
}

function named({ source, file }: Options): SourceSpec[] | undefined {
  if (file !== undefined) return [{ kind: 'file', path: file }];
  return source && [source];
}

function source(text: string): SourceSpec {
  const spec = parseSource(text);
  if (!spec) throw new InvalidArgumentError('It must be huggingface, arxiv:cs.CL+cs.LG, feed:<url> or file:<path>.');
  return spec;
}

function reportText({ fetched, new: added, updated, rejected, failures }: IngestReport): string {
  return [
    `${fetched} fetched, ${added} new, ${updated} updated, ${rejected} rejected`,
    ...groups(failures).map(({ source, days, error }) => `${source} failed for ${days.join(', ')}: ${error}`),
  ].join('\n');
}

/** The days that failed for the same reason, together. */
function groups(failures: IngestFailure[]) {
  const grouped = new Map<string, { source: string; days: string[]; error: string }>();
  for (const { source, day, error } of failures) {
    const key = JSON.stringify([source, error]);
    const { days } = grouped.get(key) ?? { days: [] };
    grouped.set(key, { source, days: [...days, day], error });
  }
  return [...grouped.values()];
}
