import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CsvRow, readCsv } from '../../src/subscribers/csv-rows.js';

async function rowsOf(text: string, chunkSize = 7): Promise<CsvRow[]> {
  const bytes = Buffer.from(text);
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkSize) }, (_, n) =>
    bytes.subarray(n * chunkSize, (n + 1) * chunkSize),
  );
  const rows: CsvRow[] = [];
  for await (const row of readCsv(Readable.from(chunks))) rows.push(row);
  return rows;
}

const broken = 'a quotation mark is missing or out of place';

describe('a CSV file', () => {
  it.each([
    ['line feeds', 'email,hour\na@b.c,8\n'],
    ['carriage returns and line feeds', 'email,hour\r\na@b.c,8\r\n'],
    ['a byte order mark', '\uFEFFemail,hour\r\na@b.c,8'],
    ['quotes', '"email","hour"\r\n"a@b.c","8"\r\n'],
    ['blanks around fields', 'email , hour\n a@b.c , "8" \n'],
  ])('is read with %s', async (_what, text) => {
    expect(await rowsOf(text)).toEqual([
      { line: 1, fields: ['email', 'hour'] },
      { line: 2, fields: ['a@b.c', '8'] },
    ]);
  });

  it('counts the lines of blank rows and of line breaks in quotes', async () => {
    expect(await rowsOf('email,note\r\n\r\na@b.c,"one\r\ntwo ""three"""\r\n , \r\nd@e.f,x\r\n')).toEqual([
      { line: 1, fields: ['email', 'note'] },
      { line: 3, fields: ['a@b.c', 'one\ntwo "three"'] },
      { line: 6, fields: ['d@e.f', 'x'] },
    ]);
  });

  it.each([
    ['never closed', '"b@c.d,8'],
    ['in the middle of a field', 'b"b@c.d,8'],
    ['followed by text', '"b@c.d"x,8'],
  ])('loses only the line of a quote that is %s', async (_what, line) => {
    const text = `email,hour\na@b.c,8\n${line}\n"e@f.g",9\nh@i.j,10\n`;
    const rows = await rowsOf(text);
    expect(rows).toEqual([
      { line: 1, fields: ['email', 'hour'] },
      { line: 2, fields: ['a@b.c', '8'] },
      { line: 3, error: broken },
      { line: 4, fields: ['e@f.g', '9'] },
      { line: 5, fields: ['h@i.j', '10'] },
    ]);
  });

  it('gives back what was written, whatever is in the fields and wherever the chunks end', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', ';', '𝒳') }).map((text) => text.trim());
    const records = fc.array(fc.tuple(fc.constant('x'), field, field), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(records, fc.integer({ min: 1, max: 30 }), async (written, chunkSize) => {
        fc.pre(written.every((record) => record.join('\n').split('\n').length < 15));
        const rows = await rowsOf(stringify(written, { quoted: true }), chunkSize);
        expect(rows.map((row) => 'fields' in row && row.fields)).toEqual(written);
      }),
    );
  });
});
