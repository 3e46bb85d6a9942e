import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { openLink } from '../../src/subscribers/access.js';
import { type Address, emailKey } from '../../src/subscribers/address.js';
import { resubscribe, unsubscribe } from '../../src/subscribers/lifecycle.js';
import { subscriberLinks } from '../../src/subscribers/links.js';
import { eraseSubscriber, exportSubscriber } from '../../src/subscribers/personal-data.js';
import { signUp } from '../../src/subscribers/sign-up.js';
import { useContext } from '../helpers/context.js';

const context = useContext();
const now = new Date('2026-02-04T12:00:00Z');
type Status = 'pending' | 'active' | 'paused' | 'unsubscribed' | 'bounced' | 'complained';

beforeEach(async () => {
  await context().db.pool.query('truncate subscribers, papers, digests, confirmation_requests, suppressions cascade');
  await context().db.pool.query('delete from graphile_worker._private_jobs');
});

const create = (status: Status, confirmedAt: Date | null = now) =>
  context().db.prisma.subscriber.create({
    data: {
      email: 'Ada@example.org',
      emailKey: 'ada@example.org',
      status,
      createdAt: now,
      confirmedAt,
      topics: ['agents'],
    },
  });
const find = (id: number) => context().db.prisma.subscriber.findUnique({ where: { id } });

/** What the undo link of an unsubscription at this moment opens. */
const undo = async (id: number) => ({
  subscriber: await context().db.prisma.subscriber.findUniqueOrThrow({ where: { id } }),
  subject: { linkId: '', epoch: 0, issuedAt: now },
});

/** A digest of one paper. */
async function addDigest(subscriberId: number, status: 'queued' | 'sent') {
  const { prisma } = context().db;
  const { id: paperId } = await prisma.paper.create({
    data: {
      identifier: `2602.${Math.round(performance.now() * 1e4)}`,
      title: 'A paper',
      abstract: '…',
      publishedAt: now,
      createdAt: now,
      updatedAt: now,
    },
  });
  const content = { identifier: '2602.00001', title: 'A paper', authors: [], abstract: '…' };
  const { id: snapshotId } = await prisma.paperSnapshot.create({
    data: { paperId, hash: Buffer.alloc(32), content, createdAt: now },
  });
  const { id: editionId } = await prisma.edition.create({
    data: { id: randomUUID(), paperIds: [paperId], snapshotIds: [snapshotId], topics: [['Agents']], createdAt: now },
  });
  const day = new Date(status === 'sent' ? '2026-02-03' : '2026-02-04');
  return prisma.digest.create({
    data: {
      id: randomUUID(),
      subscriberId,
      day,
      editionId,
      status,
      plannedAt: now,
      notBefore: now,
      abstractLength: 'short',
    },
  });
}

describe('unsubscribing', () => {
  it.each(['pending', 'active', 'paused'] as const)('ends a subscription that is %s', async (status) => {
    const { id } = await create(status);
    await unsubscribe(context(), id);
    expect(await find(id)).toMatchObject({ status: 'unsubscribed', unsubscribedAt: now, pausedUntil: null });
  });

  it('a second time changes nothing', async () => {
    const { id } = await create('active');
    await unsubscribe(context(), id);
    await unsubscribe({ ...context(), clock: () => new Date('2026-03-01T00:00:00Z') }, id);
    expect(await find(id)).toMatchObject({ unsubscribedAt: now });
  });

  it.each(['bounced', 'complained'] as const)('leaves %s as it is', async (status) => {
    const { id } = await create(status);
    await unsubscribe(context(), id);
    expect(await find(id)).toMatchObject({ status });
  });

  it('can be taken back', async () => {
    const { id } = await create('active');
    await unsubscribe(context(), id);
    expect(await resubscribe(context(), await undo(id))).toBe(true);
    expect(await find(id)).toMatchObject({ status: 'active', unsubscribedAt: null });
  });

  it('can be taken back for an hour, and only by whoever has just unsubscribed', async () => {
    const { id } = await create('active');
    await unsubscribe(context(), id);
    const access = await undo(id);
    context().time.now = new Date(now.getTime() + 3_600_000);
    expect(await resubscribe(context(), access)).toBe(false);
    context().time.now = new Date(now.getTime() + 60_000);
    await context().db.prisma.subscriber.update({ where: { id }, data: { unsubscribedAt: context().time.now } });
    expect(await resubscribe(context(), access)).toBe(false);
    expect(await find(id)).toMatchObject({ status: 'unsubscribed' });
    context().time.now = now;
  });

  it('can not be taken back by someone who never confirmed', async () => {
    const { id } = await create('pending', null);
    await unsubscribe(context(), id);
    expect(await resubscribe(context(), await undo(id))).toBe(false);
    expect(await find(id)).toMatchObject({ status: 'unsubscribed' });
  });

  it.each(['pending', 'bounced', 'complained'] as const)('taken back makes nobody active who is %s', async (status) => {
    const { id } = await create(status);
    expect(await resubscribe(context(), await undo(id))).toBe(false);
    expect(await find(id)).toMatchObject({ status });
  });
});

