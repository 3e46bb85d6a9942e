import type { Context } from '../context.js';
import { acceptRestored, type Restored } from '../database/high-water-mark.js';
import { appendOffers, findLogEnd } from '../papers/offers.js';
import { passOver } from './due.js';
import { dropOpen } from './store.js';

/** What became of a database that had been restored from a dump. */
export interface Resumed {
  /** Digests that stood in the copy as waiting or under way and are not sent. */
  dropped: number;
}

/**
 * Lets plans and deliveries go on in a database that was restored from a dump.
 * @param sendAgain sends what may have been sent already; otherwise that is passed over: the digests that wait in the copy, today's
 *   where their hour has struck, and every paper that the copy has on offer, which should have been read anew before
 * @returns what became of what waited in the copy
 */
export async function resumeAfterRestore(
  ctx: Pick<Context, 'db' | 'clock'>,
  restored: Restored,
  sendAgain: boolean,
): Promise<Resumed> {
  return ctx.db.prisma.$transaction(
    async (tx) => {
      let dropped = 0;
      if (!sendAgain) {
        const now = ctx.clock();
        await appendOffers(tx, now);
        dropped = await dropOpen(tx);
        await passOver(tx, now, await findLogEnd(tx));
      }
      await acceptRestored(tx, restored);
      return { dropped };
    },
    { timeout: 600_000 },
  );
}
