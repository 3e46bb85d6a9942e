import { createHmac } from 'node:crypto';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Context } from '../context.js';
import { clientNetwork } from './client-network.js';

/** Sign-ups that one network may send in an hour: enough for an office, too few to bother many people. */
export const signUpsPerNetwork = 20;
const hourInSeconds = 3_600;

/** That no sign-up is taken now: from this network, or from anybody; and in how many seconds again. */
export interface SignUpRefusal {
  seconds: number;
  from: 'network' | 'everywhere';
}

/** Takes one sign-up from a client's allowance; returns the refusal where there is none left. */
export type SignUpLimit = (ip: string) => Promise<SignUpRefusal | null>;

/** Limits kept in PostgreSQL, so that all web processes share them. Clients stand there as keyed hashes. */
export function createSignUpLimit(ctx: Pick<Context, 'config' | 'db' | 'keys'>): SignUpLimit {
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
  // What an attack from many networks meets: SIGN_UPS_PER_HOUR.
  const inAll = limiter('sign-ups', ctx.config.web.signUpsPerHour);
  return async (ip) => {
    const seconds = await take(perNetwork, hashed(ctx, clientNetwork(ip)));
    if (seconds !== null) return { seconds, from: 'network' };
    const secondsInAll = await take(inAll, 'all');
    return secondsInAll === null ? null : { seconds: secondsInAll, from: 'everywhere' };
  };
}

async function take(limiter: RateLimiterPostgres, key: string): Promise<number | null> {
  try {
    await limiter.consume(key);
    return null;
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    return Math.max(1, Math.ceil(refused.msBeforeNext / 1_000));
  }
}

function hashed(ctx: Pick<Context, 'keys'>, network: string): string {
  const [key = ''] = ctx.keys.reveal();
  return createHmac('sha256', key).update(`network:${network}`).digest('base64url');
}
