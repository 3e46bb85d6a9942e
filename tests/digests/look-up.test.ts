import { beforeEach, describe, expect, it } from 'vitest';
import { lookUpSubscriber } from '../../src/digests/look-up.js';
import { planDue } from '../../src/digests/plan.js';
import { eraseSubscriber } from '../../src/subscribers/personal-data.js';
import { useContext } from '../helpers/context.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { morning, startMorning } from './delivery.js';

const context = useContext();
beforeEach(() => startMorning(context()));
const ada = { email: 'Ada@example.org', emailKey: 'ada@example.org' };

describe('who asks where their mail is', () => {
  it('is found by any spelling of their address, with what they chose', async () => {
    await makeSubscriber(context().db.prisma, { ...ada, topics: ['agents'], authors: ['Y. Bengio'], hour: 7 });
    const found = await lookUpSubscriber(context(), 'ADA@Example.org');
    expect(found).toMatchObject({ email: 'Ada@example.org', status: 'active', topics: ['agents'], hour: 7 });
    expect(found).toMatchObject({ authors: ['Y. Bengio'], abstractLength: 'short', nextPlanAt: null, digests: [] });
    expect(Object.keys(found)).not.toContain('linkId');
  });

  it('has their digests, the newest first, with what the server said, and when the plan looks again', async () => {
    const { prisma, pool } = context().db;
    await makePaper(prisma, '2026-02-03');
    await makeSubscriber(prisma, ada);
    await makeSubscriber(prisma, { email: 'bob@example.org', emailKey: 'bob@example.org' });
    await planDue(context(), morning);
    const id = "(select id from subscribers where email_key = 'ada@example.org')";
    await pool.query(
      `update digests set status = 'failed', attempts = 3, last_reply = '550 5.7.1 no' where subscriber_id = ${id};
       insert into digests (id, subscriber_id, day, edition_id, planned_at, not_before, abstract_length, status)
         select gen_random_uuid(), subscriber_id, day - 1, edition_id, planned_at, not_before, 'short', 'sent'
         from digests where subscriber_id = ${id}`,
    );
    const { digests, nextPlanAt } = await lookUpSubscriber(context(), 'ada@example.org');
    expect(digests).toMatchObject([
      { day: '2026-02-04', status: 'failed', papers: 1, attempts: 3, lastReply: '550 5.7.1 no' },
      { day: '2026-02-03', status: 'sent', papers: 1 },
    ]);
    expect(nextPlanAt).toEqual(new Date('2026-02-05T08:00:00Z'));
  });

  it('may be pausing, or have left', async () => {
    const { prisma, pool } = context().db;
    await makeSubscriber(prisma, { ...ada, status: 'paused', pausedUntil: new Date('2026-03-01') });
    const found = () => lookUpSubscriber(context(), 'ada@example.org');
    expect(await found()).toMatchObject({ status: 'paused', pausedUntil: '2026-03-01', unsubscribedAt: null });
    await pool.query(
      "update subscribers set status = 'unsubscribed', paused_until = null, unsubscribed_at = '2026-02-04T09:00Z'",
    );
    expect(await found()).toMatchObject({
      status: 'unsubscribed',
      unsubscribedAt: new Date('2026-02-04T09:00:00Z'),
      nextPlanAt: null,
    });
  });

  it('may be nobody, or have been erased, which is told apart', async () => {
    await expect(lookUpSubscriber(context(), 'nobody@example.org')).rejects.toThrow('There is no subscriber');
    const { id } = await makeSubscriber(context().db.prisma, { ...ada, status: 'complained' });
    await eraseSubscriber(context(), id);
    await expect(lookUpSubscriber(context(), 'ada@example.org')).rejects.toThrow('never mailed again: complained');
  });

  it('is told what is wrong with an address', async () => {
    await expect(lookUpSubscriber(context(), 'nobody')).rejects.toThrow(
      '“nobody” is not an e-mail address. The address must have one @ sign',
    );
  });
});
