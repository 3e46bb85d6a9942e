import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { UserError } from '../config.js';
import type { Context } from '../context.js';
import { type Address, emailKey } from './address.js';
import { addressHashes } from './address-hash.js';
import { type CsvRow, readCsv } from './csv-rows.js';
import { fieldErrors } from './field-error.js';
import { importSchema } from './preferences.js';
import { findSuppressed, insertActive, type NewSubscriber } from './store.js';

const batchSize = 1_000;
const columns = ['email', 'topics', 'timezone', 'hour', 'frequency', 'status'] as const;

export interface ImportResult {
  imported: number;
  /** Addresses that were there before; they are left as they are. */
  existing: number;
  rejected: { line: number; error: string }[];
}

type Row = { line: number; subscriber: NewSubscriber };

/**
 * Takes subscribers over from a CSV file, as active: the operator vouches for their consent. Bad rows are reported and
 * skipped, and so are addresses that must never be mailed, and rows that a `status` column calls anything but active.
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
  for await (const row of readRows(file, path, importSchema(slugs, ctx.timeZones))) {
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
  if (!header) throw new UserError(`${path} is empty; its first line must name the columns, like ${columns.join(',')}`);
}

function readHeader(path: string, row: CsvRow): string[] {
  const header = 'fields' in row ? row.fields.map((name) => name.toLowerCase()) : [];
  const twice = columns.find((name) => header.indexOf(name) !== header.lastIndexOf(name));
  if (twice) throw new UserError(`${path}: the column ${twice} is there twice`);
  if (header.includes('email')) return header;
  throw new UserError(`${path}: the first line must name the columns, email among them, like ${columns.join(',')}`);
}

type ImportSchema = ReturnType<typeof importSchema>;

function rowReader(schema: ImportSchema) {
  return (header: string[], row: CsvRow): Row | { line: number; error: string } => {
    if ('error' in row) return row;
    const { line, fields } = row;
    if (fields.length > header.length) {
      return { line, error: `has ${fields.length} fields, but there are ${header.length} columns` };
    }
    const value = (name: (typeof columns)[number]) => fields[header.indexOf(name)] || undefined;
    const status = value('status')?.toLowerCase() ?? 'active';
    if (status !== 'active') return { line, error: `status: “${status}” is not imported, only active is` };
    const hour = value('hour');
    const parsed = schema.safeParse({
      email: value('email'),
      topics: value('topics')
        ?.split(';')
        .map((slug) => slug.trim())
        .filter(Boolean),
      timezone: value('timezone'),
      hour: hour && /^\d{1,2}$/.test(hour) ? Number(hour) : hour,
      frequency: value('frequency')?.toLowerCase(),
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
  const written = await insertActive(
    ctx.db.prisma,
    allowed.map(({ subscriber }) => subscriber),
    ctx.clock(),
  );
  result.imported += written;
  result.existing += allowed.length - written;
}
