import { beforeEach, describe, expect, it } from 'vitest';
import { deliver } from '../../src/digests/deliver.js';
import { applyFeedback, proveSubject, takeReports } from '../../src/digests/feedback.js';
import { planDue } from '../../src/digests/plan.js';
import { readFeedback } from '../../src/mail/feedback.js';
import { Secret } from '../../src/secret.js';
import { subscriberLinks } from '../../src/subscribers/links.js';
import { useContext } from '../helpers/context.js';
import { startImapServer } from '../helpers/imap-server.js';
import { makePaper } from '../helpers/rows.js';
import { type SmtpScript, startSmtpServer } from '../helpers/smtp-server.js';
import { complaint, deliveryReport, outOfOffice } from '../mail/reports.js';
import { deliveryTo, morning, planDigests, recordedDigests, startMorning } from './delivery.js';

const context = useContext({ BOUNCE_ADDRESS: 'bounce@example.org' }, [/digest not sent/]);
beforeEach(() => startMorning(context()));

/** Sends what is due; returns the envelope senders, and with them whom bounces come back to. */
async function send(on?: SmtpScript['on'], inDoubt: 'resend' | 'hold' = 'resend'): Promise<string[]> {
  const server = await startSmtpServer(on ? { on } : {});
  await deliver(await deliveryTo(context(), [server.relay], { inDoubt }), new AbortController().signal);
  await server.close();
  return server.mails.map(({ envelope }) => envelope.from);
}

async function hear(raw: Buffer) {
  const feedback = await readFeedback(raw);
  if (!feedback) throw new Error('This is no report');
  return applyFeedback(context(), feedback, await proveSubject(context(), feedback.evidence));
}

const subscribers = async () =>
  (await context().db.prisma.subscriber.findMany({ orderBy: { id: 'asc' } })).map(({ status }) => status);
const digests = async () => (await recordedDigests(context())).map(({ status }) => status);

describe('a bounce', () => {
  it('that says that the address does not exist ends all mail to it, and the digest has failed', async () => {
    const [reader] = await planDigests(context(), 2);
    const [returnPath = ''] = await send();
    expect(await hear(deliveryReport(returnPath))).toMatchObject({
      action: 'suppressed',
      subscriber: expect.any(Number),
    });
    expect((await subscribers()).toSorted()).toEqual(['active', 'bounced']);
    expect((await digests()).toSorted()).toEqual(['failed', 'sent']);
    const failed = (await recordedDigests(context())).find(({ status }) => status === 'failed');
    expect(failed?.lastReply).toBe('bounced: 550 5.1.1 <a…@example.com>: no such user here');
    expect(reader).toBeDefined();
    expect(await hear(deliveryReport(returnPath))).toMatchObject({ action: 'suppressed' });
    expect((await subscribers()).toSorted()).toEqual(['active', 'bounced']);
  });

  it('comes to an address whose letters a server may have changed', async () => {
    await planDigests(context(), 1);
    const [returnPath = ''] = await send();
    await hear(deliveryReport(returnPath.toUpperCase()));
    expect(await subscribers()).toEqual(['bounced']);
  });

  it.each([
    ['a full mailbox', '5.2.2', '552 5.2.2 mailbox full'],
    ['a policy', '5.7.1', '554 5.7.1 not from you'],
  ])('for %s takes nobody off the list', async (_, status, diagnostic) => {
    await planDigests(context(), 1);
    const [returnPath = ''] = await send();
    expect(await hear(deliveryReport(returnPath, { status, diagnostic }))).toMatchObject({ action: 'noted' });
    expect([await subscribers(), await digests()]).toEqual([['active'], ['failed']]);
  });

  it('without a code that says why gives an address up the third time in a row', async () => {
    await planDigests(context(), 1);
    const seen = [];
    for (let day = 0; day < 3; day++) {
      const at = new Date(morning.getTime() + day * 86_400_000);
      context().time.now = at;
      if (day > 0) {
        await makePaper(context().db.prisma, new Date(at.getTime() - 86_400_000).toISOString().slice(0, 10));
        await planDue(context(), at);
      }
      const [returnPath = ''] = await send();
      await hear(deliveryReport(returnPath, { status: 'unknown', diagnostic: 'it did not work' }));
      seen.push(...(await subscribers()));
    }
    expect(seen).toEqual(['active', 'active', 'bounced']);
  });

  it('that is only a delay changes nothing', async () => {
    await planDigests(context(), 1);
    const [returnPath = ''] = await send();
    expect(await hear(deliveryReport(returnPath, { action: 'delayed', status: '4.4.1' }))).toMatchObject({
      action: 'ignored',
    });
    expect([await subscribers(), await digests()]).toEqual([['active'], ['sent']]);
  });

  it('row 55: with a tag that is forged, or of nobody, changes nothing', async () => {
    await planDigests(context(), 1);
    const [returnPath = ''] = await send();
    const flipped = returnPath.replace(/(.)@/, (_, last: string) => `${last === '0' ? '1' : '0'}@`);
    const { id } = await context().db.prisma.digest.findFirstOrThrow();
    for (const to of [flipped, `bounce+${id.replaceAll('-', '')}000000000000@example.org`, 'bounce@example.org'])
      expect(await hear(deliveryReport(to))).toEqual({ action: 'ignored', digest: null, subscriber: null });
    await context().db.prisma.digest.deleteMany();
    expect(await hear(deliveryReport(returnPath))).toMatchObject({ action: 'ignored' });
    expect(await subscribers()).toEqual(['active']);
  });
});

