import { beforeEach, describe, expect, it } from 'vitest';
import type { Context } from '../../src/context.js';
import type { Jobs } from '../../src/database/queue.js';
import { Secret } from '../../src/secret.js';
import { openLink } from '../../src/subscribers/access.js';
import { type Address, emailKey } from '../../src/subscribers/address.js';
import { addressHashes } from '../../src/subscribers/address-hash.js';
import { unsubscribe } from '../../src/subscribers/lifecycle.js';
import { confirmationLink } from '../../src/subscribers/links.js';
import { signUpMailFor } from '../../src/subscribers/mails.js';
import { networkHash, pruneNetworkKeys } from '../../src/subscribers/network-hash.js';
import { pruneSignUps } from '../../src/subscribers/prune.js';
import { confirm, confirmationLifetime, isExpired, signUp } from '../../src/subscribers/sign-up.js';
import { useContext } from '../helpers/context.js';

const context = useContext();
const hour = 3_600_000;
const start = new Date('2026-02-04T12:00:00Z');
const ada = 'Ada@example.org' as Address;

beforeEach(async () => {
  const ctx = context();
  ctx.time.now = start;
  await ctx.db.pool.query('truncate subscribers, confirmation_requests, suppressions cascade');
  await ctx.db.pool.query('delete from graphile_worker._private_jobs');
});

const ask = (choice: Partial<Parameters<typeof signUp>[1]> = {}, ctx: Context = context()) =>
  signUp(ctx, { address: ada, topics: ['agents'], timezone: 'Europe/Berlin', language: 'en', ...choice });
const later = (milliseconds: number) => {
  const { time } = context();
  time.now = new Date(time.now.getTime() + milliseconds);
};
const queuedJobs = async () => {
  const { rows } = await context().db.pool.query<{ payload: Jobs['sign-up-mail'] }>(
    `select payload from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
     where t.identifier = 'sign-up-mail' order by j.id`,
  );
  return rows.map(({ payload }) => payload);
};
const queued = async () => (await queuedJobs()).map(({ subscriberId }) => subscriberId);
const stored = () => context().db.prisma.subscriber.findFirstOrThrow();
/** The token of the link that is in the newest mail. */
const linkToken = async () => {
  const jobs = await queuedJobs();
  const { subscriberId, signUpId } = jobs.at(-1) ?? { subscriberId: 0, signUpId: '' };
  const subscriber = await context().db.prisma.subscriber.findUniqueOrThrow({ where: { id: subscriberId } });
  return confirmationLink(context(), subscriber, signUpId).split('/').at(-1) ?? '';
};
const access = async (token: string) => {
  const found = await openLink(context(), 'confirm', token);
  if (!found) throw new Error('the link does not open');
  return found;
};
const activate = async (token: string) =>
  confirm(context().db.prisma, context(), await access(token), { text: 'Every morning', network: '203.0.113.7' });

