import { afterEach, describe, expect, it } from 'vitest';
import { nameInbox, parseInbox, readInbox } from '../../src/mail/inbox.js';
import { Secret } from '../../src/secret.js';
import { startImapServer, type TestImapServer } from '../helpers/imap-server.js';

const inboxAt = (url: string) => parseInbox(new Secret(url));
const never = new AbortController().signal;

describe('the address of an inbox', () => {
  it.each([
    ['imaps://u:p@imap.example.org', { port: 993, secure: true, requireTls: true, folder: 'INBOX' }],
    ['imap://u:p@imap.example.org', { port: 143, secure: false, requireTls: true, folder: 'INBOX' }],
    ['imap://u:p@127.0.0.1:1143/', { port: 1143, secure: false, requireTls: false, folder: 'INBOX' }],
    ['imaps://u:p@imap.example.org/50%', { folder: '50%' }],
    ['imap://u:p@imap.example.org/A%20b/c?requireTls=false', { secure: false, requireTls: false, folder: 'A b/c' }],
  ])('%s', (url, expected) => {
    expect(inboxAt(url)).toMatchObject(expected);
  });

  it('is named without its password', () => {
    expect(nameInbox(inboxAt('imaps://user:secret@[::1]/INBOX'))).toBe('imaps://[::1]:993/INBOX');
  });
});

describe('an inbox', () => {
  let server: TestImapServer;
  afterEach(() => server.close());
  const mails = ['one', 'two', 'three'].map((word) => Buffer.from(`Subject: ${word}\r\n\r\n${word}\r\n`));
  const read = async (most = 10, take: (raw: Buffer) => boolean = () => true, signal = never) => {
    const read: string[] = [];
    await readInbox(inboxAt(server.url), most, signal, async (raw) => {
      read.push(/Subject: (\w+)/.exec(raw.toString())?.[1] ?? '');
      return take(raw);
    });
    return read;
  };

  it('gives each mail once, oldest first, and what comes later the next time', async () => {
    server = await startImapServer(mails.slice(0, 2));
    expect(await read()).toEqual(['one', 'two']);
    server.mails.push({ raw: mails[2] as Buffer, seen: false });
    expect(await read()).toEqual(['three']);
    expect(await read()).toEqual([]);
  });

  it('gives no more at a time than asked for, and ends after the mail in hand', async () => {
    server = await startImapServer(mails);
    expect(await read(1)).toEqual(['one']);
    const stop = new AbortController();
    const stopAfter = () => {
      stop.abort();
      return true;
    };
    expect(await read(10, stopAfter, stop.signal)).toEqual(['two']);
  });

  it('gives again what could not be put on record, and the others once', async () => {
    server = await startImapServer(mails);
    expect(await read(10, (raw) => !raw.toString().includes('two'))).toEqual(['one', 'two', 'three']);
    expect(await read()).toEqual(['two']);
  });

  it('whose connection ends gives the mail in hand again', async () => {
    let ended = false;
    server = await startImapServer(mails, (command) => {
      const ends = !ended && command.includes('UID STORE 2');
      ended ||= ends;
      return ends;
    });
    await expect(read()).rejects.toThrow(/^imap:\/\/127\.0\.0\.1:\d+\/INBOX cannot be read: /);
    expect(await read()).toEqual(['two', 'three']);
  });

  it.each([
    ['refuses the login', (url: string) => url.replace('p%40ss', 'wrong'), /no such login/],
    ['has no such folder', (url: string) => `${url}/Nothing`, /no such folder/],
    ['offers no TLS where it must', (url: string) => `${url}?requireTls=true`, /TLS/],
  ])('that %s is named, without its password', async (_, change, reason) => {
    server = await startImapServer(mails);
    server.url = change(server.url);
    const failure = await read().catch((error) => error);
    expect(failure.name).toBe('UserError');
    expect(failure.message).toMatch(reason);
    expect(failure.message).not.toContain('ss@');
    expect(server.mails.some(({ seen }) => seen)).toBe(false);
  });
});
