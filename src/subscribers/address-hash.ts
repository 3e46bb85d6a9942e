import { createHmac } from 'node:crypto';
import type { Secret } from '../secret.js';

/**
 * Keyed hashes of an address, which outlive its subscriber: one for each secret key, the signing key's first. Write the
 * first, look for any, so that a hash is found for as long as its key is still listed.
 */
export function addressHashes(keys: Secret<string[]>, emailKey: string): Buffer<ArrayBuffer>[] {
  return keys.reveal().map((key) => Buffer.from(createHmac('sha256', key).update(`address:${emailKey}`).digest()));
}
