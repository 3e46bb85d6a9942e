import { createHmac } from 'node:crypto';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Context } from '../context.js';
import { type Address, domainOf } from '../subscribers/address.js';
import { clientNetworks } from './client-network.js';

/** How many times the allowance of a network those that hold it have: a provider's customer with a /56 or /48. */
const networkShares = [1, 3, 5];
const hourInSeconds = 3_600;

/** That no sign-up is taken now: from this network, for this domain, or from anybody; and in how many seconds again. */
export interface SignUpRefusal {
  seconds: number;
  of: 'network' | 'domain' | 'all';
}

/**
 * Takes one sign-up from the allowances of an hour, whatever is known of the address; returns the refusal where there is none left.
 * @param ip the client's
 */
export type SignUpLimit = (ip: string, address: Address) => Promise<SignUpRefusal | null>;

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

/** Tries of the code that a page has: of a million codes five are too few to guess. */
const codeTries = 5;

/** Whether a page may try a code once more; takes it from its tries. */
export type CodeLimit = (signUpId: string) => Promise<boolean>;

export function createCodeLimit(ctx: Pick<Context, 'db'>): CodeLimit {
  const perPage = limiter(ctx, 'code', codeTries, 24 * hourInSeconds);
  return async (signUpId) => (await take(perPage, signUpId)) === null;
}

/** Wrong passwords that a network may give in an hour. */
const passwordTries = 10;

/** The tries that networks have to say a password. */
export interface PasswordLimit {
  /** Takes one try. @returns in how many seconds there is another, where none is left; else null */
  take(ip: string): Promise<number | null>;
  /** Gives a try back: the password was right. */
  giveBack(ip: string): Promise<void>;
}

export function createPasswordLimit(ctx: Pick<Context, 'db' | 'keys'>): PasswordLimit {
  const ofNetworks = networkShares.map((share) => limiter(ctx, 'password', share * passwordTries, hourInSeconds));
  const keysOf = (ip: string) => clientNetworks(ip).map((network) => hashed(ctx, `network:${network}`));
  return {
    take: async (ip) => {
      for (const [i, key] of keysOf(ip).entries()) {
        const seconds = await take(ofNetworks[i] as RateLimiterPostgres, key);
        if (seconds !== null) return seconds;
      }
      return null;
    },
    giveBack: async (ip) => {
      for (const [i, key] of keysOf(ip).entries()) await ofNetworks[i]?.reward(key);
    },
  };
}

/** Networks and domains stand as keyed hashes. */
export function createSignUpLimit(ctx: Pick<Context, 'config' | 'db' | 'keys'>): SignUpLimit {
  const { perNetwork, perDomain, inAll } = ctx.config.web.signUpsPerHour;
  const ofNetworks = networkShares.map((share) => limiter(ctx, 'sign-up', share * perNetwork, hourInSeconds));
  const ofDomain = limiter(ctx, 'sign-up-domain', perDomain, hourInSeconds);
  const ofAll = limiter(ctx, 'sign-ups', inAll, hourInSeconds);
  return async (ip, address) => {
    for (const [i, network] of clientNetworks(ip).entries()) {
      const seconds = await take(ofNetworks[i] ?? ofAll, hashed(ctx, `network:${network}`));
      if (seconds !== null) return { seconds, of: 'network' };
    }
    const secondsOfDomain = await take(ofDomain, hashed(ctx, `domain:${domainOf(address)}`));
    if (secondsOfDomain !== null) return { seconds: secondsOfDomain, of: 'domain' };
    const seconds = await take(ofAll, 'all');
    return seconds === null ? null : { seconds, of: 'all' };
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

function hashed(ctx: Pick<Context, 'keys'>, text: string): string {
  const [key = ''] = ctx.keys.reveal();
  return createHmac('sha256', key).update(text).digest('base64url');
}
