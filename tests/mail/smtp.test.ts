import { describe, expect, it } from 'vitest';
import type { Relay } from '../../src/mail/relay.js';
import { startSmtpServer } from '../helpers/smtp-server.js';
import { connect, mail, reacting, relayAt, serve } from './smtp-connections.js';

/** Where nothing listens any more. */
async function deadRelay(): Promise<Relay> {
  const server = await startSmtpServer();
  await server.close();
  return server.relay;
}

describe('a connection that carries mail', () => {
  it('hands over each mail as it is, one after the other, and says QUIT at the end', async () => {
    const server = await serve();
    const { send, connection } = connect([server.relay]);
    for (const number of [1, 2, 3]) expect(await send(mail(number))).toMatchObject({ kind: 'sent' });
    await connection.close();
    expect(server.mails.map(({ raw }) => raw.toString())).toEqual([1, 2, 3].map((number) => mail(number).toString()));
    expect(server.mails[0]?.envelope).toEqual({ from: 'bounce@example.org', to: ['ada@example.org'] });
    expect(server.connections()).toBe(1);
    expect(server.commands.filter((command) => command === 'QUIT' || command.startsWith('EHLO'))).toHaveLength(2);
    expect(server.commands.at(-1)).toBe('QUIT');
  });

  it('connects with the first mail only', async () => {
    const server = await serve();
    const { connection } = connect([server.relay]);
    await connection.close();
    expect(server.connections()).toBe(0);
  });

  it('keeps the reply of the server', async () => {
    const { send } = await reacting('dot', { reply: '250 2.0.0 Ok: queued as 4Xyz', keep: true });
    expect(await send()).toEqual({ kind: 'sent', reply: '250 2.0.0 Ok: queued as 4Xyz' });
  });

  it('works with a server that knows neither EHLO nor pipelining', async () => {
    const server = await serve({
      on: ({ step, line }) => (step === 'EHLO' && line.startsWith('EHLO') ? { reply: '502 what?' } : undefined),
    });
    const { send } = connect([server.relay]);
    expect(await send()).toMatchObject({ kind: 'sent' });
    expect(server.commands.map((line) => line.slice(0, 4))).toEqual(['EHLO', 'HELO', 'MAIL', 'RCPT', 'DATA']);
  });

  it('goes on over the same connection, after RSET, when a recipient is refused', async () => {
    const server = await serve({
      on: ({ step, line }) => (step === 'RCPT' && line.includes('nobody') ? { reply: '550 5.1.1 unknown' } : undefined),
    });
    const { send } = connect([server.relay]);
    expect(await send(mail(1), 'nobody@example.org')).toMatchObject({ kind: 'rejected' });
    expect(await send(mail(2))).toMatchObject({ kind: 'sent' });
    expect(server.connections()).toBe(1);
    expect(server.commands).toContain('RSET');
    expect(server.mails.map(({ messageId }) => messageId)).toEqual(['<2@example.org>']);
  });

  it('goes on over the same connection when a mail is refused at the dot', async () => {
    const server = await serve({
      on: ({ step, mail: number }) => (step === 'dot' && number === 1 ? { reply: '554 5.7.1 spam' } : undefined),
    });
    const { send } = connect([server.relay]);
    expect(await send(mail(1))).toMatchObject({ kind: 'rejected' });
    expect(await send(mail(2))).toMatchObject({ kind: 'sent' });
    expect(server.connections()).toBe(1);
  });

  it('connects again when the server does not take RSET', async () => {
    const server = await serve({
      on: ({ step, connection }) => {
        if (step === 'RCPT' && connection === 1) return { reply: '450 later' };
        return step === 'RSET' ? { reply: '421 enough' } : undefined;
      },
    });
    const { send } = connect([server.relay]);
    expect(await send(mail(1))).toMatchObject({ kind: 'rejected', permanent: false });
    expect(await send(mail(2))).toMatchObject({ kind: 'sent' });
    expect(server.connections()).toBe(2);
  });

  it('logs in with user and password', async () => {
    const server = await serve({ extensions: ['AUTH PLAIN LOGIN'] });
    const { send } = connect([relayAt(`smtp://user:p%40ss@127.0.0.1:${server.port}`)]);
    expect(await send()).toMatchObject({ kind: 'sent' });
    const [, credentials = ''] = /^AUTH PLAIN (.*)$/m.exec(server.commands.join('\n')) ?? [];
    expect(Buffer.from(credentials, 'base64').toString()).toBe('\0user\0p@ss');
  });
});

