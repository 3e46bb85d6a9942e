import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { environment, pemExample, readPublicKey } from './environment.js';
import { UserError } from './errors.js';
import { Secret } from './secret.js';

export type { Mailbox, SourceSpec } from './environment.js';

export interface Dkim {
  domain: string;
  selector: string;
  privateKey: Secret<string>;
}

export type Config = ReturnType<typeof toConfig>;

/** Variables whose value may also stand in a file, which NAME_FILE names, as Docker and systemd hand over secrets. */
const secrets = [
  'DATABASE_URL',
  'SMTP_URL',
  'BOUNCE_IMAP_URL',
  'SECRET_KEY',
  'DKIM_PRIVATE_KEY',
  'WEBHOOK_POSTMARK_LOGIN',
  'WEBHOOK_SENDGRID_KEY',
  'WEBHOOK_MAILGUN_KEY',
  'ADMIN_PASSWORD',
];

/** Puts in place what stands in files. @returns what is wrong with them */
function readSecretFiles(given: Record<string, string>): [name: string, problem: string][] {
  return secrets.flatMap((name) => {
    const file = given[`${name}_FILE`];
    if (file === undefined) return [];
    if (name in given) return [[`${name}_FILE`, `is given beside ${name}: unset one of them`]];
    try {
      const value = readFileSync(file, 'utf8').trim();
      if (value === '') return [[`${name}_FILE`, 'names an empty file']];
      given[name] = value;
      return [];
    } catch {
      return [[`${name}_FILE`, 'must be the path of a file that can be read, like /run/secrets/offprint']];
    }
  });
}

const shortestInProduction = 24;
/** Shorter than a key may be, because a network has few tries. */
const shortestPassword = 12;

/** Whether a key could be guessed: it is short, or made of few characters. */
function isWeak(key: string): boolean {
  return key.trim().length < shortestInProduction || new Set(key.trim()).size < 8;
}

/** What is not given and must be, because of something else that is. */
function missing(given: Record<string, string>): [name: string, problem: string][] {
  const required: Record<string, [problem: string, when: boolean]> = {
    SECRET_KEY: [
      'is required when NODE_ENV=production, like the output of `openssl rand -hex 32`',
      given['NODE_ENV'] === 'production',
    ],
    DKIM_SELECTOR: [
      'is required with DKIM_DOMAIN and DKIM_PRIVATE_KEY, like offprint',
      'DKIM_DOMAIN' in given || 'DKIM_PRIVATE_KEY' in given,
    ],
    DKIM_PRIVATE_KEY: [
      `is required with DKIM_DOMAIN and DKIM_SELECTOR: a PEM, or a path to one like ${pemExample}`,
      'DKIM_DOMAIN' in given || 'DKIM_SELECTOR' in given,
    ],
  };
  return Object.entries(required).flatMap(([name, [problem, when]]) =>
    when && !(name in given) ? [[name, problem] as [string, string]] : [],
  );
}

/** What is good enough to try Offprint out, but not to serve strangers. */
function weak(given: Record<string, string>): [name: string, problem: string][] {
  if (given['NODE_ENV'] !== 'production') return [];
  const problem = (least: number, example: string) =>
    `must not be easy to guess when NODE_ENV=production: at least ${least} characters, like the output of \`${example}\``;
  const { SECRET_KEY: keys, ADMIN_PASSWORD: password } = given;
  const problems: [name: string, problem: string][] = [];
  if (keys?.split(',').some(isWeak))
    problems.push(['SECRET_KEY', problem(shortestInProduction, 'openssl rand -hex 32')]);
  if (password && password.length < shortestPassword)
    problems.push(['ADMIN_PASSWORD', problem(shortestPassword, 'openssl rand -base64 18')]);
  return problems;
}

/**
 * Everything that Offprint reads from its environment. An unset variable and an empty one are the same.
 * @throws UserError with one line for each wrong variable
 */
