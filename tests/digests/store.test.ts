import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ClaimedDigest, settleAndClaim } from '../../src/digests/claims.js';
import { deliver } from '../../src/digests/deliver.js';
import { firstPlace, readDue } from '../../src/digests/due.js';
import { DeliveryLedger } from '../../src/digests/ledger.js';
import type { NextStatus } from '../../src/digests/next-status.js';
import { planDue } from '../../src/digests/plan.js';
import { expireOverdue, reapExpiredLeases, renewLeases } from '../../src/digests/store.js';
import { unsubscribe } from '../../src/subscribers/lifecycle.js';
import { useContext } from '../helpers/context.js';
import { makePaper, makeSubscriber, papersOf } from '../helpers/rows.js';
import { startSmtpServer, type TestSmtpServer } from '../helpers/smtp-server.js';
import { deliveryTo, morning, planDigests, recordedDigests, startMorning } from './delivery.js';

const context = useContext({}, [/a worker ended while sending/]);
let server: TestSmtpServer;
beforeEach(async () => {
  await startMorning(context());
  server = await startSmtpServer();
});
afterEach(() => server.close());

const db = () => context().db.prisma;
const ledger = (owner: string, now = morning, saysWhenBegun = false) =>
  new DeliveryLedger(
    { ...context(), clock: () => now },
    { owner, layoutId: 1, saysWhenBegun },
    1,
    new AbortController().signal,
  );
const claim = async (owner: string, now = morning): Promise<ClaimedDigest> => {
  const digest = await ledger(owner, now).claim();
  if (digest === null) throw new Error('There is nothing to claim');
  return digest;
};
const settle = (owner: string, digest: Pick<ClaimedDigest, 'id' | 'attempts'>, next: NextStatus, reply: string) =>
  ledger(owner).settle(digest as ClaimedDigest, next, reply);
/** As if the owner had died, or stood still, for as long as a claim holds. */
const letLeasesRunOut = () =>
  context().db.pool.query(
    "update digests set lease_until = clock_timestamp() - interval '1 second' where status = 'sending'",
  );
const send = async (inDoubt: 'resend' | 'hold') =>
  deliver(await deliveryTo(context(), [server.relay], { inDoubt }), new AbortController().signal);
const sent = { status: 'sent', countsAttempt: true, bounced: false } as const;

describe('a claim', () => {
  it('is one worker’s for as long as it lives: nobody else sends the digest', async () => {
    await planDigests(context(), 1);
    const digest = await claim('alive');
    expect(await ledger('other').claim()).toBeNull();
    context().time.now = new Date(morning.getTime() + 3_600_000);
    expect(await send('resend')).toMatchObject({ sent: 0, queued: 0 });
    expect(await settle('alive', digest, sent, '250 ok')).toBe(true);
    expect(await recordedDigests(context())).toMatchObject([{ status: 'sent', lastReply: '250 ok', sentAt: morning }]);
  });

  it('leaves to others, from the first moment, what it does not take', async () => {
    await planDigests(context(), 5);
    const by = (owner: string) => ({ owner, layoutId: 1, saysWhenBegun: false });
    const { pool } = context().db;
    const client = await pool.connect();
    try {
      await client.query('begin');
      const ours = await settleAndClaim(client, by('ours'), [], 2, morning);
      const theirs = await settleAndClaim(pool, by('theirs'), [], 5, morning);
      expect([ours.claimed.length, theirs.claimed.length]).toEqual([2, 3]);
    } finally {
      await client.query('rollback');
      client.release();
    }
  });

  it('is of as many digests as there are connections, of few and of hundreds', async () => {
    await planDigests(context(), 250);
    const by = { owner: 'alive', layoutId: 1, saysWhenBegun: false };
    for (const count of [101, 100, 1])
      expect((await settleAndClaim(context().db.pool, by, [], count, morning)).claimed).toHaveLength(count);
  });

  it('is freed when its worker has died: the digest is sent again by the policy "resend"', async () => {
    await planDigests(context(), 1);
    await claim('dead');
    await letLeasesRunOut();
    expect(await send('resend')).toMatchObject({ sent: 1, queued: 1, in_doubt: 0 });
    expect(await recordedDigests(context())).toMatchObject([{ status: 'sent', attempts: 2 }]);
    expect(server.mails).toHaveLength(1);
  });

  it('is freed when its worker has died: the digest is named and not sent by the policy "hold"', async () => {
    await planDigests(context(), 1);
    await claim('dead');
    await letLeasesRunOut();
    expect(await send('hold')).toMatchObject({ sent: 0, in_doubt: 1 });
    expect(await recordedDigests(context())).toMatchObject([
      { status: 'in_doubt', owner: null, lastReply: expect.stringContaining('the worker that was sending it ended') },
    ]);
    expect(server.mails).toEqual([]);
  });

  it('that is renewed does not run out', async () => {
    await planDigests(context(), 2);
    await claim('alive');
    await claim('dead');
    await letLeasesRunOut();
    await renewLeases(db(), 'alive');
    expect(await send('hold')).toMatchObject({ sent: 0, in_doubt: 1 });
    expect((await recordedDigests(context())).map(({ status }) => status).toSorted()).toEqual(['in_doubt', 'sending']);
  });

  it('that was lost lets nothing be written: not over what became of the digest since, nor under another attempt', async () => {
    await planDigests(context(), 1);
    const digest = await claim('late');
    const failed = { status: 'failed', countsAttempt: true, bounced: true } as const;
    await letLeasesRunOut();
    await send('resend');
    const before = await recordedDigests(context());
    expect(await settle('late', digest, failed, '550 5.1.1 no such user')).toBe(false);
    expect(await recordedDigests(context())).toEqual(before);
    expect(before).toMatchObject([{ status: 'sent' }]);
    expect(await db().subscriber.count({ where: { status: 'bounced' } })).toBe(0);
  });

  it('of an attempt before lets nothing be written, even where the same worker claims again', async () => {
    await planDigests(context(), 1);
    const first = await claim('same');
    await context().db.pool.query("update digests set status = 'queued', owner = null, lease_until = null");
    const second = await claim('same');
    expect(second.attempts).toBe(first.attempts + 1);
    expect(await settle('same', first, sent, '250 ok')).toBe(false);
    expect(await recordedDigests(context())).toMatchObject([{ status: 'sending', owner: 'same' }]);
  });

  it('takes the digest that has waited longest, and none before its time', async () => {
    await planDigests(context(), 2);
    const [early, late] = await db().digest.findMany();
    const at = (ms: number) => new Date(morning.getTime() + ms);
    await db().digest.update({ where: { id: late?.id ?? '' }, data: { notBefore: at(1_000) } });
    expect((await claim('worker')).id).toBe(early?.id);
    expect(await ledger('worker').claim()).toBeNull();
    expect(await ledger('worker', at(1_000)).claim()).toMatchObject({ id: late?.id });
  });
});

