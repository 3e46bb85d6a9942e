import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../secret.js';

/** What a link may do. A token is good for one purpose and no other. The order is part of the format: append only. */
const purposes = ['confirm', 'preferences', 'unsubscribe', 'digest', 'feed', 'feedback', 'history'] as const;
export type Purpose = (typeof purposes)[number];

export interface TokenSubject {
  subscriberId: number;
  /** The subscriber's epoch when the token was made: raising it revokes. */
  epoch: number;
  /** Where the token is about one digest. */
  digestId?: string;
  /** Where the token expires. */
  issuedAt?: Date;
}

const hour = 3_600_000;
const macLength = 16;

/**
 * Makes the token of a link: opaque, URL-safe, 36 to 62 characters, without an address in it. Layout: purpose (1 byte),
 * subscriber (4), epoch (2), hours since 1970 when issued (4, or zero), digest id (16, where there is one), and the first
 * 128 bits of HMAC-SHA256 over all before it.
 */
export function signToken(keys: Secret<string[]>, purpose: Purpose, subject: TokenSubject): string {
  const digestId = subject.digestId ? Buffer.from(subject.digestId.replaceAll('-', ''), 'hex') : Buffer.alloc(0);
  const body = Buffer.alloc(11);
  body.writeUInt8(purposes.indexOf(purpose), 0);
  body.writeUInt32BE(subject.subscriberId, 1);
  body.writeUInt16BE(subject.epoch, 5);
  body.writeUInt32BE(Math.floor((subject.issuedAt?.getTime() ?? 0) / hour), 7);
  const payload = Buffer.concat([body, digestId]);
  return Buffer.concat([payload, mac(keys.reveal()[0] as string, payload)]).toString('base64url');
}

/** Reads a token back: null where it is forged, for another purpose, or signed by a key that is no longer there. */
export function verifyToken(keys: Secret<string[]>, purpose: Purpose, token: string): TokenSubject | null {
  const bytes = Buffer.from(token, 'base64url');
  const payload = bytes.subarray(0, -macLength);
  const wellFormed = [11, 27].includes(payload.length) && bytes.toString('base64url') === token;
  if (!wellFormed || payload.readUInt8(0) !== purposes.indexOf(purpose)) return null;
  const given = bytes.subarray(-macLength);
  if (!keys.reveal().some((key) => timingSafeEqual(given, mac(key, payload)))) return null;
  const issuedHours = payload.readUInt32BE(7);
  return {
    subscriberId: payload.readUInt32BE(1),
    epoch: payload.readUInt16BE(5),
    ...(issuedHours > 0 && { issuedAt: new Date(issuedHours * hour) }),
    ...(payload.length === 27 && { digestId: toUuid(payload.subarray(11)) }),
  };
}

const bounceMacLength = 6;

/**
 * Makes the tag of a digest's envelope sender (VERP), so that a bounce tells whose it is: 44 characters that survive a
 * server which folds case, short enough for a local part of 64 octets (RFC 5321 §4.5.3.1.1). Layout in hex: the digest id
 * (16 bytes) and the first 48 bits of an HMAC.
 */
export function signBounceTag(keys: Secret<string[]>, digestId: string): string {
  const id = digestId.replaceAll('-', '');
  return id + mac(keys.reveal()[0] as string, Buffer.from(`bounce:${id}`)).toString('hex', 0, bounceMacLength);
}

/** Reads a tag back. @returns the digest's id; null where it is forged, or signed by a key that is no longer there */
export function verifyBounceTag(keys: Secret<string[]>, tag: string): string | null {
  if (!/^[0-9a-f]{44}$/.test(tag)) return null;
  const id = tag.slice(0, 32);
  const given = Buffer.from(tag.slice(32), 'hex');
  const payload = Buffer.from(`bounce:${id}`);
  const genuine = keys.reveal().some((key) => timingSafeEqual(given, mac(key, payload).subarray(0, bounceMacLength)));
  return genuine ? toUuid(Buffer.from(id, 'hex')) : null;
}

function mac(key: string, payload: Buffer): Buffer {
  return createHmac('sha256', key).update(payload).digest().subarray(0, macLength);
}

function toUuid(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