export function parseConfig(env: Record<string, string | undefined>) {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value?.trim()) given[name] = value.trim();
  const unread = readSecretFiles(given);
  const parsed = environment.safeParse(given);
  const wrong = (parsed.error?.issues ?? []).map(({ path, message }) => [String(path[0]), message] as const);
  const problems = new Map<string, string>();
  for (const [name, problem] of [...unread, ...wrong, ...missing(given), ...weak(given)])
    if (!problems.has(name)) problems.set(name, problem);
  if (parsed.success && problems.size === 0) return toConfig(parsed.data);
  throw new UserError([...problems].map(([name, problem]) => `${name} ${problem}`).join('\n'));
}

function toConfig(env: z.output<typeof environment>) {
  const mailDomain = env.MAIL_FROM.address.split('@')[1] as string;
  const { DKIM_SELECTOR: selector, DKIM_PRIVATE_KEY: privateKey } = env;
  const dkim: Dkim | null =
    selector && privateKey
      ? { domain: env.DKIM_DOMAIN ?? mailDomain, selector, privateKey: new Secret(privateKey) }
      : null;
  return {
    database: { url: env.DATABASE_URL ? new Secret(env.DATABASE_URL) : null, dataDir: env.DATA_DIR },
    /** Relays in the order in which they are tried; null: the local mailbox. */
    relays: env.SMTP_URL ? env.SMTP_URL.map((url) => new Secret(url)) : null,
    mail: { from: env.MAIL_FROM, domain: mailDomain, bounceAddress: env.BOUNCE_ADDRESS?.address ?? null },
    /** Where reports on our mail come in; null: nowhere that we read. */
    bounceInbox: env.BOUNCE_IMAP_URL ? new Secret(env.BOUNCE_IMAP_URL) : null,
    /** Who runs this installation, as pages and mails name them. */
    operator: { name: env.OPERATOR_NAME ?? null, url: env.OPERATOR_URL ?? null },
    web: {
      host: env.HOST,
      port: env.PORT,
      /** Public address without a slash at the end. With PORT=0 and no BASE_URL it is known once the server listens. */
      baseUrl: env.BASE_URL ?? `http://localhost:${env.PORT}`,
      baseUrlGiven: env.BASE_URL !== undefined,
      trustProxy: env.TRUST_PROXY,
      /** What opens the operator's pages; null: there are none. */
      adminPassword: env.ADMIN_PASSWORD ? new Secret(env.ADMIN_PASSWORD) : null,
      /** Past these a browser has to work for each. */
      signUpsPerHour: {
        perNetwork: env.SIGN_UPS_PER_NETWORK,
        perDomain: env.SIGN_UPS_PER_DOMAIN,
        inAll: env.SIGN_UPS_PER_HOUR,
      },
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
      /** How long after the database has started no worker is taken for dead: none could say before that it lives. */
      graceSeconds: 60,
    },
    dkim,
    /** What proves that a webhook is called by its provider; null: it answers 404. */
    webhooks: {
      sesTopics: env.WEBHOOK_SES_TOPIC ?? null,
      postmarkLogin: env.WEBHOOK_POSTMARK_LOGIN ? new Secret(env.WEBHOOK_POSTMARK_LOGIN) : null,
      sendgridKey: env.WEBHOOK_SENDGRID_KEY ? readPublicKey(env.WEBHOOK_SENDGRID_KEY) : null,
      mailgunKey: env.WEBHOOK_MAILGUN_KEY ? new Secret(env.WEBHOOK_MAILGUN_KEY) : null,
    },
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
  for (const name of Object.keys(environment.shape)) if (!process.env[name]?.trim()) delete process.env[name];
  try {
    process.loadEnvFile('.env');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw new UserError(`.env cannot be read: ${message}`);
  }
  return parseConfig(process.env);
}

/** Whether this process runs as a script of npm's, like `npm start`. */
export const isStartedByNpm = () => process.env['npm_lifecycle_event'] !== undefined;

/** What a process that this one starts has in its environment: the same, but for what is given. */
export const inheritedEnvironment = (given: Record<string, string>) => ({ ...process.env, ...given });
