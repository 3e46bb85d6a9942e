import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deliver } from '../../src/digests/deliver.js';
import { listDigests, retryDigests } from '../../src/digests/retry.js';
import { useContext } from '../helpers/context.js';
import { type SmtpScript, startSmtpServer, type TestSmtpServer } from '../helpers/smtp-server.js';
import { deliveryTo, morning, planDigests, startMorning } from './delivery.js';

const context = useContext({}, [/digest not sent/]);
const unknown = '00000000-0000-7000-8000-000000000000';
let server: TestSmtpServer;

beforeEach(() => startMorning(context()));
afterEach(() => server.close());

/** Sends what is due to a server with this script. */
async function send(on?: SmtpScript['on']): Promise<void> {
  await server?.close();
  server = await startSmtpServer(on ? { on } : {});
  await deliver(await deliveryTo(context(), [server.relay], { inDoubt: 'hold' }), new AbortController().signal);
}
const loseAnswer: SmtpScript['on'] = ({ step }) => (step === 'dot' ? { next: 'close', keep: true } : undefined);
const refuse: SmtpScript['on'] = ({ step }) => (step === 'RCPT' ? { raw: '554 5.6.0 not today\r\n' } : undefined);
const list = (...given: [Parameters<typeof listDigests>[1]?, number?]) =>
  listDigests(context().db.prisma, given[0] ?? null, given[1] ?? 100);
const retry = (...ids: string[]) => retryDigests(context().db.prisma, ids, context().time.now);

describe('the list of digests', () => {
  it('has what waits, failed or is in doubt, with the reply of the server, and not what was sent', async () => {
    await planDigests(context(), 1);
    await send();
    const [reader] = await planDigests(context(), 1);
    await send(refuse);
    expect(await list()).toMatchObject({
      total: 1,
      digests: [
        {
          subscriberId: reader,
          email: expect.stringContaining('@'),
          day: '2026-02-04',
          status: 'failed',
          attempts: 1,
          plannedAt: morning,
          lastReply: '554 5.6.0 not today',
        },
      ],
    });
    expect(await list('sent')).toMatchObject({ total: 1, digests: [{ status: 'sent' }] });
  });

  it('is as long as it may be, and says how many there are in all', async () => {
    await planDigests(context(), 3);
    expect(await list('queued', 2)).toMatchObject({ total: 3, digests: [{}, {}] });
    await send();
  });
});

describe('a digest that is retried', () => {
  it('goes out with the same bytes, once more', async () => {
    await planDigests(context(), 1);
    await send(loseAnswer);
    const [first] = server.mails;
    const { digests } = await list('in_doubt');
    const id = digests[0]?.id ?? '';
    context().time.now = new Date(morning.getTime() + 3_600_000);
    expect(await retry(id, id)).toEqual({ retried: [id], refused: [] });
    expect((await list()).digests).toMatchObject([
      { status: 'queued', lastReply: expect.stringContaining('operator') },
    ]);
    await send();
    expect(server.mails.map(({ raw }) => raw.equals(first?.raw ?? Buffer.of()))).toEqual([true]);
    expect((await list()).total).toBe(0);
  });

  it('stays as it is where it was sent, does not exist, is too old, or its subscriber has left', async () => {
    await planDigests(context(), 1);
    await send();
    const sent = (await list('sent')).digests[0]?.id ?? '';
    const [reader] = await planDigests(context(), 1);
    await send(loseAnswer);
    const held = (await list('in_doubt')).digests[0]?.id ?? '';
    expect(await retry(sent, unknown)).toEqual({
      retried: [],
      refused: [
        { id: sent, reason: 'it is sent' },
        { id: unknown, reason: 'there is no such digest' },
      ],
    });
    context().time.now = new Date(morning.getTime() + 21 * 3_600_000);
    expect((await retry(held)).refused).toEqual([
      { id: held, reason: 'it was planned over 20 hours ago: the next one has come' },
    ]);
    context().time.now = morning;
    const { prisma } = context().db;
    await prisma.subscriber.update({ where: { id: reader ?? 0 }, data: { status: 'unsubscribed' } });
    expect((await retry(held)).refused).toEqual([{ id: held, reason: 'the subscriber is unsubscribed' }]);
    expect((await list('in_doubt')).total).toBe(1);
  });
});