describe('a claim of a worker that died before it had begun to send', () => {
  it('is no digest in doubt: it is queued as if it had never been claimed, by the policy "hold" too', async () => {
    await planDigests(context(), 3);
    const [dead, begun] = [ledger('dead', morning, true), ledger('begun', morning, true)];
    await dead.claim();
    const digest = await begun.claim();
    if (!digest) throw new Error('There is nothing to claim');
    expect(await begun.begin(digest)).toBe(true);
    await letLeasesRunOut();
    expect(await send('hold')).toMatchObject({ sent: 2, queued: 1, in_doubt: 1 });
    expect(
      (await recordedDigests(context())).map(({ status, attempts }) => `${status} ${attempts}`).toSorted(),
    ).toEqual(['in_doubt 1', 'sent 1', 'sent 1']);
  });

  it('cannot begin any more once another has it', async () => {
    await planDigests(context(), 1);
    const late = ledger('late', morning, true);
    const digest = await late.claim();
    if (!digest) throw new Error('There is nothing to claim');
    await letLeasesRunOut();
    expect(await send('hold')).toMatchObject({ sent: 1 });
    expect(await late.begin(digest)).toBe(false);
  });
});

describe('a database that has just started', () => {
  it('lets nobody be taken for dead for a while: the living could not say so before', async () => {
    await planDigests(context(), 1);
    await claim('alive');
    await letLeasesRunOut();
    const reap = (graceSeconds: number) => reapExpiredLeases(db(), { inDoubt: 'resend', graceSeconds }, morning);
    const { rows } = await context().db.pool.query(
      'select ceil(extract(epoch from clock_timestamp() - pg_postmaster_start_time()))::int + 60 as longer',
    );
    expect(await reap(rows[0].longer)).toEqual({ queued: [], in_doubt: [] });
    expect((await reap(0)).queued).toHaveLength(1);
  });
});

describe('a worker that dies each time', () => {
  it('leaves a digest in doubt the third time: it may be what kills them', async () => {
    await planDigests(context(), 1);
    const statuses = [];
    for (let life = 1; life <= 3; life++) {
      context().time.now = new Date(context().time.now.getTime() + 5 * 60_000);
      await claim(`worker ${life}`, context().time.now);
      await letLeasesRunOut();
      await reapExpiredLeases(db(), { inDoubt: 'resend', graceSeconds: 0 }, context().time.now);
      statuses.push(...(await recordedDigests(context())).map(({ status, attempts }) => `${status} ${attempts}`));
    }
    expect(statuses).toEqual(['queued 1', 'queued 2', 'in_doubt 3']);
  });

  it('is given more time between one attempt and the next', async () => {
    await planDigests(context(), 1);
    await db().digest.updateMany({ data: { attempts: 1 } });
    await claim('worker');
    await letLeasesRunOut();
    await reapExpiredLeases(db(), { inDoubt: 'resend', graceSeconds: 0 }, morning);
    expect(await recordedDigests(context())).toMatchObject([{ notBefore: new Date(morning.getTime() + 60_000) }]);
  });
});