describe('a login', () => {
  it('goes by LOGIN where the server knows nothing else', async () => {
    const server = await serve({
      extensions: ['AUTH LOGIN'],
      on: ({ step }) => (step === 'AUTH' ? { raw: '334 VXNlcm5hbWU6\r\n' } : undefined),
    });
    const { send } = connect([relayAt(`smtp://user:p%40ss@127.0.0.1:${server.port}`)], { command: 100 });
    expect(await send()).toMatchObject({ kind: 'not-sent', scope: 'relay' });
    expect(server.commands.slice(1)).toEqual(['AUTH LOGIN', Buffer.from('user').toString('base64')]);
  });
});

describe('STARTTLS', () => {
  it('is not gone on with where more than its reply has come: that may be anybody’s', async () => {
    const server = await serve({
      extensions: ['STARTTLS'],
      on: ({ step }) => (step === 'STARTTLS' ? { raw: '220 go ahead\r\n250 injected\r\n' } : undefined),
    });
    const { send } = connect([server.relay]);
    expect(await send()).toMatchObject({
      kind: 'not-sent',
      scope: 'relay',
      reply: expect.stringContaining('More than a reply'),
    });
    expect(server.mails).toEqual([]);
  });
});

describe('an envelope', () => {
  it.each(['ada@example.org>\r\nRCPT TO:<eve@example.org', 'ada eve@example.org', 'ada@exämple.org'])(
    'with an address that could end its command is not sent: %j',
    async (to) => {
      const server = await serve();
      await expect(connect([server.relay]).send(mail(1), to)).rejects.toThrow(
        'An address of the envelope is not plain',
      );
      expect(server.commands.join()).not.toContain('eve');
    },
  );
});

describe('several relays', () => {
  it('are tried in order; the first that takes mail keeps the connection', async () => {
    const busy = await serve({ on: ({ step }) => (step === 'greeting' ? { reply: '421 too busy' } : undefined) });
    const [good, spare] = [await serve(), await serve()];
    const { send, warnings } = connect([await deadRelay(), busy.relay, good.relay, spare.relay]);
    expect(await send(mail(1))).toMatchObject({ kind: 'sent' });
    expect(await send(mail(2))).toMatchObject({ kind: 'sent' });
    expect([busy, good, spare].map((server) => server.connections())).toEqual([1, 1, 0]);
    expect(good.mails).toHaveLength(2);
    expect(warnings).toEqual([expect.stringContaining('ECONNREFUSED'), expect.stringContaining('421 too busy')]);
  });

  it('take over from one that throttles, also in the middle of a run', async () => {
    const throttled = await serve({
      on: ({ step, mail: number }) => (step === 'MAIL' && number > 1 ? { reply: '454 Throttling failure' } : undefined),
    });
    const spare = await serve();
    const { send } = connect([throttled.relay, spare.relay]);
    for (const number of [1, 2, 3]) expect(await send(mail(number))).toMatchObject({ kind: 'sent' });
    expect([throttled, spare].map(({ mails }) => mails.length)).toEqual([1, 2]);
    expect(throttled.connections()).toBe(1);
  });

  it('never get a mail that another relay may have taken', async () => {
    const { server, ...first } = await reacting('dot', { next: 'close', keep: true });
    const second = await serve();
    const { send } = connect([server.relay, second.relay]);
    expect(await send()).toMatchObject({ kind: 'in-doubt' });
    expect(second.connections()).toBe(0);
    expect(first.warnings).toEqual([]);
  });

  it('may all be out of reach', async () => {
    expect(await connect([await deadRelay()]).send()).toMatchObject({ kind: 'not-sent', scope: 'relay' });
    expect(await connect([]).send()).toEqual({ kind: 'not-sent', scope: 'relay', reply: 'There is no relay' });
  });
});
