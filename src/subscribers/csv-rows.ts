import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { parse } from 'csv-parse/sync';

/** A record of a CSV file and the line on which it begins, or what is wrong with that line. */
export type CsvRow = { line: number; fields: string[] } | { line: number; error: string };

interface Line {
  line: number;
  text: string;
}

/** A field in quotes may hold line breaks; one that is not closed after so many lines has lost its closing quote. */
const longestRecord = 20;

/**
 * Reads CSV (RFC 4180) record by record, in constant memory: with or without byte order mark, whatever the line ends. A
 * parser for the whole file would take everything after a stray quote for one field; here such a quote costs its own line.
 */
export async function* readCsv(input: Readable): AsyncGenerator<CsvRow> {
  const waiting: Line[] = [];
  let line = 0;
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    waiting.push({ line, text: line === 1 ? text.replace(/^\uFEFF/, '') : text });
    yield* takeRecords(waiting, false);
  }
  yield* takeRecords(waiting, true);
}

/** Takes the records off the front of `waiting` that are complete; at the end of the file also those that never will be. */
function* takeRecords(waiting: Line[], atEnd: boolean): Generator<CsvRow> {
  for (let first = waiting[0]; first; first = waiting[0]) {
    const length = lengthOfRecord(waiting);
    if (length === null && !atEnd && waiting.length < longestRecord) return;
    const lines = waiting.slice(0, length ?? 1).map(({ text }) => text);
    const fields = length === null ? null : parseRecord(lines.join('\n'));
    waiting.splice(0, fields ? lines.length : 1);
    if (!fields) yield { line: first.line, error: 'a quotation mark is missing or out of place' };
    else if (fields.some((field) => field.trim() !== '')) yield { line: first.line, fields };
  }
}

/** How many lines the first record has: up to where the quotation marks are even in number. */
function lengthOfRecord(lines: Line[]): number | null {
  let open = false;
  for (const [index, { text }] of lines.entries()) {
    if (text.split('"').length % 2 === 0) open = !open;
    if (!open) return index + 1;
  }
  return null;
}

function parseRecord(text: string): string[] | null {
  if (!text.includes('"')) return text.split(',').map((field) => field.trim());
  try {
    const records = parse(text, { trim: true });
    return records.length === 1 ? (records[0] ?? null) : null;
  } catch {
    return null;
  }
}
