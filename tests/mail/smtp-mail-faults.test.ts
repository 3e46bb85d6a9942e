import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SmtpReaction, type SmtpStep, startSmtpServer } from '../helpers/smtp-server.js';
import { connect, mail, reacting, serve } from './smtp-connections.js';

describe('what a server may do after the final dot', () => {
  it('closes without an reply; the mail may have been delivered', async () => {
    const { server, send } = await reacting('dot', { next: 'close', keep: true });
    expect(await send()).toMatchObject({ kind: 'in-doubt' });
    expect(server.mails).toHaveLength(1);
    expect(server.connections()).toBe(1);
  });

  it('resets the connection; the mail may have been delivered', async () => {
    const { server, send } = await reacting('dot', { next: 'reset', keep: true });
    expect(await send()).toMatchObject({ kind: 'in-doubt' });
    expect(server.connections()).toBe(1);
  });

  it('says nothing; after the wait the mail may have been delivered', async () => {
    const { server, send } = await reacting('dot', { next: 'silence', keep: true }, { final: 60 });
    expect(await send()).toEqual({ kind: 'in-doubt', reply: 'No reply within 0.06 s' });
    expect(server.connections()).toBe(1);
  });

  it('row 5: "250" without a line break is no reply', async () => {
    const { send } = await reacting('dot', { raw: '250', next: 'close', keep: true });
    expect(await send()).toMatchObject({ kind: 'in-doubt' });
    const refusal = await reacting('dot', { raw: '550 5.1.1 unknown', next: 'close', keep: true });
    expect(await refusal.send()).toMatchObject({ kind: 'in-doubt' });
  });

  it('row 6: "hello" is no reply', async () => {
    const { send } = await reacting('dot', { reply: 'hello', keep: true });
    expect(await send()).toEqual({ kind: 'in-doubt', reply: 'hello' });
  });

  it('row 7: 451 is a refusal for now, without a risk of a duplicate', async () => {
    const { server, send } = await reacting('dot', { reply: '451 4.3.0 try again' });
    expect(await send()).toMatchObject({ kind: 'rejected', scope: 'message', permanent: false, code: 451 });
    expect(server.connections()).toBe(1);
  });

  it('554 5.7.1 is about the mail and not about its recipient', async () => {
    const { send } = await reacting('dot', { reply: '554 5.7.1 policy' });
    expect(await send()).toMatchObject({ kind: 'rejected', scope: 'message', permanent: true, enhanced: '5.7.1' });
  });

  it('takes the mail and closes', async () => {
    const { server, send } = await reacting('dot', { reply: '250 ok', next: 'close', keep: true });
    expect(await send(mail(1))).toMatchObject({ kind: 'sent' });
    expect(await send(mail(2))).toMatchObject({ kind: 'sent' });
    expect(server.mails).toHaveLength(2);
  });
});

describe('what a server may say of a recipient', () => {
  it('row 9: 550 5.1.1 is for good', async () => {
    const { send } = await reacting('RCPT', { reply: '550 5.1.1 <ada@example.org>: no such user' });
    const outcome = await send();
    expect(outcome).toMatchObject({ kind: 'rejected', scope: 'recipient', permanent: true, enhanced: '5.1.1' });
    expect(outcome.reply).not.toContain('ada@example.org');
  });

  it.each(['552 5.2.2 mailbox full', '452 4.2.2 mailbox full'])('row 10: %s is for now', async (reply) => {
    for (const step of ['RCPT', 'dot'] as const) {
      const { send } = await reacting(step, { reply });
      expect(await send()).toMatchObject({ kind: 'rejected', scope: 'recipient', permanent: false });
    }
  });

  it('row 11: a mail that is greylisted and sent again is delivered once', async () => {
    const server = await serve({
      on: ({ step }) =>
        step === 'RCPT' && !server.commands.includes('RSET') ? { reply: '450 4.7.1 greylisted' } : undefined,
    });
    const { send } = connect([server.relay]);
    expect(await send()).toMatchObject({ kind: 'rejected', scope: 'recipient', permanent: false, code: 450 });
    expect(await send()).toMatchObject({ kind: 'sent' });
    expect(server.mails).toHaveLength(1);
  });

  it('takes DATA for a recipient that was refused, and gets nothing', async () => {
    const server = await serve({
      on: ({ step }) => {
        if (step === 'RCPT') return { raw: '550 5.1.1 unknown\r\n354 go ahead\r\n' };
        return step === 'DATA' ? {} : undefined;
      },
    });
    const { send } = connect([server.relay], { command: 60, data: 60 });
    expect(['rejected', 'not-sent']).toContain((await send()).kind);
    expect(server.mails).toEqual([]);
  });
});

