import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { promisify } from 'node:util';
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

/** In the thread pool: signing takes longer than all else about a mail. */
const signInBackground = promisify(
  (data: Buffer, key: KeyObject, done: (error: Error | null, signature: Buffer) => void) =>
    sign('sha256', data, key, done),
);

/**
 * Signs a message (RFC 6376, rsa-sha256, relaxed/simple: a body in quoted-printable has no blanks that a server would take
 * away). The same message always gets the same signature; nodemailer's signer cannot name a header twice.
 * @param head the headers, each with its line break
 * @param body ends in one line break
 * @returns the DKIM-Signature header with its line break, to stand before the message
 * @throws Error where the key cannot sign: a mail never leaves unsigned by mistake
 */
export async function dkimSignature(head: string, body: Buffer, dkim: Dkim): Promise<string> {
  const headers = relaxedHeaders(head.slice(0, -2));
  const names = signedHeaders.filter((name) => headers.has(name.toLowerCase()));
  const tags = [
    'v=1',
    'a=rsa-sha256',
    'c=relaxed/simple',
    `d=${dkim.domain}`,
    `s=${dkim.selector}`,
    `bh=${bodyHash(body)}`,
    `h=${[...names, ...oversignedHeaders].join(': ')}`,
  ];
  const unsigned = `${foldLines(`DKIM-Signature: ${tags.join('; ')}`, 76)};\r\n b=`;
  const signed = [...names.map((name) => headers.get(name.toLowerCase())), relaxedHeader(unsigned)].join('\r\n');
  const signature = (await signInBackground(Buffer.from(signed, 'latin1'), privateKeyOf(dkim))).toString('base64');
  return `${unsigned}${(signature.match(/.{1,72}/g) ?? []).join('\r\n ')}\r\n`;
}

function bodyHash(body: Buffer): string {
  return createHash('sha256').update(body).digest('base64');
}

function relaxedHeaders(block: string): Map<string, string> {
  const lines = block.split(/\r\n(?![ \t])/);
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), relaxedHeader(line)]));
}

/** RFC 6376 §3.4.2: the name in lower case, the value on one line, its runs of blanks one space, none at its ends. */
function relaxedHeader(line: string): string {
  const colon = line.indexOf(':');
  const value = line.slice(colon + 1).replaceAll('\r\n', '');
  // Most have single spaces alone.
  const squeezed = runsOfBlanks.test(value) ? value.replace(/[ \t]+/g, ' ') : value;
  return `${line.slice(0, colon).toLowerCase()}:${squeezed.replace(/^ | $/g, '')}`;
}

const runsOfBlanks = /\t| {2}/;

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
