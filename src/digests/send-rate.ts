import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Queries } from '../database/database.js';

/**
 * Waits for this mail's turn under SEND_RATE. The turns are given out by one row of the database, so that the rate holds
 * over all workers together; a turn that nobody took in time is not saved up.
 * @param rate mails a second; 0 is no limit
 */
export async function takeSendSlot(db: Queries, rate: number, signal: AbortSignal): Promise<void> {
  if (rate === 0) return;
  const rows = await db.$queryRaw`
    update send_rate
    set next_at = greatest(next_at, clock_timestamp()) + make_interval(secs => ${1 / rate}::float8)
    returning (extract(epoch from next_at - clock_timestamp()) * 1000 - ${1000 / rate}::float8)::float8 as "waitMs"`;
  const { waitMs } = z.tuple([z.object({ waitMs: z.number() })]).parse(rows)[0];
  if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => {});
}