describe('a server that goes away while the mail is under way', () => {
  const large = mail(1, 24_000_000);

  it('resets the connection before the last byte is out: nothing was sent', async () => {
    const { server, send } = await reacting('body', { next: 'reset' });
    expect(await send(large)).toMatchObject({ kind: 'not-sent', scope: 'connection' });
    expect(server.mails).toEqual([]);
  });

  it.each(['close', 'reset'] as const)('%s while the last byte may be out: nobody can tell', async (next) => {
    const { server, send } = await reacting('DATA', { reply: '354 go ahead', next });
    expect(['not-sent', 'in-doubt']).toContain((await send()).kind);
    expect(server.mails).toEqual([]);
  });

  it('takes too long to read it: nothing was sent', async () => {
    const { send } = await reacting('DATA', { reply: '354 go ahead', next: 'deafness' }, { data: 60 });
    expect(await send(large)).toEqual({ kind: 'not-sent', scope: 'connection', reply: 'No reply within 0.06 s' });
  });

  it('refuses before the last byte is out: nothing was sent', async () => {
    const { send } = await reacting('body', { reply: '552 5.3.4 too big', next: 'silence' });
    expect(await send(large)).toMatchObject({ kind: 'rejected', scope: 'message', permanent: true });
  });

  it('writes rubbish before the last byte is out: nothing was sent', async () => {
    const { send } = await reacting('body', { reply: 'hello', next: 'silence' });
    expect(await send(large)).toMatchObject({ kind: 'not-sent' });
  });

  it('is believed in neither when it takes a mail of which the end is still to come', async () => {
    const { send } = await reacting('body', { reply: '250 ok', next: 'silence' });
    expect(await send(large)).toMatchObject({ kind: 'in-doubt' });
  });
});

describe('whatever a server does', () => {
  const reply = fc.oneof(
    fc.record({
      reply: fc.constantFrom('250 ok', '220 ok', '354 go', '421 closing', '451 later', '550 no', 'hello', '25', ''),
    }),
    fc.record({ raw: fc.constantFrom('250', '550-', '550 no') }),
    fc.constant({}),
  );
  const next = fc.constantFrom('close' as const, 'reset' as const, 'silence' as const, 'drip' as const, undefined);
  const reaction = fc
    .tuple(reply, next, fc.boolean())
    .map(([said, then, keep]): SmtpReaction => ({ ...said, ...(then && { next: then }), keep }));
  const step = fc.constantFrom<SmtpStep>('greeting', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'dot', 'RSET');
  const limits = { greeting: 40, command: 40, data: 40, final: 40 };

  it('a mail that it has kept is never taken for one that it has not', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(step, reaction, { maxKeys: 2 }), fc.boolean(), async (reactions, pipelining) => {
        let ends = 0;
        const server = await startSmtpServer({
          on: (moment) => {
            if (moment.step === 'dot') ends++;
            return reactions[moment.step];
          },
          extensions: pipelining ? ['PIPELINING'] : [],
        });
        const { send, connection } = connect([server.relay], limits);
        try {
          for (const number of [1, 2]) {
            const endsBefore = ends;
            const { kind } = await send(mail(number));
            const kept = server.mails.filter(({ messageId }) => messageId === `<${number}@example.org>`).length;
            const lies = /^[45]/.test(reactions['dot']?.reply ?? '');
            if (kind === 'sent') expect(ends).toBeGreaterThan(endsBefore);
            if (kept > 0 && !lies) expect(['sent', 'in-doubt']).toContain(kind);
            if (!lies) expect(kept).toBeLessThanOrEqual(1);
          }
        } finally {
          await connection.close();
          await server.close();
        }
      }),
      { numRuns: 60 },
    );
  });
});
