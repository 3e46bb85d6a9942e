import type { PrismaClient } from '../generated/prisma/client.js';
import type { Queries } from './database.js';

/** Carries a result out of a transaction that is rolled back on purpose. */
class RolledBack<Result> extends Error {
  readonly result: Result;
  constructor(result: Result) {
    super('rolled back on purpose');
    this.result = result;
  }
}

/** Does `work` for real, in a transaction, and takes it back: nothing is written. */
export async function rehearse<Result>(prisma: PrismaClient, work: (tx: Queries) => Promise<Result>): Promise<Result> {
  try {
    return await prisma.$transaction(
      async (tx) => {
        throw new RolledBack(await work(tx));
      },
      { timeout: 600_000, maxWait: 30_000 },
    );
  } catch (error) {
    if (error instanceof RolledBack) return error.result;
    throw error;
  }
}
