import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { domainToASCII } from 'node:url';
import { z } from 'zod';

export interface Mailbox {
  name: string;
  address: string;
}

export type SourceSpec =
  | { kind: 'huggingface' }
  | { kind: 'arxiv'; categories: string[] }
  | { kind: 'feed'; url: string }
  | { kind: 'file'; path: string };

const wholeNumber = (min: number, max: number, example: string) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number, like ${example}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be between ${min} and ${max}, like ${example}`);

const hasProtocol = (text: string, protocol: RegExp) => URL.canParse(text) && protocol.test(new URL(text).protocol);

/** An address that paths are put behind: what follows a `?` or `#` would swallow them. */
const httpUrl = (example: string) =>
  z
    .string()
    .refine(
      (text) => hasProtocol(text, /^https?:$/) && !/[?#]/.test(text) && !hasLogin(text),
      `must be an http or https address, like ${example}`,
    )
    // In its standard form: nothing in it ends the quotes that it stands in.
    .transform((text) => new URL(text).href.replace(/\/+$/, ''));

/** Requests cannot carry a user and a password in their address, and whoever names the address would tell them. */
function hasLogin(url: string): boolean {
  const { username, password } = new URL(url);
  return username !== '' || password !== '';
}

/** The parts of a comma-separated list. */
const listed = (text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

const sourceExample = 'huggingface,arxiv:cs.CL+cs.LG,feed:https://example.org/feed.xml,file:papers.json';

/** Reads one entry of PAPER_SOURCES, or null where it names no source. */
export function parseSource(text: string): SourceSpec | null {
  if (text === 'huggingface') return { kind: 'huggingface' };
  const [, kind, rest] = /^(arxiv|feed|file):(.+)$/s.exec(text) ?? [];
  if (kind === 'file' && rest) return { kind, path: rest };
  if (kind === 'feed' && rest && hasProtocol(rest, /^https?:$/) && !hasLogin(rest)) return { kind, url: rest };
  if (kind === 'arxiv' && rest && /^[a-z-]+(\.[a-z-]+)?(\+[a-z-]+(\.[a-z-]+)?)*$/i.test(rest)) {
    return { kind, categories: rest.split('+') };
  }
  return null;
}

/** RFC 5322 §3.2.3, without quoting: what every server on the way takes for one mailbox. */
const plainLocalPart = /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}$/;

function parseMailbox(text: string): Mailbox | null {
  const [, quoted, plain, bracketed, bare] =
    /^\s*(?:(?:"([^"]*)"|([^<>"]*?))\s*<([^<>]+)>|([^<>\s]+))\s*$/.exec(text) ?? [];
  const address = bracketed ?? bare ?? '';
  const [local, domain, ...more] = address.split('@');
  const ascii = domainToASCII(domain ?? '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a header value must not carry control characters
  const unsafe = /[\u0000-\u001f\u007f]/.test(text);
  if (unsafe || !plainLocalPart.test(local ?? '') || !ascii || more.length > 0) return null;
  return { name: quoted ?? plain ?? '', address: `${local}@${ascii}` };
}

const mailbox = (example: string) =>
  z.string().transform((text, issues) => {
    const parsed = parseMailbox(text);
    if (parsed) return parsed;
    issues.addIssue(`must be a mail address, like ${example}`);
    return z.NEVER;
  });

const relayExample = 'smtps://user:password@smtp.example.org:465';

const inboxExample = 'imaps://user:password@imap.example.org/INBOX';

export const pemExample = '/etc/offprint/dkim.pem';

const isPem = (text: string) => text.includes('-----BEGIN');

function readPem(text: string): string | null {
  try {
    return isPem(text) ? text.replaceAll('\\n', '\n') : readFileSync(text, 'utf8');
  } catch {
    return null;
  }
}

function isPublicKey(text: string): boolean {
  try {
    return readPublicKey(text).asymmetricKeyType === 'ec';
  } catch {
    return false;
  }
}

/** A public key in PEM, or what stands between its lines. @throws Error where it is none */
export function readPublicKey(text: string): KeyObject {
  const pem = text.replaceAll('\\n', '\n');
  return isPem(pem)
    ? createPublicKey(pem)
    : createPublicKey({ key: Buffer.from(pem, 'base64'), format: 'der', type: 'spki' });
}

