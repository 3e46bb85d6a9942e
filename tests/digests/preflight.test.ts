import { beforeEach, describe, expect, it } from 'vitest';
import { deliver } from '../../src/digests/deliver.js';
import { planDue } from '../../src/digests/plan.js';
import { preflight } from '../../src/digests/preflight.js';
import { useContext } from '../helpers/context.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { startSmtpServer } from '../helpers/smtp-server.js';
import { countRows, deliveryTo, morning, planDigests, startMorning } from './delivery.js';

const context = useContext();
beforeEach(() => startMorning(context()));
const minutes = (count: number) => new Date(morning.getTime() + count * 60_000);
const rehearse = async (rate = 0, at = morning) => {
  const { ctx, templates } = await deliveryTo(context(), [], { rate });
  return preflight(ctx, templates, at);
};

describe('the pre-flight of a plan', () => {
  it('tells what the plan then does, and writes nothing', async () => {
    const { prisma } = context().db;
    await makePaper(prisma, '2026-02-03', { topics: ['agents'] });
    await makePaper(prisma, '2026-02-03', { topics: ['code'] });
    await makePaper(prisma, '2026-02-03', { topics: ['robotics'] });
    await makeSubscriber(prisma, { topics: ['agents'] });
    await makeSubscriber(prisma, { topics: ['agents', 'code'] });
    await makeSubscriber(prisma, { topics: ['music'] });
    await makeSubscriber(prisma, { hour: 9 });
    const before = await countRows(context());
    const foretold = await rehearse();
    expect(await countRows(context())).toEqual(before);
    expect(foretold).toEqual({
      at: '2026-02-04T08:00:00.000Z',
      recipients: 2,
      noMatch: 1,
      papers: 2,
      bytes: expect.any(Number),
      endsAt: null,
      yesterday: { recipients: 0 },
    });
    expect((await planDue(context(), morning)).days).toEqual([{ day: '2026-02-04', due: 3, planned: 2, noMatch: 1 }]);
  });

  it('tells how many it has looked at, as it goes', async () => {
    for (let i = 0; i < 3; i++) await makeSubscriber(context().db.prisma);
    const { ctx, templates } = await deliveryTo(context(), []);
    const looked: number[] = [];
    await preflight(ctx, templates, morning, (done) => looked.push(done));
    expect(looked.at(-1)).toBe(3);
  });

  it('foretells the bytes that go over the wire', async () => {
    const { prisma } = context().db;
    await makePaper(prisma, '2026-02-03', { abstract: 'An abstract of some length. '.repeat(20) });
    for (let i = 0; i < 3; i++) await makeSubscriber(prisma);
    const { bytes } = await rehearse();
    await planDue(context(), morning);
    const server = await startSmtpServer();
    await deliver(await deliveryTo(context(), [server.relay]), new AbortController().signal);
    await server.close();
    const sent = server.mails.reduce((sum, { raw }) => sum + raw.length, 0);
    expect(Math.abs(bytes - sent)).toBeLessThan(sent / 100);
  });

  it('foretells the end from SEND_RATE', async () => {
    await makePaper(context().db.prisma, '2026-02-03');
    for (let i = 0; i < 4; i++) await makeSubscriber(context().db.prisma);
    expect(await rehearse(2)).toMatchObject({ recipients: 4, endsAt: '2026-02-04T08:00:02.000Z' });
  });

  it('foretells the end from the rate of the day before, and tells how many got a digest then', async () => {
    const { prisma } = context().db;
    await planDigests(context(), 5);
    const digests = await prisma.digest.findMany();
    for (const [i, { id }] of digests.entries()) {
      await prisma.digest.update({
        where: { id },
        data: { status: 'sent', sentAt: new Date(minutes(1).getTime() + i * 250) },
      });
    }
    await makePaper(prisma, '2026-02-04');
    // Five in a second, by the first and the last.
    const foretold = await rehearse(0, minutes(24 * 60));
    expect(foretold).toMatchObject({ recipients: 5, yesterday: { recipients: 5 }, endsAt: '2026-02-05T08:00:01.000Z' });
  });

  it('costs nobody a digest: the plan that follows finds everyone due', async () => {
    await makePaper(context().db.prisma, '2026-02-03');
    await makeSubscriber(context().db.prisma, { status: 'paused', pausedUntil: new Date('2026-02-04') });
    await rehearse();
    await rehearse();
    expect((await planDue(context(), morning)).days).toMatchObject([{ due: 1, planned: 1 }]);
  });
});
