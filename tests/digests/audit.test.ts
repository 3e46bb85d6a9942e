import { beforeEach, describe, expect, it } from 'vitest';
import { auditDay, auditParts, newestDigestDay } from '../../src/digests/audit.js';
import { planDue } from '../../src/digests/plan.js';
import { DigestStatus } from '../../src/generated/prisma/enums.js';
import { useContext } from '../helpers/context.js';
import { makeSubscriber } from '../helpers/rows.js';
import { planDigests, startMorning } from './delivery.js';

const context = useContext();
beforeEach(() => startMorning(context()));
const audit = () => auditDay(context().db.prisma, '2026-02-04', context().time.now);
const sql = (text: string) => context().db.pool.query(text);
/** Gives the digests one status after the other, in the order of the subscribers. */
const settle = async (...statuses: DigestStatus[]) => {
  const digests = await context().db.prisma.digest.findMany({ orderBy: { subscriberId: 'asc' } });
  for (const [i, status] of statuses.entries()) {
    const claimed = status === 'sending' ? { owner: 'worker', leaseUntil: new Date('2026-02-04T08:02:00Z') } : {};
    await context().db.prisma.digest.update({ where: { id: digests[i]?.id ?? '' }, data: { status, ...claimed } });
  }
};

describe('the account of a day', () => {
  it('tells after each of its parts how far it is', async () => {
    const parts: number[] = [];
    await auditDay(context().db.prisma, '2026-02-04', context().time.now, (done) => parts.push(done));
    expect(parts).toEqual([1, 2, 3, auditParts]);
  });

  it('adds up: due = sent + no match + suppressed + failed + in doubt + expired + waiting', async () => {
    for (let i = 0; i < 3; i++) await makeSubscriber(context().db.prisma, { topics: ['music'] });
    await planDigests(context(), 8);
    await settle('sent', 'sent', 'suppressed', 'failed', 'in_doubt', 'expired', 'sending');
    expect(await audit()).toEqual({
      day: '2026-02-04',
      due: 11,
      planned: 8,
      noMatch: 3,
      sent: 2,
      suppressed: 1,
      failed: 1,
      inDoubt: 1,
      expired: 1,
      waiting: 2,
      empty: 0,
      repeated: 0,
      overdue: 0,
      balanced: true,
      problems: [],
    });
  });

  it('takes each of the states in which a digest can be', async () => {
    const states = Object.values(DigestStatus);
    await planDigests(context(), states.length);
    await settle(...states);
    expect(await audit()).toMatchObject({ due: states.length, balanced: true });
  });

  it('adds up over several runs of the plan, and over time zones', async () => {
    await planDigests(context(), 1);
    await makeSubscriber(context().db.prisma, { timezone: 'America/New_York' });
    await makeSubscriber(context().db.prisma, { timezone: 'Asia/Tokyo', hour: 23 });
    for (let hour = 8; hour < 24; hour++) await planDue(context(), new Date(Date.UTC(2026, 1, 4, hour)));
    expect(await audit()).toMatchObject({ due: 3, waiting: 3, balanced: true });
  });

  it('stays right when a subscriber is erased', async () => {
    await planDigests(context(), 2);
    await sql('delete from subscribers');
    expect(await audit()).toMatchObject({ due: 2, waiting: 2, balanced: true });
  });

  it('of a day on which nobody was due is one of zeros', async () => {
    expect(await audit()).toMatchObject({ due: 0, planned: 0, sent: 0, balanced: true });
  });
});

describe('an account that does not add up', () => {
  it('tells of a digest that is gone', async () => {
    await planDigests(context(), 2);
    await sql('delete from digests where subscriber_id = (select min(subscriber_id) from digests)');
    expect(await audit()).toMatchObject({ balanced: false, problems: ['2 digests were planned, but 1 are on record'] });
  });

  it('tells of a digest that nobody planned', async () => {
    await planDigests(context(), 1);
    const { id } = await makeSubscriber(context().db.prisma);
    await sql(
      `insert into digests (id, edition_id, subscriber_id, day, planned_at, not_before, abstract_length, status)
       values (gen_random_uuid(), gen_random_uuid(), ${id}, '2026-02-04', now(), now(), 'short', 'sent')`,
    );
    expect(await audit()).toMatchObject({
      balanced: false,
      problems: ['1 digests were planned, but 2 are on record', '1 digests have no papers'],
    });
  });

  it('tells of a book that was changed', async () => {
    await planDigests(context(), 1);
    await sql('update plans set due = 5');
    expect(await audit()).toMatchObject({
      balanced: false,
      problems: ['5 were due, but 1 planned and 0 without a match make 1'],
    });
  });

  it('tells of a digest without papers', async () => {
    await planDigests(context(), 1);
    await sql('delete from editions');
    expect(await audit()).toMatchObject({ balanced: false, problems: ['1 digests have no papers'] });
  });

  it('tells of a paper that someone was given twice', async () => {
    const [reader] = await planDigests(context(), 1);
    await sql(
      `insert into digests (id, edition_id, subscriber_id, day, planned_at, not_before, abstract_length, status)
       select gen_random_uuid(), edition_id, ${reader}, '2026-02-03', now(), now(), 'short', 'sent' from digests`,
    );
    expect(await audit()).toMatchObject({
      balanced: false,
      problems: ['1 papers were given to the same subscriber twice'],
    });
  });

  it('takes no paper for given twice whose first digest was never sent', async () => {
    const [reader] = await planDigests(context(), 1);
    await sql(
      `insert into digests (id, edition_id, subscriber_id, day, planned_at, not_before, abstract_length, status)
       select gen_random_uuid(), edition_id, ${reader}, '2026-02-03', now(), now(), 'short', 'expired' from digests`,
    );
    expect(await audit()).toMatchObject({ balanced: true });
  });

  it('tells of who was due and passed over', async () => {
    await planDigests(context(), 2);
    context().time.now = new Date('2026-02-05T08:20:00Z');
    expect(await audit()).toMatchObject({
      balanced: true,
      overdue: 2,
    });
  });
});

describe('the newest digest day', () => {
  it('is the last that was planned', async () => {
    expect(await newestDigestDay(context().db.prisma)).toBeNull();
    await planDigests(context(), 1);
    expect(await newestDigestDay(context().db.prisma)).toBe('2026-02-04');
  });
});
