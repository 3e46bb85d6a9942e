import { beforeEach, describe, expect, it } from 'vitest';
import { planDue } from '../../src/digests/plan.js';
import { eraseSubscriber } from '../../src/subscribers/personal-data.js';
import { listSuppressions, releaseSuppression } from '../../src/subscribers/suppressions.js';
import { useContext } from '../helpers/context.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';

const context = useContext();
const now = new Date('2026-02-04T12:00:00Z');

beforeEach(async () => {
  await context().db.pool.query(
    'truncate subscribers, papers, source_days, editions, digests, suppressions restart identity cascade',
  );
});

const make = (status: 'active' | 'unsubscribed' | 'bounced' | 'complained') =>
  makeSubscriber(context().db.prisma, {
    status,
    confirmedAt: now,
    unsubscribedAt: status === 'unsubscribed' ? now : null,
  });
const release = (email: string) => releaseSuppression(context(), email);
const statusOf = async (id: number) =>
  (await context().db.prisma.subscriber.findUniqueOrThrow({ where: { id } })).status;

describe('the list of suppressions', () => {
  it('has whoever left, bounced or complained, and of who was erased that there is one', async () => {
    await make('active');
    const left = await make('unsubscribed');
    const bounced = await make('bounced');
    const erased = await make('complained');
    await eraseSubscriber(context(), erased.id);
    expect(await listSuppressions(context(), 10)).toEqual({
      total: 3,
      suppressions: [
        { email: bounced.email, reason: 'bounced', since: null },
        { email: left.email, reason: 'unsubscribed', since: now },
        { email: null, reason: 'complained', since: now },
      ],
    });
    expect(await listSuppressions(context(), 1)).toMatchObject({ total: 3, suppressions: [{}] });
  });
});

describe('a suppression that is released', () => {
  it.each(['bounced', 'complained'] as const)('of someone who %s: digests come again', async (status) => {
    const { id, email } = await make(status);
    await makePaper(context().db.prisma, '2026-02-03');
    expect((await planDue(context(), now)).days).toEqual([]);
    expect(await release(email)).toEqual({ released: true, active: true });
    expect(await statusOf(id)).toBe('active');
    expect((await planDue(context(), now)).days).toMatchObject([{ planned: 1 }]);
  });

  it('of someone who was erased: they can sign up again', async () => {
    const { id, email } = await make('complained');
    await eraseSubscriber(context(), id);
    expect(await release(email.toUpperCase())).toEqual({ released: true, active: false });
    expect((await listSuppressions(context(), 10)).total).toBe(0);
  });

  it('is never that of someone who unsubscribed, nor one that there is not', async () => {
    const { id, email } = await make('unsubscribed');
    await expect(release(email)).rejects.toThrow('only they can come back');
    expect(await statusOf(id)).toBe('unsubscribed');
    await expect(release((await make('active')).email)).rejects.toThrow('not suppressed');
    await expect(release('nobody@example.org')).rejects.toThrow('not suppressed');
    await expect(release('nobody')).rejects.toThrow(
      '“nobody” is not an e-mail address. The address must have one @ sign',
    );
  });
});
