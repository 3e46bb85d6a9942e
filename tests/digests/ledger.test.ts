import { beforeEach, describe, expect, it } from 'vitest';
import { DeliveryLedger } from '../../src/digests/ledger.js';
import { useContext } from '../helpers/context.js';
import { planDigests, recordedDigests, startMorning } from './delivery.js';

const context = useContext({}, [/record of digests could not be written/]);
beforeEach(() => startMorning(context()));

const claimant = { owner: 'worker', layoutId: 1, saysWhenBegun: false };
const sent = { status: 'sent', countsAttempt: true, bounced: false } as const;

/** A ledger whose statements go through `around`, which may let them fail. */
function ledgerThrough(
  around: (run: () => Promise<unknown>, statement: number) => Promise<unknown>,
  signal = new AbortController().signal,
  connections = 1,
) {
  const ctx = context();
  let statements = 0;
  const query = (...given: unknown[]) =>
    around(() => (ctx.db.pool.query as (...all: unknown[]) => Promise<unknown>)(...given), ++statements);
  const pool = Object.assign(Object.create(ctx.db.pool), { query });
  return {
    ledger: new DeliveryLedger({ ...ctx, db: { ...ctx.db, pool } }, claimant, connections, signal),
    statements: () => statements,
  };
}

const claimAll = async (ledger: DeliveryLedger, count: number) => {
  const digests = await Promise.all(Array.from({ length: count }, () => ledger.claim()));
  return digests.filter((digest) => digest !== null);
};

describe('the record of digests', () => {
  it('takes what many connections have to say in one statement, and gives each a digest of its own', async () => {
    await planDigests(context(), 20);
    const { ledger, statements } = ledgerThrough((run) => run());
    const first = await claimAll(ledger, 10);
    expect(statements()).toBe(1);
    const answers = await Promise.all(
      first.flatMap((digest) => [ledger.settle(digest, sent, '250 ok'), ledger.claim()]),
    );
    expect(statements()).toBe(2);
    const second = answers.filter((_, i) => i % 2 === 1) as typeof first;
    expect(answers.filter((_, i) => i % 2 === 0)).toEqual(first.map(() => true));
    expect(new Set([...first, ...second].map(({ id }) => id)).size).toBe(20);
    expect((await recordedDigests(context())).map(({ status }) => status).toSorted()).toEqual([
      ...Array(10).fill('sending'),
      ...Array(10).fill('sent'),
    ]);
  });

  it('waits for half of the connections, or for a moment, and never has two statements under way', async () => {
    await planDigests(context(), 4);
    let [under, most] = [0, 0];
    const oneMore = async (run: () => Promise<unknown>) => {
      most = Math.max(most, ++under);
      return run().finally(() => under--);
    };
    const { ledger, statements } = ledgerThrough(oneMore, undefined, 4);
    // One alone is served, though it is less than half.
    expect(await ledger.claim()).not.toBeNull();
    expect(statements()).toBe(1);
    // The moment of the first is over just as there are enough: from here timers come before immediates.
    await new Promise((resolve) => setImmediate(resolve));
    const first = ledger.claim();
    const later = new Promise<void>((resolve) => setTimeout(resolve, 10)).then(() => ledger.claim());
    for (const begun = performance.now(); performance.now() - begun < 20; );
    const claimed = await Promise.all([first, ledger.claim(), later]);
    expect(claimed.every((digest) => digest !== null)).toBe(true);
    expect(most).toBe(1);
    expect(statements()).toBe(2);
  });

  it('asks again where some of what was claimed was not to be sent any more', async () => {
    await planDigests(context(), 4);
    await context().db.pool.query("update subscribers set status = 'unsubscribed' where id % 2 = 0");
    const { ledger } = ledgerThrough((run) => run());
    expect(await claimAll(ledger, 2)).toHaveLength(2);
    expect(await ledger.claim()).toBeNull();
    expect(ledger.suppressed).toBe(2);
  });

  it('knows what was written by a statement whose answer was lost', async () => {
    await planDigests(context(), 1);
    const { ledger } = ledgerThrough(async (run, statement) => {
      const answer = await run();
      if (statement === 2) throw new Error('Connection terminated unexpectedly');
      return answer;
    });
    const [digest] = await claimAll(ledger, 1);
    if (!digest) throw new Error('There is nothing to claim');
    expect(await ledger.settle(digest, sent, '250 ok')).toBe(true);
    expect(await recordedDigests(context())).toMatchObject([{ status: 'sent', attempts: 1, lastReply: '250 ok' }]);
  });

  it('gives back what was claimed by a statement whose answer was lost: it was never begun, and costs no attempt', async () => {
    await planDigests(context(), 3);
    const { ledger } = ledgerThrough(async (run, statement) => {
      const answer = await run();
      if (statement === 2) throw new Error('Connection terminated unexpectedly');
      return answer;
    });
    const [known] = await claimAll(ledger, 1);
    const again = [await ledger.claim(), ...(await claimAll(ledger, 5))];
    expect(again.map((digest) => digest?.attempts)).toEqual([1, 1]);
    expect(again.map((digest) => digest?.id)).not.toContain(known?.id);
  });

  it('claims for as long as the database is away, until it is asked to stop', async () => {
    await planDigests(context(), 1);
    const stop = new AbortController();
    const { ledger, statements } = ledgerThrough((_, statement) => {
      if (statement === 3) stop.abort();
      return Promise.reject(new Error('Connection refused'));
    }, stop.signal);
    expect(await claimAll(ledger, 2)).toEqual([]);
    expect(statements()).toBe(3);
    expect(await recordedDigests(context())).toMatchObject([{ status: 'queued', attempts: 0 }]);
  });

  it('keeps an outcome for as long as the database is away, and writes it then', async () => {
    await planDigests(context(), 1);
    const { ledger } = ledgerThrough((run, statement) =>
      statement === 2 || statement === 3 ? Promise.reject(new Error('Connection refused')) : run(),
    );
    const [digest] = await claimAll(ledger, 1);
    if (!digest) throw new Error('There is nothing to claim');
    expect(await ledger.settle(digest, sent, '250 ok')).toBe(true);
    expect(await recordedDigests(context())).toMatchObject([{ status: 'sent', attempts: 1 }]);
  });
});
