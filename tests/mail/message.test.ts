import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import { afterEach, describe, expect, it } from 'vitest';
import { buildMessage, MailBuffer, type Message } from '../../src/mail/message.js';
import { sendMail } from '../../src/mail/send.js';
import { startSmtpServer, type TestSmtpServer } from '../helpers/smtp-server.js';
import { sampleMessage } from './sample-message.js';

const build = async (message: Message) => (await buildMessage(message)).toString('latin1');
const bytes = (given: Parameters<typeof sampleMessage>[0] = {}) => build(sampleMessage(given));
const longestLine = (raw: string) => Math.max(...raw.split('\r\n').map((line) => line.length));

/** Whatever people and papers write, without the controls that no page shows. */
const writing = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('\n', '\r\n', '.', '..\n', '=', '=3D', '=?utf-8?Q?a?=', ' ', '\t', 'From ', '--', '𝔽', 'é'),
      fc.string({ unit: fc.constantFrom('a', ' ', 'é', '=', '.'), maxLength: 300 }),
    ),
  )
  .map((parts) => parts.join(''));

describe('a message as it is built', () => {
  it('is multipart/alternative in UTF-8, plain text before HTML', async () => {
    const raw = await bytes();
    expect(raw).toMatch(/^MIME-Version: 1\.0\r$/m);
    expect(raw).toMatch(/^Content-Type: multipart\/alternative; boundary=/m);
    expect(raw.match(/^Content-Type: text\/.*(?=\r$)/gm)).toEqual([
      'Content-Type: text/plain; charset=utf-8',
      'Content-Type: text/html; charset=utf-8',
    ]);
    expect(raw.replace(/[\r\n]/g, '')).toMatch(/^[\x20-\x7e]*$/);
  });

  it('has each header once, and no others', async () => {
    const [head = ''] = (await bytes()).split('\r\n\r\n');
    expect(head.split(/\r\n(?! )/).map((line) => line.split(':')[0]?.toLowerCase())).toEqual([
      'from',
      'to',
      'subject',
      'date',
      'message-id',
      'list-id',
      'list-unsubscribe',
      'list-unsubscribe-post',
      'auto-submitted',
      'feedback-id',
      'mime-version',
      'content-type',
    ]);
  });

  it('has the given Message-ID and the given date, and the same bytes each time', async () => {
    const raw = await bytes();
    expect(raw).toMatch(/^Message-ID: <0194cf@example\.org>\r$/m);
    expect(raw).toMatch(/^Date: Wed, 04 Feb 2026 08:00:00 \+0000\r$/m);
    expect(await bytes()).toBe(raw);
    expect(await bytes({ messageId: '<0194d0@example.org>' })).not.toBe(raw);
  });

  it('is read by a mail program as it was written, whatever is in it', async () => {
    await fc.assert(
      fc.asyncProperty(writing, writing, async (text, html) => {
        const parsed = await simpleParser(await build(sampleMessage({ text, html: `<p>${html}</p>` })));
        const lines = (written: string | undefined) => (written ?? '').replace(/\r\n?/g, '\n').replace(/\n$/, '');
        expect(lines(parsed.text)).toBe(lines(text));
        expect(lines(parsed.html || '')).toBe(lines(`<p>${html}</p>`));
      }),
    );
  });

  it('has no line that begins with a dot, which would end it, whatever is in it', async () => {
    const line = fc.oneof(writing, fc.constant('\n.\n'), fc.constant('.\r\n.\r\nMAIL FROM:<>\r\n'));
    const text = fc.array(line).map((lines) => lines.join(''));
    await fc.assert(
      fc.asyncProperty(text, text, writing, async (text, html, written) => {
        const subject = `.${written.replace(/\p{Cc}/gu, ' ')}`;
        expect(await build(sampleMessage({ text, html, subject }))).not.toMatch(/^\./m);
      }),
    );
  });

  it('is the same where one buffer takes mail after mail, longer and shorter ones', async () => {
    const buffer = new MailBuffer();
    await fc.assert(
      fc.asyncProperty(writing, async (text) => {
        const message = sampleMessage({ text });
        expect(await buildMessage(message, buffer)).toEqual(await buildMessage(message));
        expect(await buildMessage(message, buffer)).toEqual(await buildMessage(message));
      }),
    );
  });

  it('keeps its subject, whatever is in it', async () => {
    const subject = fc
      .oneof(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.string({ unit: fc.constantFrom('a', ' ', 'é', '=', '?', '_', '"', '𝔽'), minLength: 1, maxLength: 2000 }),
      )
      .filter((text) => text.trim() !== '' && !/[\p{Cc}\p{Cs}]/u.test(text));
    await fc.assert(
      fc.asyncProperty(subject, async (text) => {
        const raw = await build(sampleMessage({ subject: text }));
        expect((await simpleParser(raw)).subject).toBe(text);
        expect(longestLine(raw)).toBeLessThanOrEqual(78);
      }),
    );
  });

  it('writes a subject that looks like an encoded word as the text that it is', async () => {
    const subject = '=?utf-8?Q?=0D=0ABcc:_eve@example.com?=';
    expect((await simpleParser(await bytes({ subject }))).subject).toBe(subject);
  });

  it('keeps the name of its sender', async () => {
    for (const name of ['Offprint', 'Ünïcode, Inc.', 'The "Daily" Offprint', 'a@b.example']) {
      const parsed = await simpleParser(await bytes({ from: { name, address: 'digest@example.org' } }));
      expect(parsed.from?.value).toEqual([{ name, address: 'digest@example.org' }]);
    }
  });

  it.each(['\r\nBcc: eve@example.com', '\n', '\r', '\0', '\x07', '\x7f'])('refuses %j in a header', async (hostile) => {
    const text = `innocent${hostile}`;
    await expect(bytes({ subject: text })).rejects.toThrow('The header Subject must not hold control characters');
    await expect(bytes({ from: { name: text, address: 'digest@example.org' } })).rejects.toThrow('The header From');
    await expect(bytes({ from: { name: '', address: `digest@example.org${hostile}` } })).rejects.toThrow('The sender');
    await expect(bytes({ messageId: `<1@example.org>${hostile}` })).rejects.toThrow('The header Message-ID');
    await expect(bytes({ headers: { 'List-Id': text } })).rejects.toThrow('The header List-Id must be one line');
    await expect(bytes({ headers: { [text]: 'innocent' } })).rejects.toThrow('must be one line');
  });

  it('refuses a header that is longer than a line may be', async () => {
    const headers = (length: number) => ({ 'List-Id': 'x'.repeat(length - 'List-Id: '.length) });
    expect(longestLine(await bytes({ headers: headers(998) }))).toBe(998);
    await expect(bytes({ headers: headers(999) })).rejects.toThrow('one line of at most 998');
  });
});

