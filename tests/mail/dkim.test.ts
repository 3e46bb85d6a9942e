import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Dkim, parseConfig } from '../../src/config.js';
import { UserError } from '../../src/errors.js';
import { checkDkimKey } from '../../src/mail/dkim.js';
import { buildMessage, MailBuffer } from '../../src/mail/message.js';
import { Secret } from '../../src/secret.js';
import { startService } from '../../src/service.js';
import { sampleMessage } from './sample-message.js';

const pemOf = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const dkimWith = (pem: string): Dkim => ({
  domain: 'example.org',
  selector: 'offprint',
  privateKey: new Secret(pem),
});

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const dkim = dkimWith(pemOf(rsa.privateKey));

/** What mailauth, a verifier that has nothing to do with ours, says of a mail, given the public key. */
async function verified(raw: Buffer | string) {
  const publicKey = rsa.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const asked: string[] = [];
  const { results } = await dkimVerify(raw, {
    resolver: async (name: string) => {
      asked.push(name);
      return [[`v=DKIM1; k=rsa; p=${publicKey}`]];
    },
  });
  return { asked, result: results.at(0)?.status.result };
}

describe('a DKIM signature', () => {
  let raw: string;
  beforeAll(async () => {
    raw = (await buildMessage(sampleMessage({ dkim }))).toString('latin1');
  });

  it('row 52: verifies with the public key, which is looked up under selector and domain', async () => {
    const { asked, result } = await verified(raw);
    expect(result).toBe('pass');
    expect(asked).toContain('offprint._domainkey.example.org');
  });

  it('row 52: is over every header of a digest, and names those of one-click unsubscription', () => {
    const [head = ''] = raw.split('\r\n\r\n');
    const present = head.split(/\r\n(?![ \t])/).map((line) => line.split(':')[0]?.toLowerCase());
    const named = / h=([^;]*)/.exec(head.replace(/\r\n/g, ''))?.[1]?.toLowerCase().replace(/\s/g, '').split(':');
    expect(named).toEqual(expect.arrayContaining(present.filter((name) => name !== 'dkim-signature')));
    expect(named).toEqual(expect.arrayContaining(['list-unsubscribe', 'list-unsubscribe-post']));
  });

  it('stands on lines of at most 78 octets, before the message as it would be without it', async () => {
    const unsigned = (await buildMessage(sampleMessage())).toString('latin1');
    expect(raw.slice(-unsigned.length)).toBe(unsigned);
    const header = raw.slice(0, -unsigned.length);
    expect(header).toMatch(/^DKIM-Signature: v=1; /);
    for (const line of header.split('\r\n')) expect(line.length).toBeLessThanOrEqual(78);
  });

  it('is the same each time', async () => {
    expect((await buildMessage(sampleMessage({ dkim }))).toString('latin1')).toBe(raw);
  });

  it.each([
    ['of the usual length', dkim],
    ['longer than most', { ...dkim, selector: 's'.repeat(2_000) }],
  ])('%s, stands before its message also where one buffer takes mail after mail', async (_name, signing) => {
    const buffer = new MailBuffer();
    for (const text of ['One', 'Two\n'.repeat(500), 'Three']) {
      const built = await buildMessage(sampleMessage({ dkim: signing, text }), buffer);
      expect(built).toEqual(await buildMessage(sampleMessage({ dkim: signing, text })));
      expect((await verified(built)).result).toBe('pass');
    }
  });

  it.each([
    ['another body', (mail: string) => mail.replace('Hello', 'Hullo')],
    ['another subject', (mail: string) => mail.replace('Subject: 7', 'Subject: 8')],
    ['another address to unsubscribe', (mail: string) => mail.replace('AbCd_-1234', 'AbCd_-1235')],
    ['no header of one-click unsubscription', (mail: string) => mail.replace(/^List-Unsubscribe-Post.*\r\n/m, '')],
    ['a second From', (mail: string) => `From: eve@example.net\r\n${mail}`],
    ['a second Subject', (mail: string) => `Subject: Your account\r\n${mail}`],
    ['a second To', (mail: string) => `To: eve@example.net\r\n${mail}`],
    ['a second Date', (mail: string) => `Date: Thu, 05 Feb 2026 08:00:00 +0000\r\n${mail}`],
  ])('does not survive %s', async (_name, tamper) => {
    const tampered = tamper(raw);
    expect(tampered).not.toBe(raw);
    expect(['fail', 'neutral']).toContain((await verified(tampered)).result);
  });

  it('survives what relays do: headers on top, blanks that change, empty lines at the end', async () => {
    const relayed = raw.replace('Subject: 7 papers', 'subject:  7  papers');
    expect((await verified(`Received: from a by b\r\n${relayed}\r\n\r\n`)).result).toBe('pass');
  });

  it('verifies whatever is in the message', async () => {
    const line = fc.string({ unit: fc.constantFrom('a', ' ', '\t', 'é', '.', '=') });
    const content = fc.array(line).map((lines) => lines.join('\n'));
    const subject = fc.string({ unit: fc.constantFrom('a', 'é', ' ', '"', '?'), minLength: 1, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(content, content, subject, async (text, html, title) => {
        const mail = await buildMessage(sampleMessage({ dkim, text, html, subject: title }));
        expect((await verified(mail)).result).toBe('pass');
      }),
      { numRuns: 50 },
    );
  });

  it('is never left out: a key that cannot sign sends no mail', async () => {
    await expect(buildMessage(sampleMessage({ dkim: dkimWith('nonsense') }))).rejects.toThrow();
  });
});

describe('the check of the DKIM key at the start', () => {
  it.each(['web', 'worker', 'clock'] as const)(
    'row 51: stops the start of the role "%s" before anything else is started',
    async (role) => {
      const dataDir = join(tmpdir(), `offprint-never-made-${randomUUID()}`);
      const pem = pemOf(generateKeyPairSync('ed25519').privateKey);
      const env = { DATA_DIR: dataDir, PORT: '0', DKIM_SELECTOR: 'offprint', DKIM_PRIVATE_KEY: pem };
      await expect(startService(parseConfig(env), new Set([role]))).rejects.toThrow(
        'DKIM_PRIVATE_KEY is an ed25519 key',
      );
      expect(existsSync(dataDir)).toBe(false);
    },
  );

  const damaged = () => {
    const jwk = rsa.privateKey.export({ format: 'jwk' });
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
    return pemOf(createPrivateKey({ key: { ...other, n: jwk.n ?? '' }, format: 'jwk' }));
  };

  it('takes an RSA key of 1024 bits or more, in either format', () => {
    const pkcs1 = rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    const short = pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey);
    for (const pem of [pemOf(rsa.privateKey), pkcs1, short]) expect(() => checkDkimKey(dkimWith(pem))).not.toThrow();
  });

  it.each<[string, () => string, string]>([
    [
      'an ed25519 key',
      () => pemOf(generateKeyPairSync('ed25519').privateKey),
      'is an ed25519 key; it must be an RSA key',
    ],
    ['an EC key', () => pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey), 'is an ec key'],
    [
      'an RSA key of 512 bits',
      () => pemOf(generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey),
      'has 512 bits',
    ],
    ['a damaged key', damaged, 'is damaged'],
    ['half a key', () => pemOf(rsa.privateKey).slice(0, 400), 'cannot be read'],
    ['no key at all', () => 'nonsense', 'cannot be read'],
    [
      'an encrypted key',
      () => rsa.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString(),
      'must be an unencrypted RSA key',
    ],
    [
      'a public key',
      () => createPublicKey(rsa.privateKey).export({ type: 'spki', format: 'pem' }).toString(),
      'cannot be read',
    ],
  ])('refuses %s', (_name, pem, reason) => {
    const check = () => checkDkimKey(dkimWith(pem()));
    expect(check).toThrow(UserError);
    expect(check).toThrow(reason);
    expect(check).toThrow(/^DKIM_PRIVATE_KEY [^\n]*openssl genrsa 2048`\)?$/);
  });
});
