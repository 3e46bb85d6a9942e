import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DeliveryReport, deliver } from '../../src/digests/deliver.js';
import { planDue } from '../../src/digests/plan.js';
import { useContext } from '../helpers/context.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { type SmtpScript, startSmtpServer, type TestSmtpServer } from '../helpers/smtp-server.js';
import { deliveryTo } from './delivery.js';

const context = useContext({}, [/digest not sent/]);
let server: TestSmtpServer;
beforeEach(async () => {
  await context().db.pool.query('truncate subscribers, papers, editions, digests, source_days, plans cascade');
});
afterEach(() => server.close());

const serve = async (on?: SmtpScript['on']) => {
  server = await startSmtpServer(on ? { on } : {});
};
/** Plans and sends what is due at that instant, after a new paper came on the day before. */
async function morning(at: string, connections = 10): Promise<DeliveryReport> {
  const { db, time } = context();
  time.now = new Date(at);
  const dayBefore = new Date(time.now.getTime() - 86_400_000).toISOString().slice(0, 10);
  await makePaper(db.prisma, dayBefore, { title: `Paper of ${dayBefore}`, topics: ['agents'], upvotes: 10 });
  await planDue(context(), time.now);
  return deliver(await deliveryTo(context(), [server.relay], { connections }), new AbortController().signal);
}
const mails = () => server.mails.map(({ raw }) => raw.toString().replaceAll('=\r\n', '').replaceAll('\r\n', '\n'));
const last = () => mails().at(-1) ?? '';
const tells = 'Since then. What became of papers that were sent to you:';
const news = async (title: string, kind: string, noticedAt: string, given: object = {}) => {
  const { prisma } = context().db;
  const { id } = await prisma.paper.findFirstOrThrow({ where: { title } });
  await prisma.paperNews.create({ data: { paperId: id, kind, noticedAt: new Date(noticedAt), ...given } });
};

// 2 February 2026 is a Monday.
describe('what became of papers that were sent', () => {
  it('is told by the first digest of the next week, once', async () => {
    await serve();
    await makeSubscriber(context().db.prisma, { topics: ['agents'] });
    await morning('2026-02-03T08:00:00Z');
    await news('Paper of 2026-02-02', 'code', '2026-02-05T10:00:00Z', { codeUrl: 'https://github.com/ada/x' });
    await news('Paper of 2026-02-02', 'votes', '2026-02-06T10:00:00Z', { votes: 130 });
    await morning('2026-02-06T12:00:00Z');
    expect(last()).not.toContain(tells);
    await morning('2026-02-09T08:00:00Z');
    expect(last()).toContain(
      `${tells}\nCode is out: Paper of 2026-02-02\nhttps://github.com/ada/x\n130\u00a0votes by now: Paper of 2026-02-02\n`.replaceAll(
        '\u00a0',
        '=C2=A0',
      ),
    );
    await morning('2026-02-10T08:00:00Z');
    expect(last()).toContain('Paper of 2026-02-09');
    expect(last()).not.toContain(tells);
    await morning('2026-02-16T08:00:00Z');
    expect(last()).not.toContain(tells);
  });

  it('is told by a later digest of the week where the week begins without one', async () => {
    await serve();
    await makeSubscriber(context().db.prisma, { topics: ['agents'], frequency: 'weekly', weekDay: 4 });
    await morning('2026-02-05T08:00:00Z');
    await news('Paper of 2026-02-04', 'version', '2026-02-06T10:00:00Z');
    await morning('2026-02-12T08:00:00Z');
    expect(last()).toContain('A new version: Paper of 2026-02-04');
  });

  it('is nothing that was known when the paper was sent, nor of papers that others were sent', async () => {
    await serve();
    const { prisma } = context().db;
    await makeSubscriber(prisma, { topics: ['agents'] });
    await morning('2026-02-03T08:00:00Z');
    await news('Paper of 2026-02-02', 'version', '2026-02-03T07:00:00Z');
    await makePaper(prisma, '2026-02-04', { title: 'Music', topics: ['music'] });
    await news('Music', 'version', '2026-02-05T07:00:00Z');
    await morning('2026-02-09T08:00:00Z');
    expect(mails()).toHaveLength(2);
    expect(last()).not.toContain(tells);
  });

  it('is the same when the mail is made again, whatever was noticed meanwhile', async () => {
    await serve();
    await makeSubscriber(context().db.prisma, { topics: ['agents'] });
    await morning('2026-02-03T08:00:00Z');
    await news('Paper of 2026-02-02', 'version', '2026-02-05T10:00:00Z');
    await server.close();
    await serve(({ step, connection }) =>
      step === 'dot' && connection === 1 ? { next: 'close', keep: true } : undefined,
    );
    expect(await morning('2026-02-09T08:00:00Z', 1)).toMatchObject({ queued: 1 });
    await news('Paper of 2026-02-02', 'code', '2026-02-09T08:01:00Z', { codeUrl: 'https://github.com/ada/x' });
    context().time.now = new Date('2026-02-09T08:05:00Z');
    const again = await deliveryTo(context(), [server.relay]);
    expect(await deliver(again, new AbortController().signal)).toMatchObject({ sent: 1 });
    const [first, second] = mails();
    expect(first).toContain('A new version: Paper of 2026-02-02');
    expect(second).toBe(first);
  });
});
