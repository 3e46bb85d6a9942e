import fc from 'fast-check';
import addressparser from 'nodemailer/lib/addressparser';
import { describe, expect, it } from 'vitest';
import { textsIn } from '../../src/languages/texts.js';
import { emailKey, maskAddress, parseAddress } from '../../src/subscribers/address.js';

const parsed = (text: string) => {
  const result = parseAddress(text);
  return result.ok ? result.address : null;
};

describe('an address', () => {
  it.each([
    ['ada@example.org', 'ada@example.org'],
    ["o'brien+tag@ex.com", "o'brien+tag@ex.com"],
    ['Ada.Lovelace@Example.ORG', 'Ada.Lovelace@example.org'],
    ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
    ['ada@日本.jp', 'ada@xn--wgv71a.jp'],
    [`${'a'.repeat(64)}@example.org`, `${'a'.repeat(64)}@example.org`],
    ['ada@a-b.c-d.example', 'ada@a-b.c-d.example'],
  ])('takes %s', (text, address) => {
    expect(parsed(text)).toBe(address);
  });

  it('shows a look-alike domain for what it is', () => {
    expect(parsed('a@gm\u0430il.com')).toBe('a@xn--gmil-63d.com');
  });

  it.each([
    ['two addresses', 'a@ex.com, b@evil.com'],
    ['two addresses without a space', 'a@ex.com,b@evil.com'],
    ['a semicolon list', 'a@ex.com;b@evil.com'],
    ['an injected header', 'a@ex.com\r\nBcc: x@y.com'],
    ['an injected recipient', 'a@ex.com\r\nRCPT TO:<evil@x.com>'],
    ['a final line feed', 'a@ex.com\n'],
    ['a quoted local part', '"x@gmail.com y"@internal.example'],
    ['a quoted local part without a space', '"x"@internal.example'],
    ['a display name', 'Ada <a@ex.com>'],
    ['a bare angle address', '<a@ex.com>'],
    ['a group', 'group:a@ex.com;'],
    ['a comment', 'a(comment)@ex.com'],
    ['a space in it', 'a b@ex.com'],
    ['a space before it', ' a@ex.com'],
    ['a no-break space', 'a\u00a0@ex.com'],
    ['NUL', 'a\0@ex.com'],
    ['a direction override', 'a@ex\u202emoc.com'],
    ['a zero-width space', 'a@ex\u200b.com'],
    ['a soft hyphen', 'a@e\u00adx.com'],
    ['a Hangul filler', 'a\u3164@ex.com'],
    ['a lone surrogate', 'a@ex\ud800.com'],
    ['a non-ASCII local part', 'ädä@ex.com'],
    ['a full-width at sign', 'a\uff20ex.com'],
    ['65 characters before the @', `${'a'.repeat(65)}@ex.com`],
    ['a domain of 256 characters', `a@${`${'b'.repeat(49)}.`.repeat(5)}bcomma`],
    ['an address of 255 characters', `${'a'.repeat(60)}@${'b.'.repeat(96)}cd`],
    ['a label of 64 characters', `a@${'b'.repeat(64)}.com`],
    ['two dots in a row', 'a..b@ex.com'],
    ['a dot first', '.a@ex.com'],
    ['a dot last', 'a.@ex.com'],
    ['an address literal', 'a@[127.0.0.1]'],
    ['an address literal of IPv6', 'a@[IPv6:::1]'],
    ['an IP address for a domain', 'a@127.0.0.1'],
    ['an IP address in hexadecimal', 'a@0x7f.1'],
    ['a domain without a dot', 'a@localhost'],
    ['two dots in the domain', 'a@ex..com'],
    ['a dot after the domain', 'a@ex.com.'],
    ['a hyphen before a label', 'a@-ex.com'],
    ['a hyphen after a label', 'a@ex-.com'],
    ['an underscore in the domain', 'a@e_x.com'],
    ['finding 21: a way through another server', 'victim%example.com@evil.com'],
    ['finding 21: a bang path', 'evil!victim@ex.com'],
    ['finding 21: whoever runs the server', 'postmaster@example.org'],
    ['finding 21: whoever answers for abuse, with a tag', 'Abuse+x@example.org'],
    ['percent signs in the domain', 'a@ex%61mple.com'],
    ['a path in the domain', 'a@ex.com/x'],
    ['a port in the domain', 'a@ex.com:80'],
    ['a broken A-label', 'a@xn--a.com'],
    ['no @', 'example.org'],
    ['two @', 'a@b@ex.com'],
    ['nothing before the @', '@ex.com'],
    ['nothing after the @', 'a@'],
    ['nothing', ''],
  ])('refuses %s', (_what, text) => {
    const result = parseAddress(text);
    expect(result.ok ? null : textsIn('en').t(result.reason)).toMatch(/^[A-Z].*\.$/);
  });

  it('counts its length after its domain was turned into A-labels', () => {
    const label = 'ü'.repeat(40);
    const text = `${'a'.repeat(60)}@${label}.${label}.${label}.${label}.example`;
    expect(text.length).toBeLessThan(254);
    expect(parsed(text)?.length ?? 0).toBeLessThanOrEqual(254);
  });

  const anyText = fc.oneof(
    fc.emailAddress(),
    fc.string({ unit: 'binary' }),
    fc.tuple(fc.string({ unit: 'grapheme' }), fc.domain()).map(([local, domain]) => `${local}@${domain}`),
    fc.tuple(fc.constantFrom('a', 'Ada.L', "o'b+c"), fc.string({ unit: 'grapheme' })).map((parts) => parts.join('@')),
    fc.string({
      unit: fc.constantFrom('a', 'B', '.', '@', '-', '"', ',', '<', '>', ' ', '\r\n', '\u202e', 'é', '[', '1'),
    }),
  );

  it('is, once accepted, one mailbox of plain ASCII within the limits of RFC 5321', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const address = parsed(text);
        if (address === null) return;
        expect(address).toMatch(/^[\x21-\x7e]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+$/);
        expect(address.length).toBeLessThanOrEqual(254);
        expect(address).not.toMatch(/[\s"(),:;<>[\\\]]/);
        expect(parsed(address)).toBe(address);
        expect(addressparser(address)).toEqual([{ name: '', address }]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps its local part as it was typed', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (text) => {
        const address = parsed(text);
        fc.pre(address !== null);
        expect(address?.split('@')[0]).toBe(text.split('@')[0]);
      }),
    );
  });
});

describe('the key of an address', () => {
  it('is the same in upper and lower case, and differs for tags and dots', () => {
    const keys = ['Ada@Example.org', 'ada@example.org', 'a.da@example.org', 'ada+x@example.org'].map((text) => {
      const result = parseAddress(text);
      return result.ok && emailKey(result.address);
    });
    expect(keys[0]).toBe(keys[1]);
    expect(new Set(keys).size).toBe(3);
  });
});

it('shows a masked address to its owner only well enough', () => {
  expect(maskAddress('ada.lovelace@example.org')).toBe('a…@example.org');
});
