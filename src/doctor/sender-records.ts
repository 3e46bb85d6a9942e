import { createPublicKey } from 'node:crypto';
import type { Config } from '../config.js';
import type { Finding } from './finding.js';

/** The TXT records of a name, each in its pieces; an empty list where there are none. @throws Error where nobody answers */
export type ResolveTxt = (name: string) => Promise<string[][]>;

/**
 * Whether receivers can tell that our mail is ours: SPF of the envelope's domain (RFC 7208), the DKIM key (RFC 6376 §3.6.1), DMARC of
 * the From domain (RFC 7489). Gmail and Yahoo ask senders of many mails for all three
 * (https://support.google.com/a/answer/81126).
 */
export async function checkSenderRecords(
  { mail, dkim }: Pick<Config, 'mail' | 'dkim'>,
  resolveTxt: ResolveTxt,
): Promise<Finding[]> {
  const records = async (name: string) => (await resolveTxt(name)).map((pieces) => pieces.join(''));
  const check = async (name: string, work: () => Promise<Omit<Finding, 'check'>>): Promise<Finding> => {
    if (isLocal(mail.domain))
      return { check: name, status: 'skipped', message: `MAIL_FROM is at ${mail.domain}, which has no records` };
    const unanswered = (error: Error): Omit<Finding, 'check'> => ({
      status: 'failed',
      message: `the name servers do not answer: ${error.message}`,
      remedy: 'check the name servers of this machine (/etc/resolv.conf), then run this again',
    });
    return { check: name, ...(await work().catch(unanswered)) };
  };
  const envelopeDomain = mail.bounceAddress?.split('@')[1] ?? mail.domain;
  return Promise.all([
    check('spf', async () => judgeSpf(envelopeDomain, await records(envelopeDomain))),
    check('dkim', async () => (dkim ? judgeDkim(dkim, await records(keyName(dkim))) : unsigned)),
    check('dmarc', () => findDmarc(mail.domain, records)),
  ]);
}

/** Whether no name server has anything about a domain (RFC 6761, RFC 6762, and .internal). */
function isLocal(domain: string): boolean {
  return /(^|\.)(localhost|local|test|invalid|internal)$/.test(domain);
}

function judgeSpf(domain: string, records: readonly string[]): Omit<Finding, 'check'> {
  const found = records.filter((record) => /^v=spf1( |$)/i.test(record));
  const [record] = found;
  if (record === undefined)
    return {
      status: 'failed',
      message: `${domain} has no SPF record`,
      remedy: `publish a TXT record at ${domain} that names your relay, like "v=spf1 include:relay.example -all"`,
    };
  if (found.length > 1)
    return {
      status: 'failed',
      message: `${domain} has ${found.length} SPF records, which counts as none`,
      remedy: 'join them into one',
    };
  if (/[ +]all\s*$/i.test(record))
    return {
      status: 'failed',
      message: `${domain} lets anybody send: ${record}`,
      remedy: 'end the record in -all or ~all',
    };
  return { status: 'ok', message: `${domain}: ${record}` };
}

type DkimKey = NonNullable<Config['dkim']>;

const unsigned: Omit<Finding, 'check'> = {
  status: 'warning',
  message: 'mails leave here unsigned',
  remedy: 'set DKIM_SELECTOR and DKIM_PRIVATE_KEY, unless the relay signs for your domain',
};

function keyName({ selector, domain }: DkimKey): string {
  return `${selector}._domainkey.${domain}`;
}

function judgeDkim(dkim: DkimKey, records: readonly string[]): Omit<Finding, 'check'> {
  const name = keyName(dkim);
  const ours = createPublicKey(dkim.privateKey.reveal()).export({ type: 'spki', format: 'der' }).toString('base64');
  const publish = `publish a TXT record at ${name}: "v=DKIM1; k=rsa; p=${ours}"`;
  const [record] = records;
  if (record === undefined) return { status: 'failed', message: `${name} has no record`, remedy: publish };
  const published = /(?:^|;)\s*p\s*=([^;]*)/i.exec(record)?.[1]?.replace(/\s/g, '');
  if (records.length === 1 && published === ours) return { status: 'ok', message: `${name} has the key that signs` };
  const wrong = records.length > 1 ? `has ${records.length} records` : 'has another key than the one that signs';
  return { status: 'failed', message: `${name} ${published === '' ? 'is revoked' : wrong}`, remedy: publish };
}

/** The policy of a domain, or else of one above it. */
async function findDmarc(
  domain: string,
  records: (name: string) => Promise<string[]>,
): Promise<Omit<Finding, 'check'>> {
  const labels = domain.split('.');
  for (let first = 0; first < Math.max(1, labels.length - 1); first++) {
    const name = `_dmarc.${labels.slice(first).join('.')}`;
    const policy = (await records(name)).find((record) => /^v=DMARC1\s*;/i.test(record));
    if (policy) return { status: 'ok', message: `${name}: ${policy}` };
  }
  return {
    status: 'failed',
    message: `${domain} has no DMARC record`,
    remedy: `publish a TXT record at _dmarc.${domain}, to begin with "v=DMARC1; p=none; rua=mailto:postmaster@${domain}"`,
  };
}