describe('the recipient of a message', () => {
  it.each([
    'ada@example.com',
    "o'brien+tag@Ex-ample.example".toLowerCase(),
    'Upper.Case@example.com',
    '{a}/b_c@a-b.example',
  ])('is %s, unchanged', async (to) => {
    const parsed = await simpleParser(await bytes({ to }));
    expect([parsed.to].flat().flatMap((each) => each?.value)).toEqual([{ name: '', address: to }]);
  });

  it.each([
    'ada@example.com, eve@example.net',
    'ada@example.com;eve@example.net',
    'ada@example.com\r\nRCPT TO:<eve@example.net>',
    'ada@example.com\r\nBcc: eve@example.net',
    'Ada <ada@example.com>',
    'group: ada@example.com, eve@example.net;',
    'ada eve@example.com',
    'ada@exаmple.com',
    'ada@example\u202e.com',
    'ada\0@example.com',
    'üser@example.com',
    '(eve@example.net) ada@example.com',
    'ada@example.com>',
    'ada@EXAMPLE.COM',
    'ada@[127.0.0.1]',
    '"ada@example.com, eve"@example.net',
    '"ada@example.com eve"@example.net',
    'ada',
    ' ada@example.com',
    '',
  ])('is refused where a mail program could read another: %j', async (to) => {
    await expect(bytes({ to })).rejects.toThrow('The recipient is not one plain address');
  });

  it('is never another one than was given', async () => {
    const hostile = fc
      .array(
        fc.constantFrom('ada', 'eve', '@', 'example.com', '<', '>', ',', ';', ':', ' ', '"', '(', ')', '\\', '\r\n'),
      )
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(hostile, async (to) => {
        let raw: string;
        try {
          raw = await bytes({ to });
        } catch {
          return;
        }
        const read = [(await simpleParser(raw)).to].flat().flatMap((each) => each?.value ?? []);
        expect(read.map(({ address }) => address)).toEqual([to]);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a message on the wire', () => {
  let server: TestSmtpServer | undefined;
  afterEach(() => server?.close());

  it('row 53: has CRLF only and no line over 998 octets, whatever is in it', async () => {
    server = await startSmtpServer();
    const hostile = `.\n..\r.\r\n${'x'.repeat(3000)}\n${'é'.repeat(3000)}\n\n.\r\nQUIT\r\n${' '.repeat(1000)}\t\n`;
    const message = sampleMessage({ text: hostile, html: hostile, subject: `${'s'.repeat(1200)} ${'ü'.repeat(1200)}` });
    await sendMail([server.relay], { warn: () => {} }, message);
    const raw = server.mails[0]?.raw.toString('latin1') ?? '';
    expect(raw).toBe(await build(message));
    expect(raw).not.toMatch(/(?<!\r)\n|\r(?!\n)/);
    expect(longestLine(raw)).toBeLessThanOrEqual(998);
    expect((await server.parsed())[0]?.text).toBe(hostile.replace(/\r\n?/g, '\n'));
  });
});
