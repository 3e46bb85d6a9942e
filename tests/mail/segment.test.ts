import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import { describe, expect, it } from 'vitest';
import { Segment, textOf } from '../../src/mail/segment.js';

const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('.', '..', '\n', ' ', '=', 'From ', 'é', '\t', '𝔽', 'https://example.org/'),
      fc.string({ unit: fc.constantFrom('a', '.', ' ', '='), maxLength: 400 }),
    ),
  )
  .map((parts) => parts.join('').replace(/\r/g, ''));

describe('pieces of a text, each encoded by itself', () => {
  it('are read, one after the other, as the text that they are pieces of', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(text), async (texts) => {
        const segments = texts.map((each) => new Segment(each));
        const head = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n';
        const read = await simpleParser(head + segments.map(({ encoded }) => encoded).join(''));
        expect((read.text ?? '').replace(/\n$/, '')).toBe(textOf(segments).replace(/\n$/, ''));
      }),
    );
  });

  it('have the same text after they were encoded, though it is no longer kept', () => {
    fc.assert(
      fc.property(text, (given) => {
        const segment = new Segment(given);
        expect(segment.encoded).toBe(segment.encoded);
        expect(segment.text).toBe(Buffer.from(given).toString());
        expect(segment.bytes).toBe(Buffer.byteLength(given));
      }),
    );
  });

  it('are the same, joined into one', () => {
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        const segments = texts.map((each) => new Segment(each));
        const joined = Segment.join(segments);
        expect(joined.encoded).toBe(segments.map(({ encoded }) => encoded).join(''));
        expect(joined.text).toBe(textOf(segments));
        expect(joined.bytes).toBe(Buffer.byteLength(joined.text));
      }),
    );
  });

  it('are whole lines, none too long, and none that SMTP or a mail store would change', () => {
    fc.assert(
      fc.property(text, (given) => {
        const encoded = new Segment(given).encoded;
        expect(encoded).toMatch(/^([\r\n\t -~]*\r\n)?$/);
        for (const line of encoded.split('\r\n')) {
          expect(line.length).toBeLessThanOrEqual(76);
          expect(line).not.toMatch(/^(\.|From )|[ \t]$/);
        }
      }),
      // A line of full length that begins with a dot, and where the piece ends.
      { examples: [['.𐀀ࠀἂ𐀀𐀀aa=a=a']] },
    );
  });
});
