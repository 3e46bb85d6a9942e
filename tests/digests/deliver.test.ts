import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config.js';
import { type DeliveryReport, deliver, deliverUntilIdle } from '../../src/digests/deliver.js';
import { pauseDomain } from '../../src/digests/domain-pauses.js';
import { findOutage } from '../../src/digests/outage.js';
import { planDue } from '../../src/digests/plan.js';
import { digestTemplatesOf, mailTexts } from '../../src/digests/templates.js';
import { Secret } from '../../src/secret.js';
import { useContext } from '../helpers/context.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { type SmtpScript, startSmtpServer, type TestSmtpServer } from '../helpers/smtp-server.js';
import { terminateWaiting } from '../helpers/terminate.js';
import { deliveryTo, morning, planDigests, recordedDigests, startMorning } from './delivery.js';

const context = useContext({ BOUNCE_ADDRESS: 'bounce@example.org' }, [/digest not sent/, /relay takes no mail/]);
let servers: TestSmtpServer[] = [];
beforeEach(() => startMorning(context()));
afterEach(async () => {
  for (const server of servers) await server.close();
  servers = [];
});

const serve = async (on?: SmtpScript['on']) => {
  const server = await startSmtpServer(on ? { on } : {});
  servers.push(server);
  return server;
};
const nothing: DeliveryReport = { sent: 0, queued: 0, failed: 0, suppressed: 0, in_doubt: 0, expired: 0 };
const send = async (
  server: Pick<TestSmtpServer, 'relay'>,
  sending: Partial<Config['sending']> = {},
  signal: AbortSignal = new AbortController().signal,
) => deliver(await deliveryTo(context(), [server.relay], sending), signal);
const records = () => recordedDigests(context());
const statuses = async () => (await records()).map(({ status }) => status);
const later = (minutes: number) => {
  context().time.now = new Date(context().time.now.getTime() + minutes * 60_000);
};

describe('a digest that is due', () => {
  it('goes to its subscriber, and is on record as sent with the answer of the server', async () => {
    const [reader] = await planDigests(context(), 1);
    const server = await serve();
    expect(await send(server)).toEqual({ ...nothing, sent: 1 });
    const subscriber = await context().db.prisma.subscriber.findUniqueOrThrow({ where: { id: reader ?? 0 } });
    const { id } = await context().db.prisma.digest.findFirstOrThrow();
    expect(server.mails).toMatchObject([{ envelope: { to: [subscriber.email] }, messageId: `<${id}@example.org>` }]);
    expect(await records()).toMatchObject([
      {
        status: 'sent',
        attempts: 1,
        lastReply: '250 2.0.0 queued as 1',
        sentAt: morning,
        owner: null,
        leaseUntil: null,
      },
    ]);
    expect(await send(server)).toEqual(nothing);
    expect(server.mails).toHaveLength(1);
  });

  it('has an envelope sender of its own, so that a bounce tells whose it is', async () => {
    await planDigests(context(), 2);
    const server = await serve();
    await send(server);
    const senders = server.mails.map(({ envelope }) => envelope.from);
    expect(new Set(senders).size).toBe(2);
    for (const sender of senders) expect(sender).toMatch(/^bounce\+[\w.~-]+@example\.org$/);
  });

  it('shares its connection with others, and there are as many as configured at the most', async () => {
    await planDigests(context(), 30);
    const server = await serve();
    expect(await send(server, { connections: 3 })).toEqual({ ...nothing, sent: 30 });
    expect(server.connections()).toBe(3);
  });

  it('row 20: is sent once by two deliveries that work at the same time', async () => {
    await planDigests(context(), 40);
    const server = await serve();
    const reports = await Promise.all([send(server), send(server)]);
    expect(reports.map(({ sent }) => sent).reduce((sum, sent) => sum + sent)).toBe(40);
    expect(new Set(server.mails.map(({ messageId }) => messageId)).size).toBe(40);
    expect(server.mails).toHaveLength(40);
  });

  it('is not sent once it has waited for twenty hours, and that is on record', async () => {
    await planDigests(context(), 1);
    const server = await serve();
    later(20 * 60 + 1);
    expect(await send(server)).toEqual({ ...nothing, expired: 1 });
    expect(await records()).toMatchObject([
      { status: 'expired', lastReply: expect.stringContaining('waited too long') },
    ]);
    expect(server.mails).toEqual([]);
  });

  it('that cannot be composed is tried again later, and is in nobody else’s way', async () => {
    const [reader] = await planDigests(context(), 3);
    const email = 'ada@example.com, mallory@example.com';
    await context().db.prisma.subscriber.update({ where: { id: reader ?? 0 }, data: { email } });
    const server = await serve();
    expect(await send(server, { connections: 1 })).toEqual({ ...nothing, sent: 2, queued: 1 });
    expect(await records()).toMatchObject([
      { status: 'queued', attempts: 1, lastReply: expect.stringContaining('could not be composed') },
      { status: 'sent' },
      { status: 'sent' },
    ]);
    later(2);
    expect(await send(server)).toEqual({ ...nothing, queued: 1 });
  });
});

