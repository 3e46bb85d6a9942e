import { createHmac } from 'node:crypto';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Context } from '../context.js';
import { clientNetworks } from './client-network.js';

/** Sign-ups that one network may send in an hour: enough for an office, too few to bother many people. */
export const signUpsPerNetwork = 20;
/** And those that hold it: a provider's customer with a /56 or /48. */
const mostPerNetwork = [signUpsPerNetwork, 60, 100];
const hourInSeconds = 3_600;

/** That no sign-up is taken now: from this network, or from anybody; and in how many seconds again. */
export interface SignUpRefusal {
  seconds: number;
  from: 'network' | 'everywhere';
}

/** Takes one sign-up from a client's allowance; returns the refusal where there is none left. */
export type SignUpLimit = (ip: string) => Promise<SignUpRefusal | null>;

/** A limit that is kept in PostgreSQL, so that all web processes share it. */
function limiter({ db }: Pick<Context, 'db'>, keyPrefix: string, points: number, duration: number) {
  return new RateLimiterPostgres({
    storeClient: db.pool,
    storeType: 'pool',
    tableName: 'rate_limits',
    tableCreated: true,
    keyPrefix,
    points,
    duration,
  });
}

/** Mails with links to their data that a subscriber may ask for in a day. */
const noticesPerDay = 3;

/** Whether a subscriber may ask for another of these; takes it from their allowance. */
export type NoticeLimit = (subscriberId: number) => Promise<boolean>;

export function createNoticeLimit(ctx: Pick<Context, 'db'>): NoticeLimit {
  const perSubscriber = limiter(ctx, 'notice', noticesPerDay, 24 * hourInSeconds);
  return async (subscriberId) => (await take(perSubscriber, String(subscriberId))) === null;
}

/** Clients stand as keyed hashes. */
export function createSignUpLimit(ctx: Pick<Context, 'config' | 'db' | 'keys'>): SignUpLimit {
  const perNetwork = mostPerNetwork.map((most) => limiter(ctx, 'sign-up', most, hourInSeconds));
  // What an attack from many networks meets: SIGN_UPS_PER_HOUR.
  const inAll = limiter(ctx, 'sign-ups', ctx.config.web.signUpsPerHour, hourInSeconds);
  return async (ip) => {
    const networks = clientNetworks(ip);
    for (const [i, limit] of perNetwork.entries()) {
      const network = networks[i];
      const seconds = network === undefined ? null : await take(limit, hashed(ctx, network));
      if (seconds !== null) return { seconds, from: 'network' };
    }
    const secondsInAll = await take(inAll, 'all');
    return secondsInAll === null ? null : { seconds: secondsInAll, from: 'everywhere' };
  };
}

/** Whether something is seen for the first time within so many milliseconds. */
export function createOnce(ctx: Pick<Context, 'db'>, name: string, withinMs: number) {
  const seen = limiter(ctx, name, 1, withinMs / 1_000);
  return async (key: string): Promise<boolean> => (await take(seen, key)) === null;
}

async function take(limit: RateLimiterPostgres, key: string): Promise<number | null> {
  try {
    await limit.consume(key);
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
