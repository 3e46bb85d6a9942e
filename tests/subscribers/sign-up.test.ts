import { beforeEach, describe, expect, it } from 'vitest';
import type { Context } from '../../src/context.js';
import { Secret } from '../../src/secret.js';
import { openLink } from '../../src/subscribers/access.js';
import { type Address, emailKey } from '../../src/subscribers/address.js';
import { addressHashes } from '../../src/subscribers/address-hash.js';
import { unsubscribe } from '../../src/subscribers/lifecycle.js';
import { confirmationLink } from '../../src/subscribers/links.js';
import { signUpMailFor } from '../../src/subscribers/mails.js';
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
  signUp(ctx, { address: ada, topics: ['agents'], timezone: 'Europe/Berlin', ...choice });
const later = (milliseconds: number) => {
  const { time } = context();
  time.now = new Date(time.now.getTime() + milliseconds);
};
const queued = async () => {
  const { rows } = await context().db.pool.query<{ payload: { subscriberId: number } }>(
    `select payload from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
     where t.identifier = 'sign-up-mail' order by j.id`,
  );
  return rows.map(({ payload }) => payload.subscriberId);
};
const stored = () => context().db.prisma.subscriber.findFirstOrThrow();
const linkToken = async () =>
  confirmationLink(context(), await stored())
    .split('/')
    .at(-1) ?? '';
const access = async (token: string) => {
  const found = await openLink(context(), 'confirm', token);
  if (!found) throw new Error('the link does not open');
  return found;
};
const activate = async (token: string) => confirm(context().db.prisma, context(), await access(token));

describe('a sign-up', () => {
  it('makes a pending subscriber and asks for the mail about them', async () => {
    await ask();
    const subscriber = await stored();
    expect(subscriber).toMatchObject({
      email: 'Ada@example.org',
      emailKey: 'ada@example.org',
      status: 'pending',
      topics: ['agents'],
      timezone: 'Europe/Berlin',
      confirmedAt: null,
    });
    expect(await queued()).toEqual([subscriber.id]);
  });

  it('is answered once in 24 hours, and the newest choice counts', async () => {
    await ask();
    await ask({ topics: ['robotics'], timezone: 'UTC' });
    later(24 * hour - 1);
    await ask({ address: 'ADA@example.org' as Address, topics: ['robotics'], timezone: 'UTC' });
    expect(await queued()).toHaveLength(1);
    expect(await stored()).toMatchObject({ email: 'ADA@example.org', topics: ['robotics'], timezone: 'UTC' });
    later(1);
    await ask();
    expect(await queued()).toHaveLength(2);
  });

  it('is answered three times in 30 days', async () => {
    for (let day = 0; day < 30; day++) {
      await ask();
      later(24 * hour);
    }
    expect(await queued()).toHaveLength(3);
    await ask();
    expect(await queued()).toHaveLength(4);
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
    expect(await stored()).toMatchObject({ status: 'unsubscribed', topics: ['robotics'] });
    const fresh = await linkToken();
    expect(isExpired(await access(fresh), context().time.now)).toBe(false);
    expect(await activate(fresh)).toBe('activated');
    expect(await stored()).toMatchObject({ status: 'active', unsubscribedAt: null });
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
    await activate(
      confirmationLink(
        context(),
        await db.prisma.subscriber.findUniqueOrThrow({ where: { emailKey: 'bob@example.org' } }),
      )
        .split('/')
        .at(-1) ?? '',
    );
    later(30 * 24 * hour);
    expect(await pruneSignUps(db.prisma, context().time.now)).toEqual({ signUps: 0, confirmationRequests: 0 });
    later(1);
    expect(await pruneSignUps(db.prisma, context().time.now)).toEqual({ signUps: 1, confirmationRequests: 1 });
    expect(await stored()).toMatchObject({ emailKey: 'bob@example.org' });
  });

  it('counts from the newest of several sign-ups', async () => {
    await ask();
    later(20 * 24 * hour);
    await ask();
    later(20 * 24 * hour);
    expect(await pruneSignUps(context().db.prisma, context().time.now)).toMatchObject({ signUps: 0 });
  });
});
