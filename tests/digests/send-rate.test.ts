import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deliver } from '../../src/digests/deliver.js';
import { SendTurns } from '../../src/digests/send-rate.js';
import { useContext } from '../helpers/context.js';
import { startSmtpServer, type TestSmtpServer } from '../helpers/smtp-server.js';
import { terminateWaiting } from '../helpers/terminate.js';
import { deliveryTo, planDigests, startMorning } from './delivery.js';

const context = useContext();
let server: TestSmtpServer;
beforeAll(async () => {
  server = await startSmtpServer();
});
afterAll(() => server.close());
beforeEach(() => startMorning(context()));

const never = new AbortController().signal;
/** Seconds that passed, by the clock of the database, which is the one that the rate goes by. */
const timed = async (work: () => Promise<unknown>) => {
  const now = async () => {
    const { rows } = await context().db.pool.query('select extract(epoch from clock_timestamp())::float8 as now');
    return rows[0].now as number;
  };
  const before = await now();
  await work();
  return (await now()) - before;
};

describe('SEND_RATE', () => {
  it('holds over all workers together', async () => {
    await planDigests(context(), 17);
    const delivery = await deliveryTo(context(), [server.relay], { rate: 20, connections: 3 });
    const seconds = await timed(() => Promise.all([deliver(delivery, never), deliver(delivery, never)]));
    expect(server.mails).toHaveLength(17);
    // The first may go at once. Timers may run a millisecond early.
    expect(seconds).toBeGreaterThan(16 / 20 - 0.01);
  });

  it('saves up no turns while there is nothing to send', async () => {
    const { prisma } = context().db;
    await prisma.$executeRaw`update send_rate set next_at = clock_timestamp() - interval '1 hour'`;
    const seconds = await timed(async () => {
      const turns = new SendTurns(context(), 20, never);
      for (let turn = 0; turn < 4; turn++) await turns.take();
    });
    expect(seconds).toBeGreaterThan(3 / 20 - 0.01);
  });

  it('of 0 is no limit, and takes no turn', async () => {
    await new SendTurns(context(), 0, never).take();
    const { rows } = await context().db.pool.query("select next_at = '-infinity' as untouched from send_rate");
    expect(rows).toEqual([{ untouched: true }]);
  });

  it('keeps nobody waiting who is asked to stop', async () => {
    const turns = new SendTurns(context(), 0.01, AbortSignal.timeout(50));
    await turns.take();
    expect(await timed(() => turns.take())).toBeLessThan(10);
  });

  it('is handed out some at once where it is high, and holds all the same', async () => {
    const [here, there] = [new SendTurns(context(), 200, never), new SendTurns(context(), 200, never)];
    const seconds = await timed(async () => {
      await Promise.all(Array.from({ length: 36 }, (_, i) => (i % 2 ? here : there).take()));
    });
    expect(seconds).toBeGreaterThan(35 / 200 - 0.01);
  });

  it('waits where the database ends the connection that asks for a turn', async () => {
    const { pool } = context().db;
    context().expectsLog(/no turn to send could be had/);
    const holder = await pool.connect();
    await holder.query('begin; update send_rate set next_at = next_at');
    const turn = new SendTurns(context(), 20, never).take();
    await expect.poll(() => terminateWaiting(pool)).toBe(1);
    await holder.query('rollback');
    holder.release();
    await turn;
  });

  it('takes no turn when nothing is due', async () => {
    await deliver(await deliveryTo(context(), [server.relay], { rate: 1 }), never);
    const { rows } = await context().db.pool.query("select next_at = '-infinity' as untouched from send_rate");
    expect(rows).toEqual([{ untouched: true }]);
  });
});
