import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Context } from '../context.js';
import { isDatabaseUnavailable } from '../database/unavailable.js';

const mostAtOnce = 12;
/** Of what was reserved a worker that ends leaves no more unused than this. */
const reservedSeconds = 0.25;
/** How long after an attempt that found no database the next one is made. */
const tryAgainMs = 1_000;

/**
 * Gives out the turns to send under SEND_RATE, for all connections of a worker. They come from one row of the database, some
 * at once, so that the rate holds over all workers together; a turn that nobody took in time is not saved up.
 */
export class SendTurns {
  readonly #ctx: Pick<Context, 'db' | 'log'>;
  readonly #rate: number;
  readonly #signal: AbortSignal;
  /** When the turns in hand are, by this process's monotonic clock. */
  #reserved: number[] = [];
  #reserving: Promise<void> | null = null;

  /**
   * @param rate mails a second; 0 is no limit
   * @param signal ends all waiting
   */
  constructor(ctx: Pick<Context, 'db' | 'log'>, rate: number, signal: AbortSignal) {
    this.#ctx = ctx;
    this.#rate = rate;
    this.#signal = signal;
    // One for each connection that waits.
    setMaxListeners(Number.POSITIVE_INFINITY, signal);
  }

  /**
   * Waits for the next turn, or until the signal is aborted; while the database is away, for that too.
   * @throws Error where the database is there and gives none
   */
  async take(): Promise<void> {
    if (this.#rate === 0) return;
    while (this.#reserved.length === 0 && !this.#signal.aborted) {
      this.#reserving ??= this.#reserve()
        .catch((error) => this.#wait(error))
        .finally(() => {
          this.#reserving = null;
        });
      await this.#reserving;
    }
    await this.#sleep((this.#reserved.shift() ?? 0) - performance.now());
  }

  async #wait(error: Error): Promise<void> {
    if (!isDatabaseUnavailable(error)) throw error;
    this.#ctx.log.error({ error: error.message }, 'no turn to send could be had from the database; trying again');
    await this.#sleep(tryAgainMs);
  }

  async #sleep(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.#signal }).catch(() => {});
  }

  async #reserve(): Promise<void> {
    const count = Math.min(Math.max(Math.floor(this.#rate * reservedSeconds), 1), mostAtOnce);
    const rows = await this.#ctx.db.prisma.$queryRaw`
      update send_rate
      set next_at = greatest(next_at, clock_timestamp()) + make_interval(secs => ${count / this.#rate}::float8)
      returning (extract(epoch from next_at - clock_timestamp()) * 1000)::float8 as "endsInMs"`;
    const { endsInMs } = z.tuple([z.object({ endsInMs: z.number() })]).parse(rows)[0];
    const end = performance.now() + endsInMs;
    for (let left = count; left > 0; left--) this.#reserved.push(end - (left * 1_000) / this.#rate);
  }
}