describe('row 28: a subscriber who leaves between the plan and the mail', () => {
  it.each(['unsubscribed', 'paused', 'bounced', 'complained', 'pending'] as const)(
    'gets nothing once %s',
    async (status) => {
      const [leaver] = await planDigests(context(), 2);
      await context().db.prisma.subscriber.update({ where: { id: leaver ?? 0 }, data: { status } });
      const server = await serve();
      expect(await send(server)).toEqual({ ...nothing, sent: 1, suppressed: 1 });
      expect(await records()).toMatchObject([
        { status: 'suppressed', attempts: 0, lastReply: `not sent: the subscriber is ${status}` },
        { status: 'sent' },
      ]);
      expect(server.mails).toHaveLength(1);
    },
  );
});

describe('a recipient who is refused', () => {
  it('row 9: for good, because there is no such address, has failed and gets no digest again', async () => {
    await planDigests(context(), 2);
    let asked = 0;
    const server = await serve(({ step }) =>
      step === 'RCPT' && ++asked === 1 ? { reply: '550 5.1.1 no such user' } : undefined,
    );
    expect(await send(server, { connections: 1 })).toEqual({ ...nothing, sent: 1, failed: 1 });
    expect(await records()).toContainEqual(
      expect.objectContaining({ status: 'failed', attempts: 1, lastReply: '550 5.1.1 no such user' }),
    );
    expect(await context().db.prisma.subscriber.count({ where: { status: 'bounced' } })).toBe(1);
    await makePaper(context().db.prisma, '2026-02-04');
    expect((await planDue(context(), new Date('2026-02-05T08:00:00Z'))).days).toMatchObject([{ due: 1, planned: 1 }]);
  });

  it('row 11: for now, gets the digest once when the server takes it later', async () => {
    await planDigests(context(), 1);
    let asked = 0;
    const server = await serve(({ step }) =>
      step === 'RCPT' && ++asked === 1 ? { reply: '450 4.7.1 greylisted' } : undefined,
    );
    expect(await send(server)).toEqual({ ...nothing, queued: 1 });
    expect(await records()).toMatchObject([{ status: 'queued', attempts: 1, lastReply: '450 4.7.1 greylisted' }]);
    expect(await send(server)).toEqual(nothing);
    later(2);
    expect(await send(server)).toEqual({ ...nothing, sent: 1 });
    expect(await records()).toMatchObject([{ status: 'sent', attempts: 2 }]);
    expect(server.mails).toHaveLength(1);
  });

  it('in words that PostgreSQL cannot store, has failed all the same', async () => {
    await planDigests(context(), 1);
    const server = await serve(({ step }) => (step === 'RCPT' ? { raw: '550 5.1.1 no\0body\r\n' } : undefined));
    expect(await send(server)).toEqual({ ...nothing, failed: 1 });
    expect(await records()).toMatchObject([{ status: 'failed', lastReply: '550 5.1.1 nobody' }]);
  });
});

