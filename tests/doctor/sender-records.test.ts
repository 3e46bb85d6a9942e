import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config.js';
import { checkSenderRecords } from '../../src/doctor/sender-records.js';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const published = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64');

const env = { MAIL_FROM: 'Offprint <digest@papers.example.org>', DKIM_SELECTOR: 's1', DKIM_PRIVATE_KEY: pem };
const right: Record<string, string[][]> = {
  'papers.example.org': [['google-site-verification=1'], ['v=spf1 include:relay.example -all']],
  // A string of a record is of 255 characters at the most.
  's1._domainkey.papers.example.org': [['v=DKIM1; k=rsa; p=', published.slice(0, 200), published.slice(200)]],
  '_dmarc.papers.example.org': [['v=DMARC1; p=none']],
};

/** What is said of records that are right but for some. */
async function check(records: Record<string, string[][]> = {}, more: Record<string, string> = {}) {
  const given = { ...right, ...records };
  const findings = await checkSenderRecords(parseConfig({ ...env, ...more }), async (name) => given[name] ?? []);
  return Object.fromEntries(findings.map(({ check, ...finding }) => [check, finding]));
}

describe('the records of a sender’s domain', () => {
  it('are right where receivers can tell that mail is ours', async () => {
    expect(await check()).toEqual({
      spf: { status: 'ok', message: 'papers.example.org: v=spf1 include:relay.example -all' },
      dkim: { status: 'ok', message: 's1._domainkey.papers.example.org has the key that signs' },
      dmarc: { status: 'ok', message: '_dmarc.papers.example.org: v=DMARC1; p=none' },
    });
  });

  it('are not looked up for a domain that has none', async () => {
    const asked: string[] = [];
    const config = parseConfig({ MAIL_FROM: 'digest@localhost' });
    const findings = await checkSenderRecords(config, async (name) => {
      asked.push(name);
      return [];
    });
    expect(findings.map(({ status }) => status)).toEqual(['skipped', 'skipped', 'skipped']);
    expect(asked).toEqual([]);
  });

  it('are those of the envelope’s domain for SPF', async () => {
    const { spf } = await check({}, { BOUNCE_ADDRESS: 'bounce@bounces.example.org' });
    expect(spf).toMatchObject({ status: 'failed', message: 'bounces.example.org has no SPF record' });
  });

  it.each([
    ['none', [['other=1']], 'has no SPF record'],
    ['one of another kind', [['v=spf10 -all']], 'has no SPF record'],
    ['two', [['v=spf1 -all'], ['v=spf1 mx -all']], 'has 2 SPF records, which counts as none'],
    ['one that lets anybody send', [['v=spf1 mx +all']], 'lets anybody send: v=spf1 mx +all'],
    ['one that lets anybody send without a sign', [['v=spf1 all']], 'lets anybody send: v=spf1 all'],
  ])('fail SPF where there is %s, and say what to publish', async (_, records, message) => {
    const { spf } = await check({ 'papers.example.org': records });
    expect(spf).toEqual({
      status: 'failed',
      message: expect.stringContaining(message),
      remedy: expect.any(String),
    });
  });

  it.each([
    ['there is none', [], 'has no record'],
    ['it is of another key', [['v=DKIM1; p=AAAA']], 'has another key than the one that signs'],
    ['it was revoked', [['v=DKIM1; p=']], 'is revoked'],
    ['there are two', [['v=DKIM1; p=AAAA'], [`v=DKIM1; p=${published}`]], 'has 2 records'],
  ])('fail DKIM where %s, and say what to publish', async (_, records, message) => {
    const { dkim } = await check({ 's1._domainkey.papers.example.org': records });
    expect(dkim).toEqual({
      status: 'failed',
      message: `s1._domainkey.papers.example.org ${message}`,
      remedy: `publish a TXT record at s1._domainkey.papers.example.org: "v=DKIM1; k=rsa; p=${published}"`,
    });
  });

  it('warn where mails leave unsigned', async () => {
    const { MAIL_FROM } = env;
    const findings = await checkSenderRecords(parseConfig({ MAIL_FROM }), async (name) => right[name] ?? []);
    expect(findings.find(({ check }) => check === 'dkim')).toMatchObject({ status: 'warning' });
  });

  it('may be a policy of a domain above, and not of the top', async () => {
    const above = await check({ '_dmarc.papers.example.org': [], '_dmarc.example.org': [['v=DMARC1; p=reject']] });
    expect(above['dmarc']).toEqual({ status: 'ok', message: '_dmarc.example.org: v=DMARC1; p=reject' });
    const top = await check({ '_dmarc.papers.example.org': [], '_dmarc.org': [['v=DMARC1; p=reject']] });
    expect(top['dmarc']).toMatchObject({ status: 'failed', message: 'papers.example.org has no DMARC record' });
  });

  it('are not taken for missing where no name server answers', async () => {
    const findings = await checkSenderRecords(parseConfig(env), async () => {
      throw new Error('queryTxt ETIMEOUT papers.example.org');
    });
    for (const { status, message } of findings)
      expect({ status, message }).toEqual({
        status: 'failed',
        message: 'the name servers do not answer: queryTxt ETIMEOUT papers.example.org',
      });
  });
});
