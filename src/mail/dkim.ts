import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { foldLines } from 'nodemailer/lib/mime-funcs';
import type { Dkim } from '../config.js';
import { UserError } from '../errors.js';

/**
 * The headers that are signed where they are there: those that a reader sees or acts on. RFC 8058 §4 asks for the two of
 * one-click unsubscription.
 */
const signedHeaders = [
  'From',
  'To',
  'Subject',
  'Date',
  'Message-ID',
  'List-Id',
  'List-Unsubscribe',
  'List-Unsubscribe-Post',
  'Auto-Submitted',
  'Feedback-ID',
  'MIME-Version',
  'Content-Type',
];

/** Named once more than they are there, so that nobody can add a second one on the way (RFC 6376 §8.15). */
const oversignedHeaders = ['From', 'To', 'Subject', 'Date'];

/** RFC 8301 §3.2: shorter keys must not be used. */
const fewestBits = 1024;

/**
 * Signs a message (RFC 6376, relaxed/relaxed, rsa-sha256). The same message always gets the same signature;
 * nodemailer's signer cannot name a header twice.
 * @returns the DKIM-Signature header with its line break, to stand before the message
 * @throws Error where the key cannot sign: a mail never leaves unsigned by mistake
 */
export function dkimSignature(raw: Buffer, dkim: Dkim): Buffer {
  const end = raw.indexOf('\r\n\r\n');
  const headers = relaxedHeaders(raw.toString('latin1', 0, end));
  const names = signedHeaders.filter((name) => headers.has(name.toLowerCase()));
  const tags = [
    'v=1',
    'a=rsa-sha256',
    'c=relaxed/relaxed',
    `d=${dkim.domain}`,
    `s=${dkim.selector}`,
    `bh=${bodyHash(raw.toString('latin1', end + 4))}`,
    `h=${[...names, ...oversignedHeaders].join(': ')}`,
  ];
  const unsigned = `${foldLines(`DKIM-Signature: ${tags.join('; ')}`, 76)};\r\n b=`;
  const signed = [...names.map((name) => headers.get(name.toLowerCase())), relaxedHeader(unsigned)].join('\r\n');
  const signature = sign('sha256', Buffer.from(signed, 'latin1'), privateKeyOf(dkim)).toString('base64');
  return Buffer.from(`${unsigned}${signature.replace(/.{72}(?=.)/g, '$&\r\n ')}\r\n`, 'latin1');
}

function relaxedHeaders(block: string): Map<string, string> {
  const lines = block.split(/\r\n(?![ \t])/);
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), relaxedHeader(line)]));
}

/** RFC 6376 §3.4.2: the name in lower case, the value on one line, its runs of blanks one space, none at its ends. */
function relaxedHeader(line: string): string {
  const colon = line.indexOf(':');
  const value = line.slice(colon + 1).replace(/\r\n/g, '');
  return `${line.slice(0, colon).toLowerCase()}:${value.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '')}`;
}

/** RFC 6376 §3.4.4: runs of blanks become one space, blanks at the end of a line and empty lines at the end vanish. */
function bodyHash(body: string): string {
  const relaxed = body.replace(/[ \t]{2,}|\t/g, ' ').replace(/ (?=\r\n|$)/g, '');
  const ended = `${relaxed.replace(/(\r\n)+$/, '')}\r\n`;
  return createHash('sha256')
    .update(ended === '\r\n' ? '' : ended, 'latin1')
    .digest('base64');
}

/** Reading a PEM takes as long as half a signature. */
const privateKeys = new WeakMap<Dkim, KeyObject>();

function privateKeyOf(dkim: Dkim): KeyObject {
  const known = privateKeys.get(dkim);
  if (known) return known;
  const key = createPrivateKey(dkim.privateKey.reveal());
  privateKeys.set(dkim, key);
  return key;
}

/**
 * Makes sure, at the start, that mails can be signed.
 * @throws UserError on a key that is broken, not RSA, or shorter than RFC 8301 allows
 */
export function checkDkimKey(dkim: Dkim): void {
  const key = readKey(dkim);
  if (key.asymmetricKeyType !== 'rsa') {
    throw new UserError(
      `DKIM_PRIVATE_KEY is an ${key.asymmetricKeyType} key; it must be an RSA key, like the output of \`openssl genrsa 2048\``,
    );
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < fewestBits) {
    throw new UserError(
      `DKIM_PRIVATE_KEY has ${bits} bits; it must have at least ${fewestBits}, better 2048 (\`openssl genrsa 2048\`)`,
    );
  }
  if (!canSign(key)) {
    throw new UserError(
      'DKIM_PRIVATE_KEY is damaged: what it signs does not verify; make a new one with `openssl genrsa 2048`',
    );
  }
}

function canSign(key: KeyObject): boolean {
  const probe = Buffer.from('probe');
  try {
    return verify('sha256', probe, createPublicKey(key), sign('sha256', probe, key));
  } catch {
    return false;
  }
}

function readKey(dkim: Dkim): KeyObject {
  try {
    return privateKeyOf(dkim);
  } catch {
    throw new UserError(
      'DKIM_PRIVATE_KEY cannot be read; it must be an unencrypted RSA key in PEM format, like the output of `openssl genrsa 2048`',
    );
  }
}