/** The variables that Offprint reads, and what each may be. */
export const environment = z.object({
  DATABASE_URL: z
    .string()
    .refine(
      (text) => hasProtocol(text, /^postgres(ql)?:$/),
      'must be a PostgreSQL address, like postgresql://user:password@localhost:5432/offprint',
    )
    .optional(),
  DATA_DIR: z.string().default('./data'),
  SMTP_URL: z
    .string()
    .transform(listed)
    .refine(
      (urls) => urls.length > 0 && urls.every((url) => hasProtocol(url, /^smtps?:$/) && new URL(url).hostname),
      `must be one or more smtp:// or smtps:// addresses, like ${relayExample}`,
    )
    .optional(),
  MAIL_FROM: mailbox('Offprint <digest@example.org>').prefault('Offprint <digest@localhost>'),
  BOUNCE_ADDRESS: mailbox('bounce@example.org')
    // A tag of 45 characters comes to it, and RFC 5321 §4.5.3.1.1 allows 64.
    .refine(
      ({ address }) => address.indexOf('@') <= 19,
      'must have at most 19 characters before the @, like bounce@example.org',
    )
    .optional(),
  BOUNCE_IMAP_URL: z
    .string()
    .refine((text) => {
      if (!hasProtocol(text, /^imaps?:$/)) return false;
      const { hostname, username, password } = new URL(text);
      return Boolean(hostname && username && password);
    }, `must be an imap:// or imaps:// address with user and password, like ${inboxExample}`)
    .optional(),
  BASE_URL: httpUrl('https://papers.example.org').optional(),
  PORT: wholeNumber(0, 65535, '3000').prefault('3000'),
  HOST: z.string().default('127.0.0.1'),
  MAILBOX_PORT: wholeNumber(0, 65535, '1080').prefault('1080'),
  MAILBOX_SMTP_PORT: wholeNumber(0, 65535, '1025').prefault('1025'),
  SECRET_KEY: z
    .string()
    .transform(listed)
    .refine(
      (keys) => keys.length > 0 && keys.every((key) => key.length >= 16),
      'must be one or more keys of at least 16 characters, comma-separated, like the output of `openssl rand -hex 32`',
    )
    .optional(),
  OPERATOR_NAME: z
    .string()
    .max(100, 'must have at most 100 characters, like Physics Library')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it stands in mails
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'must be one line of text, like Physics Library')
    .optional(),
  OPERATOR_URL: z
    .string()
    .refine(
      (text) => hasProtocol(text, /^(https?|mailto):$/),
      'must be an https or mailto address, like https://example.org/imprint',
    )
    .optional(),
  PAPER_SOURCES: z
    .string()
    .default('huggingface')
    .transform((text, issues) =>
      listed(text).flatMap((part) => {
        const source = parseSource(part);
        const shown = part.replace(/\/\/.*@/, '//[secret]@');
        if (!source) issues.addIssue(`names “${shown}”, which is no source; right would be ${sourceExample}`);
        return source ?? [];
      }),
    )
    .refine((sources) => sources.length > 0, `must name at least one source, like ${sourceExample}`),
  HUGGINGFACE_URL: httpUrl('https://huggingface.co').prefault('https://huggingface.co'),
  ARXIV_URL: httpUrl('https://rss.arxiv.org').prefault('https://rss.arxiv.org'),
  SEND_RATE: z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'must be a number of mails a second, like 14; 0 is no limit')
    .transform(Number)
    .prefault('0'),
  SEND_CONNECTIONS: wholeNumber(1, 1000, '10').prefault('10'),
  SIGN_UPS_PER_HOUR: wholeNumber(1, 1_000_000, '1000').prefault('1000'),
  SIGN_UPS_PER_NETWORK: wholeNumber(1, 1_000_000, '20').prefault('20'),
  SIGN_UPS_PER_DOMAIN: wholeNumber(1, 1_000_000, '200').prefault('200'),
  IN_DOUBT: z.enum(['resend', 'hold'], 'must be resend or hold').default('resend'),
  IDEMPOTENCY_HEADER: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header, like Resend-Idempotency-Key')
    .optional(),
  DKIM_DOMAIN: z
    .string()
    .regex(/^[a-z0-9.-]+$/i, 'must be a domain, like example.org')
    .optional(),
  DKIM_SELECTOR: z
    .string()
    .regex(/^[a-z0-9._-]+$/i, 'must be a DNS label, like offprint')
    .optional(),
  DKIM_PRIVATE_KEY: z
    .string()
    .transform((text) => readPem(text))
    .refine((pem) => pem !== null, `must be a PEM, or the path of a file that can be read, like ${pemExample}`)
    .optional(),
  WEBHOOK_SES_TOPIC: z
    .string()
    .transform(listed)
    .refine(
      (topics) => topics.every((topic) => /^arn:aws[\w-]*:sns:[\w-]+:\d+:[\w-]+$/.test(topic)),
      'must be one or more topics of Amazon SNS, like arn:aws:sns:eu-west-1:123456789012:bounces',
    )
    .optional(),
  WEBHOOK_POSTMARK_LOGIN: z
    .string()
    .regex(/^[^:]+:.{16,}$/, 'must be a user and a password of at least 16 characters, like offprint:password')
    .optional(),
  WEBHOOK_SENDGRID_KEY: z
    .string()
    .refine(isPublicKey, 'must be the verification key that SendGrid shows, in base64 or as PEM')
    .optional(),
  WEBHOOK_MAILGUN_KEY: z.string().min(16, 'must be the HTTP webhook signing key that Mailgun shows').optional(),
  ADMIN_PASSWORD: z.string().optional(),
  TRUST_PROXY: wholeNumber(0, 10, '1').prefault('0'),
  LOG_LEVEL: z
    .enum(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'must be trace, debug, info, warn, error, fatal or silent',
    )
    .default('info'),
  LOG_FORMAT: z.enum(['pretty', 'json'], 'must be pretty or json').optional(),
});
