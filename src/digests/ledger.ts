import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../context.js';
import {
  type Claimant,
  type ClaimedDigest,
  markBegun,
  recoverClaims,
  type Settlement,
  settleAndClaim,
} from './claims.js';
import type { NextStatus } from './next-status.js';
import { noteBounce } from './store.js';

interface Waiting<Asked, Answer> {
  asked: Asked;
  resolve: (answer: Answer) => void;
}

const longestPauseMs = 5_000;
/** How long the first of those who ask waits for others: a statement for few costs nearly as much as one for many. */
const gatherMs = 5;

/**
 * The record of digests as the connections of one worker use it. What they ask for while a statement is under way is asked
 * together in the next one, so that a commit serves all who are ready. A connection that asks for a digest together with the
 * settlement of its last one gets it only once that is committed: never more digests are in doubt than there are connections.
 */
export class DeliveryLedger {
  readonly #ctx: Pick<Context, 'db' | 'clock' | 'log'>;
  readonly #claimant: Claimant;
  readonly #signal: AbortSignal;
  readonly #enough: number;
  readonly #inHand = new Set<string>();
  #settlements: Waiting<Settlement, boolean>[] = [];
  #claims: Waiting<null, ClaimedDigest | null>[] = [];
  #begun: ClaimedDigest[] = [];
  #beginning: Promise<Set<string>> | null = null;
  #running = false;
  /** Lets those who ask wait no longer. */
  #gathering: NodeJS.Timeout | null = null;
  /** Statements in a row that failed. */
  #failures = 0;
  /** How many digests were not to be sent any more. */
  suppressed = 0;

  /**
   * @param connections how many ask, at most: once half of them do, a statement is begun, so that the others have mails under
   *   way meanwhile
   * @param signal when aborted, nothing more is claimed
   */
  constructor(
    ctx: Pick<Context, 'db' | 'clock' | 'log'>,
    claimant: Claimant,
    connections: number,
    signal: AbortSignal,
  ) {
    this.#ctx = ctx;
    this.#enough = Math.ceil(connections / 2);
    this.#claimant = claimant;
    this.#signal = signal;
  }

  /**
   * Puts an outcome on record; tried until it is written or the process dies, because one that is lost is a mail that is sent
   * twice.
   * @param unsent that it is certain that no copy is out
   * @returns false where the claim was lost meanwhile: then another worker has the digest, and nothing is written
   */
  settle({ id, attempts }: ClaimedDigest, next: NextStatus, reply: string, unsent = false): Promise<boolean> {
    return this.#ask(this.#settlements, { digestId: id, attempts, next, reply, unsent });
  }

  /**
   * Takes the next digest that is due; waits for as long as the database is away.
   * @returns null where none is
   */
  claim(): Promise<ClaimedDigest | null> {
    return this.#ask(this.#claims, null);
  }

  /**
   * Where claims are held when in doubt: says that a digest is about to be sent, so that one of a worker that ended before is
   * told from one that may be out.
   * @returns false where it must not be sent, because the claim was lost or the database cannot be used
   */
  async begin(digest: ClaimedDigest): Promise<boolean> {
    if (!this.#claimant.saysWhenBegun) return true;
    this.#beginning ??= new Promise((resolve) => setImmediate(resolve)).then(() => this.#begin());
    this.#begun.push(digest);
    return (await this.#beginning).has(digest.id);
  }

  /** For all who ask at the same time. */
  async #begin(): Promise<Set<string>> {
    const digests = this.#begun.splice(0);
    this.#beginning = null;
    return markBegun(this.#ctx.db.pool, this.#claimant.owner, digests).catch((error) => {
      this.#complain(error);
      return new Set<string>();
    });
  }

  #ask<Asked, Answer>(queue: Waiting<Asked, Answer>[], asked: Asked): Promise<Answer> {
    return new Promise((resolve) => {
      queue.push({ asked, resolve });
      this.#gather();
    });
  }

  /** Begins a statement once enough ask, or the first has waited long enough. */
  #gather(): void {
    const asking = Math.max(this.#settlements.length, this.#claims.length);
    if (this.#running || asking === 0) return;
    if (asking < this.#enough) {
      this.#gathering ??= setTimeout(() => void this.#run(), gatherMs);
      return;
    }
    this.#stopGathering();
    this.#running = true;
    // Once all have been heard whose replies have arrived by now.
    setImmediate(() => void this.#run());
  }

  #stopGathering(): void {
    clearTimeout(this.#gathering ?? undefined);
    this.#gathering = null;
  }

  async #run(): Promise<void> {
    this.#stopGathering();
    this.#running = true;
    const settlements = this.#settlements.splice(0);
    const claims = this.#claims.splice(0);
    if (this.#signal.aborted) for (const { resolve } of claims.splice(0)) resolve(null);
    try {
      await this.#exchange(settlements, claims);
      this.#failures = 0;
    } catch (error) {
      await this.#recover(settlements, error);
      this.#claims.push(...claims);
    }
    this.#running = false;
    this.#gather();
  }

  async #exchange(settlements: Waiting<Settlement, boolean>[], claims: Waiting<null, ClaimedDigest | null>[]) {
    if (settlements.length + claims.length === 0) return;
    const { db, clock } = this.#ctx;
    const asked = settlements.map((waiting) => waiting.asked);
    const { recorded, claimed, suppressed, deferred } = await settleAndClaim(
      db.pool,
      this.#claimant,
      asked,
      claims.length,
      clock(),
    );
    this.suppressed += suppressed;
    for (const { id } of claimed) this.#inHand.add(id);
    for (const { digestId, next } of asked.filter(({ next }) => next.bounced)) {
      const subscriberId = recorded.find(({ id }) => id === digestId)?.subscriberId;
      // Lost in a crash, the next digest bounces again.
      if (subscriberId) await noteBounce(db.prisma, subscriberId, next.bounced).catch((error) => this.#complain(error));
    }
    this.#answer(settlements, new Set(recorded.map(({ id }) => id)));
    for (const [i, waiting] of claims.entries()) {
      const digest = claimed[i];
      if (digest || suppressed + deferred === 0) waiting.resolve(digest ?? null);
      else this.#claims.push(waiting);
    }
  }

  /** Finds out what the database knows, and writes what it does not. */
  async #recover(settlements: Waiting<Settlement, boolean>[], cause: unknown): Promise<void> {
    let open = settlements;
    let error = cause;
    // Asked to stop, it waits for nothing but what must be written.
    while (open.length > 0 || !this.#signal.aborted) {
      this.#complain(error);
      this.#failures++;
      await sleep(Math.min(100 * 2 ** this.#failures, longestPauseMs));
      try {
        const written = await recoverClaims(
          this.#ctx.db.pool,
          this.#claimant.owner,
          open.map(({ asked }) => asked),
          [...this.#inHand],
        );
        this.#answer(
          open.filter(({ asked }) => written.has(asked.digestId)),
          written,
        );
        open = open.filter(({ asked }) => !written.has(asked.digestId));
        await this.#exchange(open, []);
        return;
      } catch (next) {
        error = next;
      }
    }
  }

  #answer(settlements: Waiting<Settlement, boolean>[], written: ReadonlySet<string>): void {
    for (const { asked, resolve } of settlements) {
      this.#inHand.delete(asked.digestId);
      resolve(written.has(asked.digestId));
    }
  }

  #complain(error: unknown): void {
    this.#ctx.log.error(
      { error: (error as Error).message },
      'the record of digests could not be written; trying again',
    );
  }
}
