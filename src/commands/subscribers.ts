import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import { stringify } from 'csv-stringify/sync';
import { utcDay } from '../calendar-day.js';
import type { Context } from '../context.js';
import { type LookedUp, lookUpSubscriber } from '../digests/look-up.js';
import { UserError } from '../errors.js';
import { emailKey } from '../subscribers/address.js';
import { type ExportedSubscriber, exportSubscribers } from '../subscribers/export.js';
import { type ImportResult, importSubscribers } from '../subscribers/import.js';
import { revokeLinks } from '../subscribers/lifecycle.js';
import { eraseSubscriber } from '../subscribers/personal-data.js';
import { typedAddress } from '../subscribers/typed-address.js';
import { vocabulary } from '../topics/vocabulary.js';
import { report, withContext } from './command.js';
import { counted } from './counted.js';
import { withProgress } from './progress.js';

export function subscribersCommand(): Command {
  const command = new Command('subscribers').description(
    'import, export, show or erase subscribers, or revoke their links',
  );
  command
    .command('import <file>')
    .description('take subscribers over from a CSV file, as active: you vouch for their consent')
    .option('--json', 'print one JSON object')
    .action((file: string, options: { json?: boolean }) =>
      report(options, {
        run: (ctx) => importWithProgress(ctx, file),
        text: importText,
        ok: ({ imported, existing, rejected }) => imported + existing > 0 || rejected.length === 0,
      }),
    );
  command
    .command('export')
    .description('write all subscribers to standard output, as CSV that can be imported')
    .option('--json', 'as one JSON object instead')
    .action((options: { json?: boolean }) => exportWithProgress(options.json ? asJson : asCsv));
  command
    .command('show <email>')
    .description('what is on record of a subscriber, and what became of their newest digests')
    .option('--json', 'print one JSON object')
    .action((email: string, options: { json?: boolean }) =>
      report(options, { run: (ctx) => lookUpSubscriber(ctx, email), text: lookedUpText }),
    );
  command
    .command('erase <email>')
    .description('delete all that is stored about a subscriber')
    .option('--json', 'print one JSON object')
    .action((email: string, options: { json?: boolean }) =>
      report(options, { run: (ctx) => erase(ctx, email), text: () => 'Erased.' }),
    );
  command
    .command('revoke <email>')
    .description('make all links in mails to a subscriber invalid, those to unsubscribe excepted')
    .option('--json', 'print one JSON object')
    .action((email: string, options: { json?: boolean }) =>
      report(options, {
        run: (ctx) => revoke(ctx, email),
        text: () => 'Links in mails that were sent no longer work.',
      }),
    );
  return command;
}

/** Makes all links of a subscriber invalid, those to unsubscribe excepted. */
async function revoke(ctx: Context, email: string): Promise<{ revoked: true }> {
  const { id } = await find(ctx, email);
  await revokeLinks(ctx.db.prisma, id);
  return { revoked: true };
}

async function importWithProgress(ctx: Context, file: string): Promise<ImportResult> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  const slugs = vocabulary.map(({ slug }) => slug);
  return withProgress('importing', size, ({ at }) => importSubscribers(ctx, file, slugs, at));
}

function lookedUpText(found: LookedUp): string {
  const { email, status, createdAt, confirmedAt, unsubscribedAt, pausedUntil, hour, timezone, frequency } = found;
  const lines: [name: string, value: string | undefined][] = [
    ['status', pausedUntil ? `${status} until ${pausedUntil}` : status],
    ['signed up', utcDay(createdAt)],
    ['confirmed', confirmedAt ? utcDay(confirmedAt) : 'not yet'],
    ['left', unsubscribedAt ? utcDay(unsubscribedAt) : undefined],
    ['topics', found.topics.join('; ')],
    ['phrases', found.phrases.join('; ')],
    ['muted', found.mutedPhrases.join('; ')],
    ['authors', found.authors.join('; ')],
    ['categories', found.categories.join('; ')],
    ['hour', `${hour}:00 ${timezone}, ${frequency}`],
    ['next plan', nextPlanText(found)],
  ];
  return [
    email,
    ...lines.flatMap(([name, value]) => (value ? [`  ${name.padEnd(12)}${value}`] : [])),
    ...found.digests.map(
      ({ id, day, status, papers, attempts, lastReply }) =>
        `${id}  ${day}  ${status}  ${counted(papers, 'paper')}, ${counted(attempts, 'attempt')}${lastReply ? `: ${lastReply}` : ''}`,
    ),
  ].join('\n');
}