describe('a sign-up', () => {
  it('makes a pending subscriber and asks for the mail about them', async () => {
    await ask();
    const subscriber = await stored();
    expect(subscriber).toMatchObject({
      email: 'Ada@example.org',
      emailKey: 'ada@example.org',
      status: 'pending',
      topics: [],
      timezone: 'UTC',
      confirmedAt: null,
    });
    expect(await queued()).toEqual([subscriber.id]);
  });

  it('is answered once in 24 hours', async () => {
    await ask();
    await ask({ topics: ['robotics'], timezone: 'UTC' });
    later(24 * hour - 1);
    await ask({ address: 'ADA@example.org' as Address });
    expect(await queued()).toHaveLength(1);
    later(1);
    await ask();
    expect(await queued()).toHaveLength(2);
  });

  it('finding 6: by whatever variant of an address is answered once, as they lead to one mailbox', async () => {
    for (const address of [
      'vic.tim@gmail.com',
      'v.i.c.t.i.m@googlemail.com',
      'victim+1@gmail.com',
      'VICTIM+2@gmail.com',
    ])
      await ask({ address: address as Address });
    await Promise.all(Array.from({ length: 20 }, (_, i) => ask({ address: `target+${i}@example.org` as Address })));
    expect(await queued()).toHaveLength(2);
  });

  it('finding 8: by a stranger changes nothing of somebody who is pending or unsubscribed, the spelling neither', async () => {
    await ask();
    const token = await linkToken();
    const before = await stored();
    later(25 * hour);
    await ask({ address: 'ADA@Example.org' as Address, topics: ['robotics'], timezone: 'Pacific/Auckland' });
    expect(await stored()).toEqual(before);
    expect(await activate(token)).toBe('activated');
    expect(await stored()).toMatchObject({ topics: ['agents'], timezone: 'Europe/Berlin' });
    await unsubscribe(context(), before.id);
    const gone = await stored();
    await ask({ topics: ['robotics'], timezone: 'Pacific/Auckland' });
    expect(await stored()).toEqual(gone);
  });

  it('finding 8: is answered though others have asked in its name as often as they could, once their links have expired', async () => {
    for (let day = 0; day < 3; day++) {
      await ask({ topics: ['robotics'] });
      later(24 * hour);
    }
    later(6 * 24 * hour - 1);
    await ask();
    expect(await queued()).toHaveLength(3);
    later(1);
    await ask();
    expect(await queued()).toHaveLength(4);
    expect(await activate(await linkToken())).toBe('activated');
    expect(await stored()).toMatchObject({ topics: ['agents'] });
  });

  it('is answered three times in 30 days, and else a week after the last answer', async () => {
    for (let day = 0; day < 30; day++) {
      await ask();
      later(24 * hour);
    }
    // On the days 0, 1, 2, 9, 16 and 23.
    expect(await queued()).toHaveLength(6);
  });

  it('is answered once when many come at the same moment', async () => {
    await Promise.all(Array.from({ length: 15 }, () => ask()));
    expect(await queued()).toHaveLength(1);
  });

  it('leaves an active subscription as it is, and asks for the mail that says so', async () => {
    await ask();
    await activate(await linkToken());
    await ask({ topics: ['robotics'], timezone: 'UTC' });
    expect(await stored()).toMatchObject({ status: 'active', topics: ['agents'], timezone: 'Europe/Berlin' });
    expect(await queued()).toHaveLength(2);
  });

  it('of a suppressed address is never answered, also after the secret key was rotated', async () => {
    const ctx = context();
    const [old] = addressHashes(ctx.keys, emailKey(ada));
    await ctx.db.prisma.suppression.create({
      data: { addressHash: old ?? Buffer.alloc(0), reason: 'complained', createdAt: start },
    });
    const rotated = { ...ctx, keys: new Secret(['a-new-key-of-this-service', ...ctx.keys.reveal()]) };
    await ask({}, rotated);
    await ask();
    expect(await queued()).toEqual([]);
  });

  it('is held back by a cooldown that began before the secret key was rotated', async () => {
    const ctx = context();
    await ask();
    await ask({}, { ...ctx, keys: new Secret(['a-new-key-of-this-service', ...ctx.keys.reveal()]) });
    expect(await queued()).toHaveLength(1);
  });

  it.each(['bounced', 'complained'] as const)('of an address that %s is not answered', async (status) => {
    await ask();
    await context().db.prisma.subscriber.updateMany({ data: { status } });
    later(25 * hour);
    await ask();
    expect(await queued()).toHaveLength(1);
    expect(await stored()).toMatchObject({ status });
  });

  it('leaves nothing behind where its job could not be added', async () => {
    const { pool } = context().db;
    await pool.query('alter function graphile_worker.add_job rename to gone');
    await expect(ask()).rejects.toThrow();
    await pool.query('alter function graphile_worker.gone rename to add_job');
    expect(await context().db.prisma.subscriber.count()).toBe(0);
    expect(await context().db.prisma.confirmationRequest.count()).toBe(0);
  });
});

describe('the mail that answers a sign-up', () => {
  it.each([
    ['pending', 'confirmation'],
    ['unsubscribed', 'confirmation'],
    ['active', 'already-subscribed'],
    ['paused', 'already-subscribed'],
    ['bounced', null],
    ['complained', null],
  ] as const)('of someone %s is: %s', (status, answer) => {
    expect(signUpMailFor(status)).toBe(answer);
  });
});

