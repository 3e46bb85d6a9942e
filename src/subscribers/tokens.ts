import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../secret.js';

/** What a link may do. A token is good for one purpose and no other. The order is part of the format: append only. */
const purposes = [
  'confirm',
  'preferences',
  'unsubscribe',
  'digest',
  'undo',
  'data',
  'history',
  'feed',
  'feedback',
  'address',
] as const;
export type Purpose = (typeof purposes)[number];

export interface TokenSubject {
  /** The subscriber's `linkId`. */
  linkId: string;
  /** The subscriber's epoch when the token was made: raising it revokes. */
  epoch: number;
  /** The id of the digest, or of the sign-up, that the token is about. */
  about?: string;
  /** Where the token expires. */
  issuedAt?: Date;
}

const macLength = 16;
const payloadLengths = { plain: 23, withAbout: 39 };

/**
 * Makes the token of a link: opaque, URL-safe, 52 or 74 characters, without an address in it. Layout: purpose (1 byte),
 * link id (16), epoch (2), seconds since 1970 when issued (4, or zero), id of what it is about (16, where there is one), and the first
 * 128 bits of HMAC-SHA256 over all before it.
 */
export function signToken(keys: Secret<string[]>, purpose: Purpose, subject: TokenSubject): string {
  const { plain, withAbout } = payloadLengths;
  const length = subject.about ? withAbout : plain;
  // From the pool, which is faster, and empty: what is not written must not be what another one left there.
  const token = Buffer.allocUnsafe(length + macLength).fill(0);
  token.writeUInt8(purposes.indexOf(purpose), 0);
  token.write(hexOf(subject.linkId), 1, 'hex');
  token.writeUInt16BE(subject.epoch, 17);
  token.writeUInt32BE(Math.floor((subject.issuedAt?.getTime() ?? 0) / 1_000), 19);
  if (subject.about) token.write(hexOf(subject.about), plain, 'hex');
  token.write(mac(keys.reveal()[0] as string, token.subarray(0, length)), length, macLength, 'latin1');
  return token.toString('base64url');
}

/** Reads a token back: null where it is forged, for another purpose, or signed by a key that is no longer there. */
export function verifyToken(keys: Secret<string[]>, purpose: Purpose, token: string): TokenSubject | null {
  const bytes = Buffer.from(token, 'base64url');
  const payload = bytes.subarray(0, -macLength);
  const { plain, withAbout } = payloadLengths;
  const wellFormed = [plain, withAbout].includes(payload.length) && bytes.toString('base64url') === token;
  if (!wellFormed || payload.readUInt8(0) !== purposes.indexOf(purpose)) return null;
  const given = bytes.subarray(-macLength);
  if (!keys.reveal().some((key) => timingSafeEqual(given, macBytes(key, payload, macLength)))) return null;
  const issuedSeconds = payload.readUInt32BE(19);
  return {
    linkId: toUuid(payload.subarray(1, 17)),
    epoch: payload.readUInt16BE(17),
    ...(issuedSeconds > 0 && { issuedAt: new Date(issuedSeconds * 1_000) }),
    ...(payload.length === withAbout && { about: toUuid(payload.subarray(plain)) }),
  };
}

const bounceMacLength = 6;

/**
 * Makes the tag of a digest's envelope sender (VERP), so that a bounce tells whose it is: 44 characters that survive a
 * server which folds case, short enough for a local part of 64 octets (RFC 5321 §4.5.3.1.1). Layout in hex: the digest id
 * (16 bytes) and the first 48 bits of an HMAC.
 */
export function signBounceTag(keys: Secret<string[]>, digestId: string): string {
  const id = hexOf(digestId);
  return id + macBytes(keys.reveal()[0] as string, Buffer.from(`bounce:${id}`), bounceMacLength).toString('hex');
}

/** Reads a tag back. @returns the digest's id; null where it is forged, or signed by a key that is no longer there */
export function verifyBounceTag(keys: Secret<string[]>, tag: string): string | null {
  if (!/^[0-9a-f]{44}$/.test(tag)) return null;
  const id = tag.slice(0, 32);
  const given = Buffer.from(tag.slice(32), 'hex');
  const payload = Buffer.from(`bounce:${id}`);
  const genuine = keys.reveal().some((key) => timingSafeEqual(given, macBytes(key, payload, bounceMacLength)));
  return genuine ? toUuid(Buffer.from(id, 'hex')) : null;
}

/** A MAC with a key that was made ready takes two thirds of the time, and a mail has four. */
const keyObjects = new Map<string, KeyObject>();

/** @returns HMAC-SHA256, a character for each byte: a buffer takes half as long again */
function mac(key: string, payload: Buffer): string {
  const ready = keyObjects.get(key) ?? createSecretKey(key, 'utf8');
  keyObjects.set(key, ready);
  return createHmac('sha256', ready).update(payload).digest('binary');
}

function macBytes(key: string, payload: Buffer, length: number): Buffer {
  return Buffer.from(mac(key, payload), 'latin1').subarray(0, length);
}

function hexOf(uuid: string): string {
  return uuid.replaceAll('-', '');
}

function toUuid(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