describe('a domain that asks for less mail', () => {
  const planAt = async (...domains: string[]) => {
    for (const [i, domain] of domains.entries()) {
      const email = `r${i}@${domain}`;
      await makeSubscriber(context().db.prisma, { email, emailKey: email });
    }
    await planDigests(context(), 0);
  };
  const asking = (domain: string, reply: string, open: () => boolean) =>
    serve(({ step, line }) =>
      step === 'RCPT' && line.includes(`@${domain}>`) && !open()
        ? { reply, ...(reply.startsWith('421') && { next: 'close' }) }
        : undefined,
    );
  const asked = (server: TestSmtpServer, domain: string) =>
    server.commands.filter((line) => line.startsWith('RCPT') && line.includes(`@${domain}>`)).length;

  it.each(['421 4.7.28 unusual rate of mail', '450 4.7.28 unusual rate of mail', '421 try later'])(
    'with "%s" is left alone while all others get theirs, and gets its own, spread, after the pause',
    async (reply) => {
      context().expectsLog(/a domain asks for less mail/);
      await planAt(...Array.from({ length: 20 }, () => 'big.example'), 'a.example', 'b.example', 'c.example');
      let open = false;
      const server = await asking('big.example', reply, () => open);
      await send(server, { connections: 1 });
      expect(server.mails).toHaveLength(3);
      expect(asked(server, 'big.example')).toBeLessThanOrEqual(2);
      const waiting = (await records()).filter(({ status }) => status === 'queued');
      expect(waiting).toHaveLength(20);
      const untried = waiting.filter(({ attempts, lastReply }) => attempts === 0 && lastReply === null);
      expect(untried).toHaveLength(19);
      for (const { notBefore } of untried) {
        expect(notBefore.getTime()).toBeGreaterThanOrEqual(morning.getTime() + 60_000);
        expect(notBefore.getTime()).toBeLessThanOrEqual(morning.getTime() + 120_000);
      }
      open = true;
      later(2);
      await send(server, { connections: 1 });
      expect(server.mails).toHaveLength(23);
    },
  );

  it('again and again is left alone for twice as long each time, up to an hour, and begins anew after a quiet hour', async () => {
    const { prisma } = context().db;
    const pauses = [];
    for (let i = 0; i < 8; i++) {
      const until = await pauseDomain(prisma, 'big.example', '421 slow down', context().time.now);
      pauses.push(((until?.getTime() ?? 0) - context().time.now.getTime()) / 60_000);
      expect(await pauseDomain(prisma, 'big.example', '421 slow down', context().time.now)).toBeNull();
      later(pauses.at(-1) ?? 0);
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    later(61);
    const until = await pauseDomain(prisma, 'big.example', '421 slow down', context().time.now);
    expect(until).toEqual(new Date(context().time.now.getTime() + 60_000));
  });

  it('is not one that greylists, where each recipient is to come a second time', async () => {
    await planAt('lab.example', 'lab.example', 'lab.example', 'lab.example');
    let open = false;
    const server = await asking('lab.example', '451 4.7.1 greylisted, come back', () => open);
    await send(server, { connections: 1 });
    expect(asked(server, 'lab.example')).toBe(4);
    open = true;
    later(2);
    expect(await send(server, { connections: 1 })).toEqual({ ...nothing, sent: 4 });
  });
});

describe('rows 2 and 3: a mail whose final answer is lost', () => {
  it.each(['close', 'reset'] as const)(
    'is sent again with the same bytes, by the policy "resend" (%s)',
    async (next) => {
      await planDigests(context(), 1);
      const server = await serve(({ step, connection }) =>
        step === 'dot' && connection === 1 ? { next, keep: true } : undefined,
      );
      expect(await send(server, { inDoubt: 'resend' })).toEqual({ ...nothing, queued: 1 });
      expect(await records()).toMatchObject([{ status: 'queued', attempts: 1, lastReply: expect.stringMatching(/./) }]);
      const { prisma } = context().db;
      await prisma.paper.updateMany({ data: { title: 'Another title', upvotes: 99 } });
      await prisma.subscriber.updateMany({ data: { topics: ['robotics'], timezone: 'Asia/Tokyo', pictures: true } });
      later(2);
      expect(await send(server, { inDoubt: 'resend' })).toEqual({ ...nothing, sent: 1 });
      const [first, second] = server.mails;
      expect(second?.raw.equals(first?.raw ?? Buffer.of())).toBe(true);
      expect(second?.messageId).toBe(first?.messageId);
      expect(server.mails).toHaveLength(2);
    },
  );

  it('is in the language of its subscriber as it was at the first attempt, whatever they choose meanwhile', async () => {
    await planDigests(context(), 1);
    const { prisma } = context().db;
    await prisma.subscriber.updateMany({ data: { language: 'de' } });
    const server = await serve(({ step, connection }) =>
      step === 'dot' && connection === 1 ? { next: 'close', keep: true } : undefined,
    );
    expect(await send(server, { connections: 1 })).toEqual({ ...nothing, queued: 1 });
    await prisma.subscriber.updateMany({ data: { language: 'en' } });
    later(2);
    expect(await send(server)).toEqual({ ...nothing, sent: 1 });
    const [first, second] = server.mails;
    expect(second?.raw.toString()).toBe(first?.raw.toString());
    expect(first?.raw.toString()).toContain('<html lang=3D"de"');
    expect(first?.raw.toString()).toContain('Im Browser:');
  });

  it('is sent again with the same bytes after an upgrade, too: other templates, addresses, sender and keys', async () => {
    await planDigests(context(), 2);
    const server = await serve(({ step, connection }) =>
      step === 'dot' && connection === 1 ? { next: 'close', keep: true } : undefined,
    );
    const before = await deliveryTo(context(), [server.relay], { connections: 1 });
    expect(await deliver(before, new AbortController().signal)).toEqual({ ...nothing, sent: 1, queued: 1 });
    later(2);
    const after = await deliveryTo(context(), [server.relay], { idempotencyHeader: 'X-Key' });
    const { card, ...others } = after.templates.en.source;
    const { config, keys } = after.ctx;
    const upgraded = {
      ...after,
      templates: digestTemplatesOf(
        { card: `<p>New</p>${card}`, ...others },
        { en: { ...mailTexts()['en'], 'digest.whyMail': 'Because.' } },
      ),
      ctx: {
        ...after.ctx,
        config: {
          ...config,
          web: { ...config.web, baseUrl: 'https://new.example.net' },
          mail: { from: { name: 'New', address: 'new@example.net' }, domain: 'example.net', bounceAddress: null },
        },
        keys: new Secret(['another key, that signs from now on', ...keys.reveal()]),
      },
    };
    await planDigests({ ...context(), ...upgraded.ctx }, 1);
    expect(await deliver(upgraded, new AbortController().signal)).toEqual({ ...nothing, sent: 2 });
    const [first, ...copies] = server.mails;
    const again = copies.find(({ messageId }) => messageId === first?.messageId);
    expect(again?.raw.toString()).toBe(first?.raw.toString());
    expect(again?.envelope).toEqual(first?.envelope);
    expect(server.mails.filter(({ raw }) => raw.includes('new.example.net'))).toHaveLength(1);
  });

  it('that was refused, so that no copy is out, is sent as mails are made now', async () => {
    await planDigests(context(), 1);
    const server = await serve(({ step, connection }) =>
      step === 'RCPT' && connection === 1 ? { reply: '450 later' } : undefined,
    );
    await send(server);
    later(2);
    const delivery = await deliveryTo(context(), [server.relay]);
    const { config } = delivery.ctx;
    const moved = { ...config, web: { ...config.web, baseUrl: 'https://new.example.net' } };
    await deliver({ ...delivery, ctx: { ...delivery.ctx, config: moved } }, new AbortController().signal);
    expect(server.mails.map(({ raw }) => raw.includes('new.example.net'))).toEqual([true]);
  });

  it('leaves nothing behind of what its reader had chosen, once it is sent', async () => {
    await planDigests(context(), 1);
    const server = await serve(({ step, connection }) =>
      step === 'dot' && connection === 1 ? { next: 'close', keep: true } : undefined,
    );
    const kept = async () => (await context().db.prisma.digest.findFirstOrThrow()).reader;
    await send(server);
    expect(await kept()).toContain('UTC');
    later(2);
    await send(server);
    expect(await kept()).toBeNull();
  });

  it('is in doubt, and never sent again by itself, by the policy "hold"', async () => {
    await planDigests(context(), 1);
    const server = await serve(({ step }) => (step === 'dot' ? { next: 'close', keep: true } : undefined));
    expect(await send(server, { inDoubt: 'hold' })).toEqual({ ...nothing, in_doubt: 1 });
    later(60);
    expect(await send(server, { inDoubt: 'hold' })).toEqual(nothing);
    later(24 * 60);
    expect(await send(server, { inDoubt: 'hold' })).toEqual(nothing);
    expect(await statuses()).toEqual(['in_doubt']);
    expect(server.mails).toHaveLength(1);
  });
});

/** How many digests wait as if nobody had ever tried to send them. */
const untouched = async () =>
  (await records()).filter(({ status, attempts }) => status === 'queued' && attempts === 0).length;

describe('an outage of all relays', () => {
  it('row 12: lasts as long as 421 is the greeting, is tried from time to time by one, costs nobody anything, and ends', async () => {
    context().expectsLog(/no relay takes mail/);
    await planDigests(context(), 20);
    let closed = true;
    const server = await serve(({ step }) =>
      step === 'greeting' && closed ? { reply: '421 4.3.2 closed', next: 'close' } : undefined,
    );
    for (let second = 0; second < 3_600; second += 15) {
      await Promise.all([send(server, { connections: 5 }), send(server, { connections: 5 })]);
      later(0.25);
    }
    // Five connections of each of two workers at first, and then one probe after the other, five minutes apart at the most.
    expect(server.connections()).toBeLessThan(10 + 30);
    expect(await untouched()).toBe(20);
    expect(await findOutage(context().db.prisma)).toMatchObject({ reply: expect.stringContaining('421 4.3.2 closed') });
    closed = false;
    later(6);
    expect(await send(server)).toEqual({ ...nothing, sent: 20 });
    expect(await findOutage(context().db.prisma)).toBeNull();
  });

  it.each([
    ['row 15: a login that is refused', 'AUTH', '535 5.7.8 authentication failed'],
    ['row 16: throttling', 'MAIL', '454 Throttling failure: Maximum sending rate exceeded.'],
  ] as const)('%s pauses all sending, and costs no digest an attempt', async (_, refusedAt, reply) => {
    context().expectsLog(/no relay takes mail/);
    await planDigests(context(), 20);
    let refuses = true;
    const server = await startSmtpServer({
      extensions: ['AUTH PLAIN'],
      on: ({ step }) => (step === refusedAt && refuses ? { reply } : undefined),
    });
    servers.push(server);
    const relay = { ...server.relay, login: { user: 'ada', password: new Secret('secret') } };
    await send({ relay }, { connections: 2 });
    const asked = server.commands.filter((line) => line.startsWith(refusedAt)).length;
    expect(asked).toBeLessThanOrEqual(2);
    await send({ relay }, { connections: 2 });
    expect(server.commands.filter((line) => line.startsWith(refusedAt))).toHaveLength(asked);
    expect(await untouched()).toBe(20);
    refuses = false;
    later(2);
    expect(await send({ relay })).toEqual({ ...nothing, sent: 20 });
  });

  it('is over as soon as a connection is there, where nothing is due', async () => {
    context().expectsLog(/no relay takes mail/);
    await planDigests(context(), 1);
    const gone = await startSmtpServer();
    await gone.close();
    await send(gone);
    await context().db.prisma.digest.deleteMany();
    later(1);
    const server = await serve();
    expect(await send(server)).toEqual(nothing);
    expect(server.connections()).toBe(1);
    expect(await findOutage(context().db.prisma)).toBeNull();
  });

  it('is one that ends each connection at the first mail, too, and a probe that meets the same does not end it', async () => {
    context().expectsLog(/no relay takes mail/);
    await planDigests(context(), 20);
    const server = await serve(({ step }) => (step === 'MAIL' ? { next: 'close' } : undefined));
    await send(server, { connections: 2 });
    later(2);
    await send(server, { connections: 2 });
    expect(await findOutage(context().db.prisma)).not.toBeNull();
    expect(await untouched()).toBe(20);
    const connections = server.connections();
    await send(server, { connections: 2 });
    expect(server.connections()).toBe(connections);
  });

  it('is none where one connection is too many and the others send', async () => {
    await planDigests(context(), 20);
    const server = await serve(({ step, connection }) =>
      step === 'greeting' && connection > 2 ? { reply: '421 4.7.0 too many connections', next: 'close' } : undefined,
    );
    expect(await send(server, { connections: 5 })).toEqual({ ...nothing, sent: 20 });
    expect(await findOutage(context().db.prisma)).toBeNull();
  });

  it('row 8: a refusal by policy for fifty people pauses the run with one alert, and takes nobody off the list', async () => {
    context().expectsLog(/no relay takes mail/);
    await planDigests(context(), 50);
    const server = await serve(({ step }) => (step === 'dot' ? { reply: '554 5.7.1 policy' } : undefined));
    await send(server, { connections: 3 });
    expect(server.commands.filter((line) => line.startsWith('MAIL')).length).toBeLessThan(15);
    expect(new Set(await statuses())).toEqual(new Set(['queued']));
    expect(await context().db.prisma.subscriber.count({ where: { status: 'active' } })).toBe(50);
  });
});

describe('a relay that takes no mail', () => {
  it('costs no recipient an attempt while it cannot be reached', async () => {
    await planDigests(context(), 30);
    const gone = await startSmtpServer();
    await gone.close();
    context().expectsLog(/no relay takes mail/);
    expect(await send(gone, { connections: 3 })).toEqual(nothing);
    expect(await untouched()).toBe(30);
    later(2);
    expect(await send(await serve())).toEqual({ ...nothing, sent: 30 });
  });

  it('costs no recipient an attempt while it says so at the greeting', async () => {
    await planDigests(context(), 3);
    let open = false;
    const server = await serve(({ step }) =>
      step === 'greeting' && !open ? { reply: '421 4.3.2 closed', next: 'close' } : undefined,
    );
    context().expectsLog(/no relay takes mail/);
    expect(await send(server, { connections: 1 })).toEqual(nothing);
    expect(server.connections()).toBe(1);
    expect(await untouched()).toBe(3);
    open = true;
    later(2);
    expect(await send(server)).toEqual({ ...nothing, sent: 3 });
  });
});

describe('a delivery that is asked to stop', () => {
  it('row 59: finishes the mails in flight, and leaves none under way', async () => {
    await planDigests(context(), 20);
    const stop = new AbortController();
    const server = await serve(({ step, connection }) => {
      if (step === 'dot' && connection === 3) stop.abort();
      return undefined;
    });
    const { sent } = await send(server, { connections: 3 }, stop.signal);
    expect(sent).toBe(server.mails.length);
    expect(sent).toBeLessThan(20);
    const left = (await statuses()).filter((status) => status !== 'sent');
    expect(new Set(left)).toEqual(new Set(['queued']));
    expect(left).toHaveLength(20 - sent);
    expect(await send(server)).toEqual({ ...nothing, sent: 20 - sent });
  });

  it('claims nothing more while it waits for its turn', async () => {
    await planDigests(context(), 2);
    const stop = new AbortController();
    const server = await serve(({ step }) => {
      if (step === 'dot') stop.abort();
      return undefined;
    });
    expect(await send(server, { rate: 0.01 }, stop.signal)).toEqual({ ...nothing, sent: 1 });
    expect((await records()).map(({ status, attempts }) => [status, attempts]).toSorted()).toEqual([
      ['queued', 0],
      ['sent', 1],
    ]);
  });

  it('sends nothing where that was asked before it began', async () => {
    await planDigests(context(), 1);
    const server = await serve();
    expect(await send(server, {}, AbortSignal.abort())).toEqual(nothing);
    expect(server.connections()).toBe(0);
  });
});

describe('a delivery until all is done', () => {
  it('comes back for what is to be tried again', async () => {
    await planDigests(context(), 3);
    let asked = 0;
    const server = await serve(({ step }) => {
      if (step === 'QUIT') later(2);
      return step === 'RCPT' && ++asked === 1 ? { reply: '451 4.3.0 later' } : undefined;
    });
    const delivery = await deliveryTo(context(), [server.relay], { connections: 1 });
    const report = await deliverUntilIdle(delivery, new AbortController().signal);
    expect(report).toEqual({ ...nothing, sent: 3, queued: 1 });
  });

  it('ends where it is asked to, though there is more to do', async () => {
    await planDigests(context(), 1);
    const stop = new AbortController();
    const server = await serve(({ step }) => {
      if (step === 'RCPT') stop.abort();
      return step === 'RCPT' ? { reply: '451 4.3.0 later' } : undefined;
    });
    const delivery = await deliveryTo(context(), [server.relay]);
    expect(await deliverUntilIdle(delivery, stop.signal)).toEqual({ ...nothing, queued: 1 });
  });

  it('waits where the database ends its connections between two looks', async () => {
    await planDigests(context(), 1);
    context().expectsLog(/database cannot be used: waiting/);
    const { pool } = context().db;
    let firstLookEnded = false;
    const server = await serve(({ step }) => {
      firstLookEnded ||= step === 'QUIT';
      return step === 'RCPT' ? { reply: '451 4.3.0 later' } : undefined;
    });
    const ended = deliverUntilIdle(await deliveryTo(context(), [server.relay]), new AbortController().signal);
    await expect.poll(() => firstLookEnded).toBe(true);
    const holder = await pool.connect();
    await holder.query('begin; lock table digests');
    await expect.poll(() => terminateWaiting(pool), { timeout: 5_000 }).toBeGreaterThan(0);
    await holder.query("update digests set status = 'failed'; commit");
    holder.release();
    expect(await ended).toEqual({ ...nothing, queued: 1 });
  });
});

describe('a relay that refuses everybody', () => {
  it('is at fault itself: it empties no list, sending stops, and the digests wait', async () => {
    context().expectsLog(/no relay takes mail/);
    await planDigests(context(), 60);
    const server = await serve(({ step }) => (step === 'RCPT' ? { reply: '550 5.1.1 no such user' } : undefined));
    const delivery = await deliveryTo(context(), [server.relay], { connections: 3 });
    await deliver(delivery, new AbortController().signal);
    await deliver(delivery, new AbortController().signal);
    const bounced = await context().db.prisma.subscriber.count({ where: { status: 'bounced' } });
    expect(bounced).toBeLessThanOrEqual(10);
    expect((await statuses()).filter((status) => status === 'queued')).toHaveLength(60 - bounced);
  });

  it('is told from a list with some dead addresses', async () => {
    await planDigests(context(), 60);
    let recipients = 0;
    const server = await serve(({ step }) =>
      step === 'RCPT' && recipients++ % 3 === 0 ? { reply: '550 5.1.1 no such user' } : undefined,
    );
    expect(await send(server)).toMatchObject({ sent: 40, failed: 20, queued: 0 });
  });
});