/** After a change of what they chose the next plan works it out, where it knows their time zone. */
function nextPlanText({ status, nextPlanAt }: LookedUp): string | undefined {
  return nextPlanAt?.toISOString() ?? (status === 'active' ? 'not worked out yet' : undefined);
}

function importText({ imported, existing, rejected }: ImportResult): string {
  return [
    ...rejected.map(({ line, error }) => `line ${line}: ${error}`),
    `${imported} imported, ${existing} there before, ${rejected.length} rejected`,
  ].join('\n');
}

const exportColumns: (keyof ExportedSubscriber)[] = [
  'email',
  'topics',
  'timezone',
  'hour',
  'frequency',
  'status',
  'papersPerDigest',
  'abstractLength',
  'pausedUntil',
  'phrases',
  'mutedPhrases',
  'authors',
  'categories',
  'pictures',
  'leastPapers',
  'weekDay',
  'language',
];

/** One piece for each subscriber, and what there is before or after them all. */
type Format = (ctx: Context) => AsyncGenerator<string>;

async function* asCsv(ctx: Context): AsyncGenerator<string> {
  yield `${exportColumns.join(',')}\n`;
  for await (const subscriber of exportSubscribers(ctx)) {
    const row = Object.entries(subscriber).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(';') : value,
    ]);
    // An address or a phrase may begin like a formula, which a spreadsheet would carry out.
    yield stringify([Object.fromEntries(row)], {
      columns: exportColumns,
      escape_formulas: true,
      cast: { boolean: String },
    });
  }
}

async function* asJson(ctx: Context): AsyncGenerator<string> {
  let before = '{"subscribers":[';
  for await (const subscriber of exportSubscribers(ctx)) {
    yield before + JSON.stringify(subscriber);
    before = ',';
  }
  yield before === ',' ? ']}\n' : `${before}]}\n`;
}

function exportWithProgress(format: Format): Promise<void> {
  return withContext((ctx) => {
    // Lines on the terminal show by themselves how far it is.
    if (process.stdout.isTTY) return writeExport(format(ctx));
    return withProgress(
      'exporting',
      () => ctx.db.prisma.subscriber.count(),
      ({ at }) => writeExport(counting(format(ctx), at)),
    );
  });
}

async function* counting(pieces: AsyncIterable<string>, onProgress: (done: number) => void): AsyncGenerator<string> {
  let done = 0;
  for await (const piece of pieces) {
    yield piece;
    onProgress(++done);
  }
}

/** Writes at the pace of whoever reads, so that an export of any size fits into memory. */
async function writeExport(pieces: AsyncIterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(pieces), process.stdout, { end: false });
  } catch (error) {
    // Whoever read, like `head`, has read enough.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

async function erase(ctx: Context, email: string): Promise<{ erased: true }> {
  const { id } = await find(ctx, email);
  if (!(await eraseSubscriber(ctx, id))) throw new UserError(unknownAddress);
  return { erased: true };
}

const unknownAddress = 'There is no subscriber with this address';

/** @throws UserError where there is no such subscriber */
async function find(ctx: Context, email: string): Promise<{ id: number }> {
  const found = await ctx.db.prisma.subscriber.findUnique({
    where: { emailKey: emailKey(typedAddress(email)) },
    select: { id: true },
  });
  if (!found) throw new UserError(unknownAddress);
  return found;
}