describe('a confirmation', () => {
  it('activates, once', async () => {
    await ask();
    const token = await linkToken();
    later(hour);
    expect(await activate(token)).toBe('activated');
    later(hour);
    expect(await activate(token)).toBe('active');
    expect(await stored()).toMatchObject({ status: 'active', confirmedAt: new Date(start.getTime() + hour) });
  });

  it('keeps what was agreed to, when, and a hash of the network from where', async () => {
    await ask();
    await activate(await linkToken());
    const { consentText, consentNetworkHash, confirmedAt } = await stored();
    expect({ consentText, confirmedAt }).toEqual({ consentText: 'Every morning', confirmedAt: start });
    const { prisma } = context().db;
    expect(Buffer.from(consentNetworkHash ?? [])).toEqual(await networkHash(prisma, '203.0.113.7', start));
    expect(Buffer.from(consentNetworkHash ?? [])).not.toEqual(await networkHash(prisma, '203.0.113.8', start));
  });

  it('hashes networks under a key of the month, which is deleted after 400 days', async () => {
    const { prisma } = context().db;
    const [before, sameMonth, nextMonth] = [
      await networkHash(prisma, '203.0.113.7', start),
      await networkHash(prisma, '203.0.113.7', new Date('2026-02-28T23:59:59Z')),
      await networkHash(prisma, '203.0.113.7', new Date('2026-03-01T00:00:00Z')),
    ];
    expect(sameMonth).toEqual(before);
    expect(nextMonth).not.toEqual(before);
    const day = 86_400_000;
    expect(await pruneNetworkKeys(prisma, new Date(start.getTime() + 400 * day))).toEqual({ networkKeys: 0 });
    const forgotten = new Date(Date.parse('2026-03-01T00:00:00Z') + 400 * day);
    expect(await pruneNetworkKeys(prisma, forgotten)).toEqual({ networkKeys: 1 });
    expect(await networkHash(prisma, '203.0.113.7', start)).not.toEqual(before);
  });

  it('forgets how often the address was mailed: it has proved itself', async () => {
    await ask();
    await activate(await linkToken());
    expect(await context().db.prisma.confirmationRequest.count()).toBe(0);
  });

  it('expires after seven days', async () => {
    await ask();
    const token = await linkToken();
    later(confirmationLifetime - 1);
    expect(isExpired(await access(token), context().time.now)).toBe(false);
    later(1);
    expect(isExpired(await access(token), context().time.now)).toBe(true);
  });

  it('from before an unsubscription brings nobody back, a newer one does', async () => {
    await ask();
    const old = await linkToken();
    await activate(old);
    later(2 * hour);
    await unsubscribe(context(), (await stored()).id);
    expect(isExpired(await access(old), context().time.now)).toBe(true);
    await ask({ topics: ['robotics'] });
    later(1_000);
    const fresh = await linkToken();
    expect(isExpired(await access(fresh), context().time.now)).toBe(false);
    expect(await activate(fresh)).toBe('activated');
    expect(await stored()).toMatchObject({ status: 'active', unsubscribedAt: null, topics: ['robotics'] });
  });

  it('finding 14: brings nobody back who left in the same minute', async () => {
    await ask();
    const token = await linkToken();
    later(60_000);
    await activate(token);
    await unsubscribe(context(), (await stored()).id);
    expect(isExpired(await access(token), context().time.now)).toBe(true);
  });

  it.each(['bounced', 'complained'] as const)('is refused to an address that %s', async (status) => {
    await ask();
    const token = await linkToken();
    await context().db.prisma.subscriber.updateMany({ data: { status } });
    expect(await activate(token)).toBe('refused');
    expect(await stored()).toMatchObject({ status });
  });
});

describe('pruning', () => {
  it('forgets sign-ups and requests after 30 days, and no one who confirmed', async () => {
    const { db } = context();
    await ask();
    await ask({ address: 'bob@example.org' as Address });
    await activate(await linkToken());
    later(30 * 24 * hour);
    expect(await pruneSignUps(db.prisma, context().time.now)).toEqual({ signUps: 0, confirmationRequests: 0 });
    later(1);
    expect(await pruneSignUps(db.prisma, context().time.now)).toEqual({ signUps: 1, confirmationRequests: 1 });
    expect(await stored()).toMatchObject({ emailKey: 'bob@example.org' });
  });

  it('counts from the first of several sign-ups: nobody can keep an address here that does not confirm', async () => {
    await ask();
    later(20 * 24 * hour);
    await ask();
    later(10 * 24 * hour + 1);
    expect(await pruneSignUps(context().db.prisma, context().time.now)).toMatchObject({ signUps: 1 });
  });
});
