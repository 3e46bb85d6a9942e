import { afterEach, describe, expect, it } from 'vitest';
import { sendMail } from '../../src/mail/send.js';
import { type SmtpReaction, type SmtpStep, startSmtpServer, type TestSmtpServer } from '../helpers/smtp-server.js';
import { sampleMessage } from './sample-message.js';

const log = { warn: () => {} };

describe('a mail on its own', () => {
  let server: TestSmtpServer;
  afterEach(() => server.close());

  const serve = async (step?: SmtpStep, reaction?: SmtpReaction) => {
    server = await startSmtpServer({ on: (moment) => (moment.step === step ? reaction : undefined) });
  };

  it('is sent from the From address, and the connection is closed with QUIT', async () => {
    await serve();
    expect(await sendMail([server.relay], log, sampleMessage())).toMatchObject({ kind: 'sent' });
    expect(server.mails.map(({ envelope }) => envelope)).toEqual([
      { from: 'digest@example.org', to: ['ada@example.com'] },
    ]);
    expect((await server.parsed())[0]).toMatchObject({ subject: '7 papers on diffusion models' });
    expect(server.commands.at(-1)).toBe('QUIT');
  });

  it('is sent from the bounce address where there is one', async () => {
    await serve();
    await sendMail([server.relay], log, sampleMessage(), 'bounce@example.org');
    expect(server.mails[0]?.envelope.from).toBe('bounce@example.org');
    expect((await server.parsed())[0]?.from?.text).toContain('digest@example.org');
  });

  it('comes back when its recipient is refused for good: trying again would not help', async () => {
    await serve('RCPT', { reply: '550 5.1.1 no such user' });
    expect(await sendMail([server.relay], log, sampleMessage())).toMatchObject({ kind: 'rejected', permanent: true });
  });

  it.each<[string, SmtpStep, SmtpReaction]>([
    ['its recipient is refused for now', 'RCPT', { reply: '450 4.7.1 greylisted' }],
    ['it is refused itself', 'dot', { reply: '554 5.7.1 spam' }],
    ['the relay takes no mail', 'greeting', { reply: '421 too busy' }],
    ['the reply is lost', 'dot', { next: 'close', keep: true }],
  ])('is to be tried again when %s', async (_name, step, reaction) => {
    await serve(step, reaction);
    await expect(sendMail([server.relay], log, sampleMessage())).rejects.toThrow(
      /^Mail <0194cf@example\.org> was not sent \((rejected|not-sent|in-doubt)\): /,
    );
  });

  it('is not sent at all when it would go to another recipient', async () => {
    await serve();
    const message = sampleMessage({ to: 'ada@example.com, eve@example.net' });
    await expect(sendMail([server.relay], log, message)).rejects.toThrow('not one plain address');
    expect(server.connections()).toBe(0);
  });
});
