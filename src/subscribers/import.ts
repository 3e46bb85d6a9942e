import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Context } from '../context.js';
import { UserError } from '../errors.js';
import { defaultLanguage } from '../languages/language.js';
import { textsIn } from '../languages/texts.js';
import { type Address, emailKey } from './address.js';
import { addressHashes } from './address-hash.js';
import { type CsvRow, readCsv } from './csv-rows.js';
import { fieldErrors } from './field-error.js';
import { importSchema } from './preferences.js';
import { findSuppressed, insertConfirmed, type NewSubscriber } from './store.js';

const batchSize = 1_000;
const columns = [
  'email',
  'topics',
  'timezone',
  'hour',
  'frequency',
  'status',
  'papersperdigest',
  'abstractlength',
  'pictures',
  'leastpapers',
  'weekday',
  'language',
  'pauseduntil',
  'phrases',
  'mutedphrases',
  'authors',
  'categories',
] as const;
/** Those without which a message would be too long. */
const usualColumns = columns.slice(0, 5).join(',');

export interface ImportResult {
  imported: number;
  /** Addresses that were there before; they are left as they are. */
  existing: number;
  rejected: { line: number; error: string }[];
}

type Row = { line: number; subscriber: NewSubscriber };

/**
 * Takes subscribers over from a CSV file, as active: the operator vouches for their consent. Bad rows are reported and
 * skipped, and so are addresses that must never be mailed, and rows that a `status` column calls neither active nor paused.
 * @param slugs of the topics there are
 * @param onProgress hears how many bytes of the file were read
 * @throws UserError when the file cannot be read or its first line does not name the columns
 */
export async function importSubscribers(
  ctx: Pick<Context, 'db' | 'keys' | 'clock' | 'timeZones'>,
  path: string,
  slugs: readonly string[],
  onProgress: (bytes: number) => void = () => {},
): Promise<ImportResult> {
  const result: ImportResult = { imported: 0, existing: 0, rejected: [] };
  const file = createReadStream(path);
  let batch: Row[] = [];
  for await (const row of readRows(file, path, importSchema(textsIn(defaultLanguage), slugs, ctx.timeZones))) {
    if ('error' in row) result.rejected.push(row);
    else batch.push(row);
    if (batch.length < batchSize) continue;
    await writeBatch(ctx, batch, result);
    onProgress(file.bytesRead);
    batch = [];
  }
  await writeBatch(ctx, batch, result);
  result.rejected.sort((a, b) => a.line - b.line);
  return result;
}

async function* readRows(file: Readable, path: string, schema: ImportSchema) {
  const toRow = rowReader(schema);
  let header: string[] | null = null;
  try {
    for await (const row of readCsv(file)) {
      if (header) yield toRow(header, row);
      else header = readHeader(path, row);
    }
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new UserError(`${path} cannot be read: ${error.message}`);
  }
  if (!header) throw new UserError(`${path} is empty; its first line must name the columns, like ${usualColumns}`);
}

function readHeader(path: string, row: CsvRow): string[] {
  const header = 'fields' in row ? row.fields.map((name) => name.toLowerCase()) : [];
  const twice = columns.find((name) => header.indexOf(name) !== header.lastIndexOf(name));
  if (twice) throw new UserError(`${path}: the column ${twice} is there twice`);
  if (header.includes('email')) return header;
  throw new UserError(`${path}: the first line must name the columns, email among them, like ${usualColumns}`);
}

type ImportSchema = ReturnType<typeof importSchema>;

function rowReader(schema: ImportSchema) {
  return (header: string[], row: CsvRow): Row | { line: number; error: string } => {
    if ('error' in row) return row;
    const { line, fields } = row;
    if (fields.length > header.length) {
      return { line, error: `has ${fields.length} fields, but there are ${header.length} columns` };
    }
    // The export puts an apostrophe before what a spreadsheet would take for a formula.
    const value = (name: (typeof columns)[number]) =>
      fields[header.indexOf(name)]?.replace(/^'(?=[=+@-])/, '') || undefined;
    const status = value('status')?.toLowerCase() ?? 'active';
    if (status !== 'active' && status !== 'paused')
      return { line, error: `status: “${status}” is not imported, only active and paused are` };
    const pausedUntil = value('pauseduntil') ?? null;
    if ((status === 'paused') !== (pausedUntil !== null))
      return {
        line,
        error: 'pausedUntil: It must name a day where the status is paused, and none where it is active.',
      };
    const parsed = schema.safeParse({
      email: value('email'),
      topics: listIn(value('topics')),
      phrases: listIn(value('phrases')),
      mutedPhrases: listIn(value('mutedphrases')),
      authors: listIn(value('authors')),
      categories: listIn(value('categories')),
      timezone: value('timezone'),
      hour: number(value('hour')),
      frequency: value('frequency')?.toLowerCase(),
      papersPerDigest: number(value('papersperdigest')),
      abstractLength: value('abstractlength')?.toLowerCase(),
      pictures: truth(value('pictures')),
      leastPapers: number(value('leastpapers')),
      weekDay: number(value('weekday')),
      language: value('language')?.toLowerCase(),
      pausedUntil,
    });
    if (parsed.success) return { line, subscriber: parsed.data };
    return {
      line,
      error: fieldErrors(parsed.error)
        .map(({ field, message }) => `${field}: ${message}`)
        .join(' '),
    };
  };
}

/** The entries of a field that holds several, parted by semicolons; one in quotes belongs to a phrase. */
function listIn(text: string | undefined): string[] | undefined {
  return text
    ?.match(/(?:"[^"]*"|[^;])+/g)
    ?.map((entry) => entry.trim())
    .filter(Boolean);
}

/** A file has only text: of digits it is a number, anything else is left for the schema to refuse. */
function number(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d{1,2}$/.test(text) ? Number(text) : text;
}

function truth(text: string | undefined): boolean | string | undefined {
  const words: Record<string, boolean> = { true: true, false: false };
  return text === undefined ? undefined : (words[text.toLowerCase()] ?? text);
}

async function writeBatch(
  ctx: Pick<Context, 'db' | 'keys' | 'clock'>,
  batch: Row[],
  result: ImportResult,
): Promise<void> {
  const hashesOf = (address: Address) => addressHashes(ctx.keys, emailKey(address));
  const suppressed = await findSuppressed(
    ctx.db.prisma,
    batch.flatMap(({ subscriber }) => hashesOf(subscriber.email)),
  );
  const allowed = batch.filter(({ line, subscriber }) => {
    const refused = hashesOf(subscriber.email).some((hash) => suppressed.has(hash.toString('hex')));
    if (refused)
      result.rejected.push({
        line,
        error: 'email: The address must not be mailed again: it unsubscribed, bounced or complained.',
      });
    return !refused;
  });
  const written = await insertConfirmed(
    ctx.db.prisma,
    allowed.map(({ subscriber }) => subscriber),
    ctx.clock(),
  );
  result.imported += written;
  result.existing += allowed.length - written;
}
