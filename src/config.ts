import { existsSync, readFileSync } from 'node:fs';
import { domainToASCII } from 'node:url';
import { inspect } from 'node:util';
import { z } from 'zod';

/** A value that never shows in logs, errors or JSON; `reveal()` is the only way to it. */
export class Secret<T> {
  readonly #value: T;
  constructor(value: T) {
    this.#value = value;
  }
  reveal(): T {
    return this.#value;
  }
  toString(): string {
    return '[secret]';
  }
  toJSON(): string {
    return '[secret]';
  }
  [inspect.custom](): string {
    return '[secret]';
  }
}

/** A user's mistake, told in one line; the process exits with `exitCode` and prints no stack trace. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly exitCode: 1 | 2;
  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

export interface Mailbox {
  name: string;
  address: string;
}

export type SourceSpec =
  | { kind: 'huggingface' }
  | { kind: 'arxiv'; categories: string[] }
  | { kind: 'feed'; url: string }
  | { kind: 'file'; path: string };

export interface Dkim {
  domain: string;
  selector: string;
  privateKey: Secret<string>;
}

export type Config = ReturnType<typeof toConfig>;

const wholeNumber = (min: number, max: number, example: string) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number, like ${example}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be between ${min} and ${max}, like ${example}`);

const hasProtocol = (text: string, protocol: RegExp) => URL.canParse(text) && protocol.test(new URL(text).protocol);

const httpUrl = (example: string) =>
  z
    .string()
    .refine((text) => hasProtocol(text, /^https?:$/), `must be an http or https address, like ${example}`)
    .transform((text) => text.replace(/\/+$/, ''));

const sourceExample = 'huggingface,arxiv:cs.CL+cs.LG,feed:https://example.org/feed.xml,file:papers.json';

/** Reads one entry of PAPER_SOURCES, or null where it names no source. */
export function parseSource(text: string): SourceSpec | null {
  if (text === 'huggingface') return { kind: 'huggingface' };
  const [, kind, rest] = /^(arxiv|feed|file):(.+)$/s.exec(text) ?? [];
  if (kind === 'file' && rest) return { kind, path: rest };
  if (kind === 'feed' && rest && hasProtocol(rest, /^https?:$/)) return { kind, url: rest };
  if (kind === 'arxiv' && rest && /^[a-z-]+(\.[a-z-]+)?(\+[a-z-]+(\.[a-z-]+)?)*$/i.test(rest)) {
    return { kind, categories: rest.split('+') };
  }
  return null;
}

function parseMailbox(text: string): Mailbox | null {
  const [, quoted, plain, bracketed, bare] =
    /^\s*(?:(?:"([^"]*)"|([^<>"]*?))\s*<([^<>]+)>|([^<>\s]+))\s*$/.exec(text) ?? [];
  const address = bracketed ?? bare ?? '';
  const [local, domain, ...more] = address.split('@');
  const ascii = domainToASCII(domain ?? '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a header value must not carry control characters
  if (!local || !ascii || more.length > 0 || /[\u0000-\u0020\u007f]/.test(local) || /[\u0000-\u001f\u007f]/.test(text))
    return null;
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

const environment = z.object({
  NODE_ENV: z.string().optional(),
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
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean),
    )
    .refine(
      (urls) => urls.length > 0 && urls.every((url) => hasProtocol(url, /^smtps?:$/) && new URL(url).hostname),
      `must be one or more smtp:// or smtps:// addresses, like ${relayExample}`,
    )
    .optional(),
  MAIL_FROM: mailbox('Offprint <digest@example.org>').prefault('Offprint <digest@localhost>'),
  BOUNCE_ADDRESS: mailbox('bounce@example.org').optional(),
  BASE_URL: httpUrl('https://papers.example.org').optional(),
  PORT: wholeNumber(0, 65535, '3000').prefault('3000'),
  HOST: z.string().default('127.0.0.1'),
  MAILBOX_PORT: wholeNumber(0, 65535, '1080').prefault('1080'),
  MAILBOX_SMTP_PORT: wholeNumber(0, 65535, '1025').prefault('1025'),
  SECRET_KEY: z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean),
    )
    .refine(
      (keys) => keys.length > 0 && keys.every((key) => key.length >= 16),
      'must be one or more keys of at least 16 characters, comma-separated, like the output of `openssl rand -hex 32`',
    )
    .optional(),
  PAPER_SOURCES: z
    .string()
    .default('huggingface')
    .transform((text, issues) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean)
        .flatMap((part) => {
          const source = parseSource(part);
          if (!source) issues.addIssue(`"${part}" is not a source; write for example ${sourceExample}`);
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
  DKIM_PRIVATE_KEY: z.string().optional(),
  TRUST_PROXY: wholeNumber(0, 10, '1').prefault('0'),
  LOG_LEVEL: z
    .enum(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'must be trace, debug, info, warn, error, fatal or silent',
    )
    .default('info'),
  LOG_FORMAT: z.enum(['pretty', 'json'], 'must be pretty or json').optional(),
});

