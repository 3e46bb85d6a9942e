import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseConfig } from '../../src/config.js';
import { type LocalMailbox, openMailbox } from '../../src/mail/mailbox.js';
import type { Message } from '../../src/mail/message.js';
import { parseRelay } from '../../src/mail/relay.js';
import { Segment } from '../../src/mail/segment.js';
import { sendMail } from '../../src/mail/send.js';
import { Secret } from '../../src/secret.js';

const message: Message = {
  from: { name: 'Offprint', address: 'digest@example.org' },
  to: 'ada@example.org',
  subject: 'A mail to catch',
  date: new Date('2026-02-04T08:00:00Z'),
  messageId: '<1@example.org>',
  headers: {},
  text: [new Segment('Hello')],
  html: [new Segment('<p>Hello</p>')],
  dkim: null,
};
const log = { warn: () => {} };

describe('the local mailbox', () => {
  let dataDir: string;
  let opened: { close(): Promise<unknown> }[];
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'offprint-mailbox-'));
    opened = [];
  });
  afterEach(async () => {
    for (const each of opened.reverse()) await each.close();
    await rm(dataDir, { recursive: true });
  });

  const open = async (port: number, smtpPort: number): Promise<LocalMailbox> => {
    const env = { DATA_DIR: dataDir, MAILBOX_PORT: `${port}`, MAILBOX_SMTP_PORT: `${smtpPort}` };
    const mailbox = await openMailbox(parseConfig(env));
    opened.push(mailbox);
    return mailbox;
  };
  const send = ({ smtpPort }: LocalMailbox) =>
    sendMail([parseRelay(new Secret(`smtp://127.0.0.1:${smtpPort}`))], log, message);
  const subjects = async ({ webPort }: LocalMailbox) => {
    const response = await fetch(`http://127.0.0.1:${webPort}/api/email`);
    return ((await response.json()) as { subject: string }[]).map(({ subject }) => subject);
  };
  const occupy = async (): Promise<number> => {
    const server: Server = createServer((socket) => socket.end('not a mailbox\n')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    opened.push({ close: async () => server.close() });
    return (server.address() as AddressInfo).port;
  };

  it('takes mail on a free port, shows it, and prints nothing', async () => {
    const printed = vi.spyOn(process.stdout, 'write');
    const printedErrors = vi.spyOn(process.stderr, 'write');
    const info = vi.spyOn(console, 'info');
    const mailbox = await open(0, 0);
    expect(mailbox.owned).toBe(true);
    expect(await send(mailbox)).toMatchObject({ kind: 'sent' });
    expect(await subjects(mailbox)).toEqual(['A mail to catch']);
    expect([...printed.mock.calls, ...printedErrors.mock.calls, ...info.mock.calls]).toEqual([]);
    vi.restoreAllMocks();
  });

  it('keeps the mails in the data directory across a restart', async () => {
    const first = await open(0, 0);
    await send(first);
    await first.close();
    opened.pop();
    expect(await readdir(join(dataDir, 'mailbox'))).toContainEqual(expect.stringMatching(/\.eml$/));
    expect(await subjects(await open(0, 0))).toEqual(['A mail to catch']);
  });

  it('is shared by two processes of the same set-up', async () => {
    const first = await open(0, 0);
    const second = await open(first.webPort, first.smtpPort);
    expect(second).toMatchObject({ owned: false, smtpPort: first.smtpPort, webPort: first.webPort });
    await send(second);
    expect(await subjects(first)).toEqual(['A mail to catch']);
  });

  it('says which port another program has taken', async () => {
    const taken = await occupy();
    await expect(open(0, taken)).rejects.toThrow(`MAILBOX_SMTP_PORT ${taken} is taken by another program`);
    await expect(open(taken, 0)).rejects.toThrow(`MAILBOX_PORT ${taken} is taken by another program`);
  });

  it('says when the data directory cannot keep mails', async () => {
    const file = join(dataDir, 'a-file');
    await writeFile(file, '');
    dataDir = file;
    await expect(open(0, 0)).rejects.toThrow(`DATA_DIR ${file} cannot keep mails`);
  });

  it('finding 13: can be read by its owner alone', async () => {
    await send(await open(0, 0));
    const folder = join(dataDir, 'mailbox');
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it('finding 13: answers to nobody who asks under another name, as a page does whose name leads here', async () => {
    const { webPort } = await open(0, 0);
    const ask = (host: string) =>
      new Promise<number>((done, fail) => {
        get({ host: '127.0.0.1', port: webPort, path: '/api/email', headers: { host } }, (response) => {
          done(response.resume().statusCode ?? 0);
        }).on('error', fail);
      });
    expect(await ask(`localhost:${webPort}`)).toBe(200);
    expect(await ask('127.0.0.1')).toBe(200);
    expect(await ask('attacker.example')).toBe(403);
    expect(await ask(`localhost.attacker.example:${webPort}`)).toBe(403);
  });

  it('replies no other web site', async () => {
    const mailbox = await open(0, 0);
    const response = await fetch(`http://127.0.0.1:${mailbox.webPort}/api/email`, {
      headers: { origin: 'https://evil.example' },
    });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});
