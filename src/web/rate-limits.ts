import { createHmac } from 'node:crypto';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Context } from '../context.js';
import { clientNetwork } from './client-network.js';

/** Sign-ups that one network may send in an hour: enough for an office, too few to bother many people. */
export const signUpsPerNetwork = 20;
/** Sign-ups in an hour from everywhere: far more than any honest hour has, and what an attack from many networks meets. */
export const signUpsInAll = 1_000;
const hourInSeconds = 3_600;

/** Takes one sign-up from a client's allowance; returns how many seconds to wait where there is none left. */
export type SignUpLimit = (ip: string) => Promise<number | null>;

/** Limits kept in PostgreSQL, so that all web processes share them. Clients stand there as keyed hashes. */
export function createSignUpLimit(ctx: Pick<Context, 'db' | 'keys'>): SignUpLimit {
  const limiter = (keyPrefix: string, points: number) =>
    new RateLimiterPostgres({
      storeClient: ctx.db.pool,
      storeType: 'pool',
      tableName: 'rate_limits',
      tableCreated: true,
      keyPrefix,
      points,
      duration: hourInSeconds,
    });
  const perNetwork = limiter('sign-up', signUpsPerNetwork);
  const inAll = limiter('sign-ups', signUpsInAll);
  return async (ip) => {
    try {
      await perNetwork.consume(hashed(ctx, clientNetwork(ip)));
      await inAll.consume('all');
      return null;
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      return Math.max(1, Math.ceil(refused.msBeforeNext / 1_000));
    }
  };
}

function hashed(ctx: Pick<Context, 'keys'>, network: string): string {
  const [key = ''] = ctx.keys.reveal();
  return createHmac('sha256', key).update(`network:${network}`).digest('base64url');
}