describe('a link', () => {
  const tokenOf = (link: string) => link.split('/').at(-1) ?? '';

  it('opens for its own purpose only', async () => {
    const links = subscriberLinks(context(), await create('active'));
    expect(await openLink(context(), 'preferences', tokenOf(links.preferences))).not.toBeNull();
    expect(await openLink(context(), 'unsubscribe', tokenOf(links.preferences))).toBeNull();
    expect(await openLink(context(), 'preferences', tokenOf(links.unsubscribe))).toBeNull();
  });

  it('is revoked by a new epoch, unless it unsubscribes', async () => {
    const subscriber = await create('active');
    const links = subscriberLinks(context(), subscriber);
    await context().db.prisma.subscriber.update({ where: { id: subscriber.id }, data: { tokenEpoch: 1 } });
    expect(await openLink(context(), 'preferences', tokenOf(links.preferences))).toBeNull();
    expect(await openLink(context(), 'unsubscribe', tokenOf(links.unsubscribe))).not.toBeNull();
  });
});

describe('the export of a subscriber', () => {
  it('has all that is stored, the digests too, and is JSON', async () => {
    const subscriber = await create('active');
    await addDigest(subscriber.id, 'sent');
    const exported = JSON.parse(JSON.stringify(await exportSubscriber(context(), subscriber)));
    expect(exported).toMatchObject({
      subscriber: { email: 'Ada@example.org', status: 'active', topics: ['agents'], confirmedAt: now.toISOString() },
      digests: [
        {
          day: '2026-02-03',
          status: 'sent',
          papers: [{ identifier: '2602.00001', title: 'A paper', topics: ['Agents'] }],
        },
      ],
      answeredSignUps: [],
    });
  });
});

describe('erasing a subscriber', () => {
  it('leaves their digests behind as numbers, and sends none that waited', async () => {
    const { id } = await create('active');
    const sent = await addDigest(id, 'sent');
    const queued = await addDigest(id, 'queued');
    const { prisma } = context().db;
    // As after an attempt of which nobody knows what became of it.
    await prisma.digest.updateMany({ data: { reader: '[["agents"],0,"daily",1,8,"UTC",false]' } });
    expect(await eraseSubscriber(context(), id)).toBe(true);
    expect(await find(id)).toBeNull();
    expect(await prisma.digest.findUnique({ where: { id: sent.id } })).toMatchObject({
      subscriberId: null,
      reader: null,
      status: 'sent',
    });
    expect(await prisma.digest.findUnique({ where: { id: queued.id } })).toMatchObject({
      subscriberId: null,
      reader: null,
      status: 'suppressed',
    });
    expect(await prisma.suppression.count()).toBe(0);
  });

  it.each(['unsubscribed', 'bounced', 'complained'] as const)(
    'that %s keeps a keyed hash, and no address',
    async (status) => {
      const { id } = await create(status);
      await eraseSubscriber(context(), id);
      const [kept, ...more] = await context().db.prisma.suppression.findMany();
      expect(more).toEqual([]);
      expect(kept).toMatchObject({ reason: status });
      expect(Buffer.from(kept?.addressHash ?? []).toString('latin1')).not.toContain('ada');
    },
  );

  it('row 58: does not reset the cooldown, and honours the suppression when the address signs up again', async () => {
    const ada = 'Ada@example.org' as Address;
    const again = () => signUp(context(), { address: ada, topics: [], timezone: 'UTC', language: 'en' });
    const jobs = async () => (await context().db.pool.query('select from graphile_worker._private_jobs')).rowCount;
    await again();
    const first = await context().db.prisma.subscriber.findUniqueOrThrow({ where: { emailKey: emailKey(ada) } });
    await eraseSubscriber(context(), first.id);
    await again();
    expect(await jobs()).toBe(1);
    const second = await context().db.prisma.subscriber.findUniqueOrThrow({ where: { emailKey: emailKey(ada) } });
    await unsubscribe(context(), second.id);
    await eraseSubscriber(context(), second.id);
    await context().db.prisma.confirmationRequest.deleteMany();
    await again();
    expect(await jobs()).toBe(1);
  });

  it('that is gone already is no error', async () => {
    expect(await eraseSubscriber(context(), 4_711)).toBe(false);
  });
});