/** Everything that Offprint reads from its environment. An unset variable and an empty one are the same. */
export function parseConfig(env: Record<string, string | undefined>) {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const parsed = environment
    .superRefine((value, issues) => {
      const missing = (name: string, message: string) => issues.addIssue({ code: 'custom', path: [name], message });
      if (value.NODE_ENV === 'production' && !value.SECRET_KEY) {
        missing('SECRET_KEY', 'is required when NODE_ENV=production, like the output of `openssl rand -hex 32`');
      }
      if (value.DKIM_PRIVATE_KEY && !value.DKIM_SELECTOR)
        missing('DKIM_SELECTOR', 'is required with DKIM_PRIVATE_KEY, like offprint');
      if (value.DKIM_SELECTOR && !value.DKIM_PRIVATE_KEY)
        missing(
          'DKIM_PRIVATE_KEY',
          'is required with DKIM_SELECTOR: a PEM, or a path to one like /etc/offprint/dkim.pem',
        );
      if (
        value.DKIM_PRIVATE_KEY &&
        !value.DKIM_PRIVATE_KEY.includes('-----BEGIN') &&
        !existsSync(value.DKIM_PRIVATE_KEY)
      ) {
        missing('DKIM_PRIVATE_KEY', 'must be a PEM, or the path of a file that exists, like /etc/offprint/dkim.pem');
      }
    })
    .safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `${String(issue.path[0])} ${issue.message}`);
    throw new UserError([...new Set(lines)].join('\n'));
  }
  return toConfig(parsed.data);
}

function toConfig(env: z.output<typeof environment>) {
  const mailDomain = env.MAIL_FROM.address.split('@')[1] as string;
  const pem = env.DKIM_PRIVATE_KEY;
  const dkim: Dkim | null =
    pem && env.DKIM_SELECTOR
      ? {
          domain: env.DKIM_DOMAIN ?? mailDomain,
          selector: env.DKIM_SELECTOR,
          privateKey: new Secret(pem.includes('-----BEGIN') ? pem.replaceAll('\\n', '\n') : readFileSync(pem, 'utf8')),
        }
      : null;
  return {
    database: { url: env.DATABASE_URL ? new Secret(env.DATABASE_URL) : null, dataDir: env.DATA_DIR },
    /** Relays in the order in which they are tried; null: the local mailbox. */
    relays: env.SMTP_URL ? env.SMTP_URL.map((url) => new Secret(url)) : null,
    mail: { from: env.MAIL_FROM, domain: mailDomain, bounceAddress: env.BOUNCE_ADDRESS?.address ?? null },
    web: {
      host: env.HOST,
      port: env.PORT,
      /** Public address without a slash at the end. With PORT=0 and no BASE_URL it is known once the server listens. */
      baseUrl: env.BASE_URL ?? `http://localhost:${env.PORT}`,
      baseUrlGiven: env.BASE_URL !== undefined,
      trustProxy: env.TRUST_PROXY,
    },
    mailbox: { port: env.MAILBOX_PORT, smtpPort: env.MAILBOX_SMTP_PORT },
    /** The first signs, all verify; null: generated and kept in the data directory. */
    secretKeys: env.SECRET_KEY ? new Secret(env.SECRET_KEY) : null,
    sources: env.PAPER_SOURCES,
    huggingfaceUrl: env.HUGGINGFACE_URL,
    arxivUrl: env.ARXIV_URL,
    sending: {
      rate: env.SEND_RATE,
      connections: env.SEND_CONNECTIONS,
      inDoubt: env.IN_DOUBT,
      idempotencyHeader: env.IDEMPOTENCY_HEADER ?? null,
    },
    dkim,
    log: {
      level: env.LOG_LEVEL,
      format: env.LOG_FORMAT ?? (process.stderr.isTTY ? ('pretty' as const) : ('json' as const)),
    },
  };
}

/**
 * Reads `.env` (variables that are already set win) and the environment.
 * @throws UserError with one line for each wrong variable
 */
export function loadConfig(): Config {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return parseConfig(process.env);
}