describe('who holds a subscriber', () => {
  const holding = async (work: () => Promise<unknown>) =>
    db().$transaction(async (tx) => {
      await tx.$queryRaw`select from subscribers for update`;
      return work();
    });

  it('keeps no claim waiting, so that an erasure and a claim cannot wait for each other', async () => {
    await planDigests(context(), 1);
    await db().subscriber.updateMany({ data: { status: 'unsubscribed' } });
    const worker = ledger('worker');
    expect(await holding(() => worker.claim())).toBeNull();
    expect(worker.suppressed).toBe(1);
  });

  it('is no plan: someone who leaves while one is under way does not wait for it', async () => {
    const { id } = await makeSubscriber(db());
    await db().$transaction(async (tx) => {
      expect((await readDue(tx, morning, firstPlace, 10, true)).rows).toHaveLength(1);
      await unsubscribe(context(), id);
    });
    expect(await db().subscriber.findFirst()).toMatchObject({ status: 'unsubscribed' });
  });
});

describe('an address that may not exist', () => {
  it('is given up when three digests in a row were refused, and not before', async () => {
    const [reader] = await planDigests(context(), 1);
    const statuses = [];
    for (let day = 0; day < 3; day++) {
      const at = new Date(morning.getTime() + day * 86_400_000);
      if (day > 0) {
        await makePaper(db(), new Date(at.getTime() - 86_400_000).toISOString().slice(0, 10));
        context().time.now = at;
        await planDue(context(), at);
      }
      const refused = { status: 'failed', countsAttempt: true, bounced: 'strike' } as const;
      await settle('worker', await claim('worker', at), refused, '550 no such user');
      statuses.push((await db().subscriber.findUniqueOrThrow({ where: { id: reader ?? 0 } })).status);
    }
    expect(statuses).toEqual(['active', 'active', 'bounced']);
  });
});

describe('an address that does not exist', () => {
  const record = async (status: 'active' | 'paused' | 'unsubscribed' | 'complained') => {
    const [reader] = await planDigests(context(), 1);
    const digest = await claim('worker');
    const pausedUntil = status === 'paused' ? new Date('2026-03-01') : null;
    await db().subscriber.update({ where: { id: reader ?? 0 }, data: { status, pausedUntil } });
    const next = { status: 'failed', countsAttempt: true, bounced: true } as const;
    await settle('worker', digest, next, '550 5.1.1 no such user');
    return db().subscriber.findFirst({ select: { status: true, pausedUntil: true } });
  };

  it.each(['active', 'paused'] as const)('makes a subscriber who was %s a bounced one', async (status) => {
    expect(await record(status)).toEqual({ status: 'bounced', pausedUntil: null });
  });

  it.each(['unsubscribed', 'complained'] as const)('changes nothing for one who has %s meanwhile', async (status) => {
    expect(await record(status)).toEqual({ status, pausedUntil: null });
  });
});

describe('a digest that has waited too long', () => {
  it('keeps the last answer of the server on record', async () => {
    await planDigests(context(), 1);
    const digest = await claim('worker');
    const again = { status: 'queued', notBefore: morning, countsAttempt: true, bounced: false } as const;
    await settle('worker', digest, again, '450 4.2.1 busy');
    expect(await expireOverdue(db(), new Date(morning.getTime() + 21 * 3_600_000))).toBe(1);
    expect(await recordedDigests(context())).toMatchObject([{ status: 'expired', lastReply: '450 4.2.1 busy' }]);
  });

  it('is left to whoever is sending it', async () => {
    await planDigests(context(), 1);
    await claim('worker');
    expect(await expireOverdue(db(), new Date(morning.getTime() + 21 * 3_600_000))).toBe(0);
  });
});

describe('the papers of a digest that is never sent', () => {
  const papersGiven = async () => {
    const readers = await db().subscriber.findMany();
    return (await Promise.all(readers.map(({ id }) => papersOf(db(), id)))).map((papers) => papers.length);
  };
  const tomorrow = new Date(morning.getTime() + 86_400_000);

  it('come with the next one, when a pause came between', async () => {
    await planDigests(context(), 1);
    await db().subscriber.updateMany({ data: { status: 'paused', pausedUntil: new Date('2026-02-05') } });
    expect(await ledger('worker').claim()).toBeNull();
    expect((await planDue(context(), tomorrow)).days).toMatchObject([{ due: 1, planned: 1 }]);
    expect(await papersGiven()).toEqual([2]);
    expect(await db().cursorException.count()).toBe(0);
  });

  it('come with the next one, when it waited too long', async () => {
    await planDigests(context(), 2);
    expect(await expireOverdue(db(), tomorrow)).toBe(2);
    expect((await planDue(context(), tomorrow)).days).toMatchObject([{ due: 2, planned: 2 }]);
    expect(await papersGiven()).toEqual([2, 2]);
    expect(await db().cursorException.count()).toBe(0);
  });

  it('stay given when the mail may have arrived', async () => {
    await planDigests(context(), 1);
    const digest = await claim('worker');
    const lost = { status: 'in_doubt', countsAttempt: true, bounced: false } as const;
    await settle('worker', digest, lost, 'no answer');
    expect((await planDue(context(), tomorrow)).days).toMatchObject([{ due: 1, planned: 0 }]);
  });
});
