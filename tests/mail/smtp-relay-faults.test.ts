import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { describe, expect, it } from 'vitest';
import type { SmtpTimeouts } from '../../src/mail/smtp.js';
import type { SmtpReaction, SmtpStep } from '../helpers/smtp-server.js';
import { connect, mail, reacting, relayAt, serve, started } from './smtp-connections.js';

/** A server of another make, with STARTTLS under a certificate that nobody trusts. */
async function serveWithTls(options: SMTPServerOptions = {}): Promise<{ port: number; secured: boolean[] }> {
  const secured: boolean[] = [];
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    onAuth: ({ username }, _session, done) => done(null, { user: username }),
    onData: (stream, session, done) => {
      secured.push(session.secure);
      stream.resume().on('end', () => done());
    },
    ...options,
  });
  server.on('error', () => {});
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  started.push({ close: () => new Promise<void>((done) => server.close(() => done())) });
  return { port: (listening.address() as AddressInfo).port, secured };
}

describe('a relay that takes no mail', () => {
  it('421 at the greeting is the fault of the relay', async () => {
    const { send } = await reacting('greeting', { reply: '421 4.3.2 too busy' });
    const outcome = await send();
    expect(outcome).toMatchObject({ kind: 'not-sent', scope: 'relay' });
    expect(outcome.reply).toMatch(/^smtp:\/\/127\.0\.0\.1:\d+: 421 4\.3\.2 too busy$/);
  });

  it.each(['close', 'reset'] as const)('row 13: %s before the greeting is tried once', async (next) => {
    const { server, send } = await reacting('greeting', { next });
    expect(await send()).toMatchObject({ kind: 'not-sent', scope: 'relay' });
    expect(server.connections()).toBe(1);
  });

  it('row 14: may drop an idle connection; that is invisible', async () => {
    const server = await serve();
    const { send, warnings } = connect([server.relay]);
    for (const number of [1, 2, 3]) {
      expect(await send(mail(number))).toMatchObject({ kind: 'sent' });
      server.dropConnections();
    }
    expect(server.mails.map(({ messageId }) => messageId)).toEqual([1, 2, 3].map((n) => `<${n}@example.org>`));
    expect(warnings).toEqual([]);
  });

  it.each<[string, SmtpReaction]>([
    ['a FIN', { next: 'close' }],
    ['a RST', { next: 'reset' }],
    ['421', { reply: '421 4.4.2 idle for too long', next: 'close' }],
  ])('may end a connection with %s just when it is used again', async (_name, reaction) => {
    const server = await serve({
      on: ({ step, mail: number }) => (step === 'MAIL' && number === 2 ? reaction : undefined),
    });
    const { send } = connect([server.relay]);
    expect(await send(mail(1))).toMatchObject({ kind: 'sent' });
    expect(await send(mail(2))).toMatchObject({ kind: 'sent' });
    expect(server.connections()).toBe(2);
    expect(server.mails).toHaveLength(2);
  });

  it('535 is told without the password, and not tried again', async () => {
    const server = await serve({
      extensions: ['AUTH PLAIN'],
      on: ({ step }) => (step === 'AUTH' ? { reply: '535 5.7.8 authentication failed' } : undefined),
    });
    const { send, warnings } = connect([relayAt(`smtp://user:hunter2@127.0.0.1:${server.port}`)]);
    const outcome = await send();
    expect(outcome).toMatchObject({ kind: 'not-sent', scope: 'relay' });
    expect(outcome.reply).toContain('535 5.7.8');
    expect(JSON.stringify([outcome, warnings])).not.toContain('hunter2');
    expect(server.commands.filter((line) => line.startsWith('AUTH'))).toHaveLength(1);
  });

  it.each(['MAIL', 'RCPT', 'DATA', 'dot'] as const)('throttling at %s leaves the mail as it was', async (step) => {
    const { server, send } = await reacting(step, {
      reply: '454 Throttling failure: Maximum sending rate exceeded.',
    });
    expect(await send()).toMatchObject({ kind: 'not-sent', scope: 'relay' });
    expect(server.connections()).toBe(1);
  });

  it.each<[SmtpStep, keyof SmtpTimeouts, string]>([
    ['greeting', 'greeting', 'not-sent'],
    ['EHLO', 'command', 'not-sent'],
    ['MAIL', 'command', 'not-sent'],
    ['RCPT', 'command', 'not-sent'],
    ['DATA', 'command', 'not-sent'],
    ['dot', 'final', 'in-doubt'],
  ])('row 17: a reply that drips in at %s is given up, and holds up nobody else', async (step, limit, kind) => {
    const server = await serve({
      on: (moment) => (moment.connection === 1 && moment.step === step ? { next: 'drip' } : undefined),
    });
    const [slow, other] = [connect([server.relay], { [limit]: 60 }), connect([server.relay])];
    const dripping = slow.send(mail(1));
    await expect.poll(() => server.connections()).toBe(1);
    expect(await other.send(mail(2))).toMatchObject({ kind: 'sent' });
    expect(await dripping).toMatchObject({ kind });
  });

  it('may take no connection at all', async () => {
    const { send } = connect([relayAt('smtp://no-such-host.invalid')]);
    expect(await send()).toMatchObject({ kind: 'not-sent', scope: 'relay' });
  });

  it('row 18: offers no STARTTLS where TLS is required', async () => {
    const server = await serve();
    const { send } = connect([relayAt(`${server.url}?requireTls=true`)]);
    const outcome = await send();
    expect(outcome).toMatchObject({ kind: 'not-sent', scope: 'relay' });
    expect(outcome.reply).toContain('TLS is required, and STARTTLS is refused: 502 5.5.2');
    expect(server.commands).not.toContainEqual(expect.stringMatching(/^MAIL/));
  });

  it.each([
    ['a login', (port: number) => `smtp://user:secret@127.0.0.1:${port}`],
    ['required TLS', (port: number) => `smtp://127.0.0.1:${port}?requireTls=true`],
  ])('row 18: has a certificate that nobody trusts, with %s', async (_name, address) => {
    const logins: unknown[] = [];
    const { port, secured } = await serveWithTls({
      onAuth: (auth, _session, done) => {
        logins.push(auth);
        done(null, { user: 'user' });
      },
    });
    const outcome = await connect([relayAt(address(port))]).send();
    expect(outcome).toMatchObject({ kind: 'not-sent', scope: 'relay' });
    expect(outcome.reply).toMatch(/certificate/);
    expect([logins, secured]).toEqual([[], []]);
  });

  it('has a certificate that nobody trusts, from the first byte', async () => {
    const { port } = await serveWithTls({ secure: true });
    const outcome = await connect([relayAt(`smtps://127.0.0.1:${port}`)]).send();
    expect(outcome).toMatchObject({ kind: 'not-sent', scope: 'relay' });
    expect(outcome.reply).toMatch(/certificate/);
  });

  it('encrypts where it can when nothing asks for more', async () => {
    const { port, secured } = await serveWithTls();
    expect(await connect([relayAt(`smtp://127.0.0.1:${port}`)]).send()).toMatchObject({ kind: 'sent' });
    expect(secured).toEqual([true]);
  });

  it('row 19: says a SIZE that the mail exceeds, and is not even asked', async () => {
    const server = await serve({ extensions: ['PIPELINING', 'SIZE 10240'] });
    const { send } = connect([server.relay]);
    expect(await send(mail(1, 60_000))).toMatchObject({
      kind: 'rejected',
      scope: 'message',
      permanent: true,
      code: 552,
      reply: 'Message size larger than allowed 10240',
    });
    expect(await send(mail(2))).toMatchObject({ kind: 'sent' });
    expect(server.commands.filter((line) => line.startsWith('MAIL'))).toEqual([
      `MAIL FROM:<bounce@example.org> SIZE=${mail(2).length}`,
    ]);
  });
});
