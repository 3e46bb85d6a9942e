import { afterAll, beforeAll, describe, it } from 'vitest';
import { useContext } from '../helpers/context.js';
import { type Account, type Cell, connections, expectWithinBounds, failpoints, runCell } from './cell.js';

/** What Offprint takes for dead only once the database has been there for a minute. */
const databaseMs = 61_000;

/** Every failpoint, with one to three workers, under both policies. */
export function describeMatrix(signal: Cell['signal']): void {
  const context = useContext();
  beforeAll(async () => {
    const up = 'select extract(epoch from clock_timestamp() - pg_postmaster_start_time())::float8 * 1000 as ms';
    const { rows } = await context().db.pool.query(up);
    if (signal === 'SIGKILL') await new Promise((done) => setTimeout(done, Math.max(0, databaseMs - rows[0].ms)));
  }, 2 * databaseMs);

  const accounts: Account[] = [];
  const run = async (cell: Cell) => {
    const account = await runCell(context(), cell);
    accounts.push(account);
    expectWithinBounds(account);
  };
  afterAll(() => {
    const sum = (policy: Cell['policy'], what: 'lost' | 'doubled' | 'inDoubt') =>
      accounts.filter(({ cell }) => cell.policy === policy).reduce((total, account) => total + account[what], 0);
    const told = (policy: Cell['policy']) =>
      `${policy}: lost ${sum(policy, 'lost')}, doubled ${sum(policy, 'doubled')}, in doubt ${sum(policy, 'inDoubt')}`;
    const bound = accounts.filter(({ cell }) => cell.policy === 'resend').length * connections;
    process.stdout.write(`${accounts.length} times ${signal}. ${told('resend')} (bound ${bound}). ${told('hold')}\n`);
  });

  const cells = (['resend', 'hold'] as const).flatMap((policy) =>
    failpoints.flatMap((failpoint) =>
      [1, 2, 3].map((workers): Cell => ({ failpoint, signal, workers, policy, nth: 3 })),
    ),
  );
  describe(`${signal === 'SIGKILL' ? 'row 1' : 'row 59'}: a process that is ended by ${signal}`, () => {
    it.each(cells)('$failpoint, of $workers workers, policy $policy', run);
  });

  const rounds = Number(process.env['FAULT_ROUNDS'] ?? 0);
  if (rounds === 0) return;
  const seed = Number(process.env['FAULT_SEED'] ?? Date.now() % 1_000_000);
  describe(`at random, seed ${seed}`, () => {
    it.each(randomCells(signal, rounds, seed))('$failpoint, time $nth, of $workers workers, policy $policy', run);
  });
}

/** The same cells for the same seed. */
function randomCells(signal: Cell['signal'], count: number, seed: number): Cell[] {
  let state = seed;
  const below = (limit: number) => {
    // Of Park and Miller: good enough to choose by.
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
  return Array.from({ length: count }, () => ({
    failpoint: failpoints[below(failpoints.length)] ?? 'after the dot',
    signal,
    workers: 1 + below(3),
    policy: below(2) ? 'resend' : 'hold',
    nth: 1 + below(12),
  }));
}
