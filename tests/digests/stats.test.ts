import { beforeEach, describe, expect, it } from 'vitest';
import { collectStats } from '../../src/digests/stats.js';
import { SubscriberStatus } from '../../src/generated/prisma/enums.js';
import { useContext } from '../helpers/context.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { morning, planDigests, startMorning } from './delivery.js';

const context = useContext();
beforeEach(() => startMorning(context()));
const stats = (now = morning) => collectStats(context().db.prisma, now);

describe('the statistics', () => {
  it('name every status, also those that nobody has', async () => {
    expect(await stats()).toEqual({
      subscribers: { pending: 0, active: 0, paused: 0, unsubscribed: 0, bounced: 0, complained: 0 },
      papers: { total: 0, newest: null },
      digests: { queued: 0, sending: 0, sent: 0, failed: 0, suppressed: 0, in_doubt: 0, expired: 0 },
      oldestWaitingSeconds: null,
    });
  });

  it('count subscribers, papers and digests, and tell how long the oldest digest has waited', async () => {
    await planDigests(context(), 3);
    for (const status of Object.values(SubscriberStatus)) await makeSubscriber(context().db.prisma, { status });
    await makePaper(context().db.prisma, '2026-02-01');
    const [digest] = await context().db.prisma.digest.findMany();
    await context().db.prisma.digest.update({ where: { id: digest?.id ?? '' }, data: { status: 'in_doubt' } });
    expect(await stats(new Date(morning.getTime() + 90_000))).toEqual({
      subscribers: { pending: 1, active: 4, paused: 1, unsubscribed: 1, bounced: 1, complained: 1 },
      papers: { total: 2, newest: '2026-02-03' },
      digests: { queued: 2, sending: 0, sent: 0, failed: 0, suppressed: 0, in_doubt: 1, expired: 0 },
      oldestWaitingSeconds: 90,
    });
  });

  it('count the wait from the plan, also while the server puts a digest off', async () => {
    await planDigests(context(), 1);
    await context().db.prisma.digest.updateMany({ data: { notBefore: new Date(morning.getTime() + 3_600_000) } });
    expect(await stats(new Date(morning.getTime() + 60_000))).toMatchObject({ oldestWaitingSeconds: 60 });
    await context().db.prisma.digest.updateMany({ data: { status: 'sent' } });
    expect(await stats()).toMatchObject({ digests: { queued: 0, sent: 1 }, oldestWaitingSeconds: null });
  });

  it('tell while no relay takes mail, since when and why', async () => {
    const { pool } = context().db;
    await pool.query('insert into mail_outage (since, next_probe_at, reply) values ($1, $1, $2)', [morning, '535 no']);
    expect(await stats()).toMatchObject({ outage: { since: morning, nextProbeAt: morning, reply: '535 no' } });
    await pool.query('delete from mail_outage');
    expect(await stats()).not.toHaveProperty('outage');
  });
});
