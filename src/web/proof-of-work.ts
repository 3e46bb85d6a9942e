import { createHmac } from 'node:crypto';
import { type Challenge, createChallenge, verifySolution } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { z } from 'zod';
import type { Context } from '../context.js';
import { createOnce } from './rate-limits.js';

/**
 * What a browser works out where too many sign-ups came: some 4,096 tries, a second or two. So whoever floods the form pays for
 * each mail, and nobody is shut out. https://altcha.org/docs/v2/proof-of-work/
 */
const work = { algorithm: 'PBKDF2/SHA-256', cost: 1_000, keyPrefix: '000' };
const lifetimeMs = 600_000;

export interface ProofOfWork {
  /** A task for a browser, in JSON. */
  ask(): Promise<Challenge>;
  /** Whether this is the solution of a task of ours, in base64 as the widget of Altcha sends it, and was not used before. */
  accept(given: unknown): Promise<boolean>;
}

const payload = z.object({
  challenge: z.object({
    parameters: z.looseObject({
      algorithm: z.string(),
      nonce: z.string(),
      salt: z.string(),
      cost: z.number(),
      keyLength: z.number(),
      keyPrefix: z.string(),
      expiresAt: z.number(),
    }),
    signature: z.string(),
  }),
  solution: z.object({ counter: z.number(), derivedKey: z.string() }),
});

/** Tasks are signed, and nothing is stored for one before it is solved. */
export function createProofOfWork(ctx: Pick<Context, 'db' | 'keys'>): ProofOfWork {
  const [key = ''] = ctx.keys.reveal();
  const hmacSignatureSecret = createHmac('sha256', key).update('proof of work').digest('hex');
  const isUnused = createOnce(ctx, 'proof', lifetimeMs);
  return {
    ask: () =>
      createChallenge({ ...work, deriveKey, hmacSignatureSecret, expiresAt: new Date(Date.now() + lifetimeMs) }),
    accept: async (given) => {
      const parsed = payload.safeParse(decode(given));
      if (!parsed.success) return false;
      const { challenge, solution } = parsed.data;
      // The signature says that task and difficulty are ours.
      const { verified } = await verifySolution({ challenge, solution, deriveKey, hmacSignatureSecret }).catch(() => ({
        verified: false,
      }));
      return verified === true && (await isUnused(challenge.signature));
    },
  };
}

function decode(given: unknown): unknown {
  if (typeof given !== 'string' || given.length > 4_000) return null;
  try {
    return JSON.parse(Buffer.from(given, 'base64').toString('utf8'));
  } catch {
    return null;
  }
}
