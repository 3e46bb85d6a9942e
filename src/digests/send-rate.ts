import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Queries } from '../database/database.js';

const mostAtOnce = 12;
/** Of what was reserved a worker that ends leaves no more unused than this. */
const reservedSeconds = 0.25;

/**
 * Gives out the turns to send under SEND_RATE, for all connections of a worker. They come from one row of the database, some
 * at once, so that the rate holds over all workers together; a turn that nobody took in time is not saved up.
 */
export class SendTurns {
  readonly #db: Queries;
  readonly #rate: number;
  readonly #signal: AbortSignal;
  /** When the turns in hand are, by this process's monotonic clock. */
  #reserved: number[] = [];
  #reserving: Promise<void> | null = null;

  /**
   * @param rate mails a second; 0 is no limit
   * @param signal ends all waiting
   */
  constructor(db: Queries, rate: number, signal: AbortSignal) {
    this.#db = db;
    this.#rate = rate;
    this.#signal = signal;
    // One for each connection that waits.
    setMaxListeners(Number.POSITIVE_INFINITY, signal);
  }

  /** Waits for the next turn, or until the signal is aborted. */
  async take(): Promise<void> {
    if (this.#rate === 0) return;
    while (this.#reserved.length === 0) {
      this.#reserving ??= this.#reserve().finally(() => {
        this.#reserving = null;
      });
      await this.#reserving;
    }
    const waitMs = (this.#reserved.shift() ?? 0) - performance.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: this.#signal }).catch(() => {});
  }

  async #reserve(): Promise<void> {
    const count = Math.min(Math.max(Math.floor(this.#rate * reservedSeconds), 1), mostAtOnce);
    const rows = await this.#db.$queryRaw`
      update send_rate
      set next_at = greatest(next_at, clock_timestamp()) + make_interval(secs => ${count / this.#rate}::float8)
      returning (extract(epoch from next_at - clock_timestamp()) * 1000)::float8 as "endsInMs"`;
    const { endsInMs } = z.tuple([z.object({ endsInMs: z.number() })]).parse(rows)[0];
    const end = performance.now() + endsInMs;
    for (let left = count; left > 0; left--) this.#reserved.push(end - (left * 1_000) / this.#rate);
  }
}
