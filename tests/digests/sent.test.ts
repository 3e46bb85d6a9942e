import { beforeEach, describe, expect, it } from 'vitest';
import { planDue } from '../../src/digests/plan.js';
import { listSent } from '../../src/digests/sent.js';
import { useContext } from '../helpers/context.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { morning, startMorning } from './delivery.js';

const context = useContext();
beforeEach(() => startMorning(context()));

describe('the list of what was sent', () => {
  it('names each digest that was sent, its best paper, and where to read it', async () => {
    const { prisma } = context().db;
    await makePaper(prisma, '2026-02-03', { title: 'Second', upvotes: 1 });
    await makePaper(prisma, '2026-02-03', { title: 'First', upvotes: 2 });
    await makeSubscriber(prisma, { email: 'ada@example.com' });
    const waiting = await makeSubscriber(prisma);
    await planDue(context(), morning);
    await prisma.digest.updateMany({ where: { subscriberId: { not: waiting.id } }, data: { status: 'sent' } });
    expect(await listSent(context())).toEqual([
      {
        email: 'ada@example.com',
        papers: 2,
        topPaper: 'First',
        webView: expect.stringMatching(/^https:\/\/papers\.example\.org\/digests\/[\w.~-]+$/),
      },
    ]);
  });

  it('leaves out what belongs to nobody any more', async () => {
    const { prisma } = context().db;
    await makePaper(prisma, '2026-02-03');
    await makeSubscriber(prisma);
    await planDue(context(), morning);
    await prisma.digest.updateMany({ data: { status: 'sent', subscriberId: null } });
    expect(await listSent(context())).toEqual([]);
  });
});