describe('a digest in doubt', () => {
  const inDoubt = () => send(({ step }) => (step === 'dot' ? { next: 'close', keep: true } : undefined), 'hold');

  it('was sent, where a delivery report says so', async () => {
    await planDigests(context(), 1);
    const [returnPath = ''] = await inDoubt();
    expect(await digests()).toEqual(['in_doubt']);
    const delivered = { action: 'delivered', status: '2.0.0', diagnostic: '250 2.0.0 ok' };
    expect(await hear(deliveryReport(returnPath, delivered))).toMatchObject({ action: 'noted' });
    expect(await digests()).toEqual(['sent']);
  });

  it('was taken by the relay, where it bounces', async () => {
    await planDigests(context(), 1);
    const [returnPath = ''] = await inDoubt();
    await hear(deliveryReport(returnPath));
    expect([await subscribers(), await digests()]).toEqual([['bounced'], ['failed']]);
  });

  it('that waits to be sent again is not, once a delivery report says that it has arrived', async () => {
    await planDigests(context(), 1);
    const [returnPath = ''] = await send(({ step }) => (step === 'dot' ? { next: 'close', keep: true } : undefined));
    expect(await digests()).toEqual(['queued']);
    await hear(deliveryReport(returnPath, { action: 'delivered', status: '2.0.0', diagnostic: '250 ok' }));
    context().time.now = new Date(morning.getTime() + 3_600_000);
    expect(await send()).toEqual([]);
    expect(await digests()).toEqual(['sent']);
  });
});

describe('a complaint', () => {
  it('row 57: ends all mail to whoever has the link of the mail, though the recipient is made unreadable', async () => {
    const [reader = 0] = await planDigests(context(), 2);
    await send();
    const { unsubscribe } = subscriberLinks(
      context(),
      await context().db.prisma.subscriber.findUniqueOrThrow({ where: { id: reader } }),
    );
    expect(await hear(complaint('fbl@example.org', { unsubscribe }))).toMatchObject({
      action: 'suppressed',
      subscriber: reader,
    });
    expect(await subscribers()).toEqual(['complained', 'active']);
    expect(await hear(complaint('fbl@example.org', { unsubscribe }))).toMatchObject({ action: 'ignored' });
  });

  it('comes by the return path of the mail, too', async () => {
    await planDigests(context(), 1);
    const [returnPath = ''] = await send();
    await hear(complaint('fbl@example.org', { returnPath }));
    expect(await subscribers()).toEqual(['complained']);
  });

  it('with a forged link changes nothing', async () => {
    await planDigests(context(), 1);
    const [returnPath = ''] = await send();
    const token = returnPath.slice(7, 43);
    const unsubscribe = `https://papers.example.org/unsubscribe/${token}`;
    expect(await hear(complaint('fbl@example.org', { unsubscribe }))).toMatchObject({ action: 'ignored' });
    expect(await subscribers()).toEqual(['active']);
  });
});

describe('the inbox that mails come back to', () => {
  const fetch = async (url: string) => {
    const config = { ...context().config, bounceInbox: new Secret(url) };
    return takeReports({ ...context(), config }, new AbortController().signal);
  };

  it('is read once: each mail is taken for what it is, and one that nobody can read keeps none of the others', async () => {
    context().expectsLog(/cannot be read/);
    await planDigests(context(), 2);
    const [returnPath = ''] = await send();
    // Deeper than any parser goes.
    const boundary = (depth: number) => `Content-Type: multipart/mixed; boundary=b${depth}\r\n\r\n--b${depth}\r\n`;
    const unreadable = Buffer.from(Array.from({ length: 500 }, (_, depth) => boundary(depth)).join(''));
    const server = await startImapServer([
      outOfOffice(returnPath),
      unreadable,
      deliveryReport('bounce+00ff@example.org'),
      deliveryReport(returnPath, { diagnostic: '550 5.1.1 no\0body' }),
    ]);
    try {
      expect(await fetch(server.url)).toEqual({ read: 4, suppressed: 1, noted: 0, ignored: 3, failed: 0 });
      expect((await subscribers()).toSorted()).toEqual(['active', 'bounced']);
      expect((await recordedDigests(context())).map(({ lastReply }) => lastReply)).toContain(
        'bounced: 550 5.1.1 nobody',
      );
      expect(server.mails.every(({ seen }) => seen)).toBe(true);
      expect(await fetch(server.url)).toMatchObject({ read: 0 });
    } finally {
      await server.close();
    }
  });

  it('is left as it is where nothing can be put on record, and read again', async () => {
    context().expectsLog(/is not on record/);
    await planDigests(context(), 1);
    const [returnPath = ''] = await send();
    const server = await startImapServer([deliveryReport(returnPath)]);
    try {
      await context().db.pool.query('alter table digests rename to digests_away');
      expect(await fetch(server.url)).toMatchObject({ read: 1, failed: 1 });
      await context().db.pool.query('alter table digests_away rename to digests');
      expect(await subscribers()).toEqual(['active']);
      expect(await fetch(server.url)).toMatchObject({ read: 1, suppressed: 1 });
    } finally {
      await server.close();
    }
  });
});
