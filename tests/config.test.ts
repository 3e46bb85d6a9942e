import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig, parseConfig } from '../src/config.js';
import { UserError } from '../src/errors.js';

/** What a wrong environment is answered with, line by line. */
function problems(env: Record<string, string>): string[] {
  try {
    parseConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message.split('\n');
  }
  return [];
}

const key = 'a-key-of-16-characters-or-more';
const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offprint-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('an empty environment', () => {
  it('has a default for everything', () => {
    expect(parseConfig({})).toEqual({
      database: { url: null, dataDir: './data' },
      relays: null,
      bounceInbox: null,
      mail: { from: { name: 'Offprint', address: 'digest@localhost' }, domain: 'localhost', bounceAddress: null },
      operator: { name: null, url: null },
      web: {
        adminPassword: null,
        host: '127.0.0.1',
        port: 3000,
        baseUrl: 'http://localhost:3000',
        baseUrlGiven: false,
        trustProxy: 0,
        signUpsPerHour: { perNetwork: 20, perDomain: 200, inAll: 1_000 },
      },
      mailbox: { port: 1080, smtpPort: 1025 },
      secretKeys: null,
      sources: [{ kind: 'huggingface' }],
      huggingfaceUrl: 'https://huggingface.co',
      arxivUrl: 'https://rss.arxiv.org',
      sending: { rate: 0, connections: 10, inDoubt: 'resend', idempotencyHeader: null, graceSeconds: 60 },
      dkim: null,
      webhooks: { sesTopics: null, postmarkLogin: null, sendgridKey: null, mailgunKey: null },
      log: { level: 'info', format: process.stderr.isTTY ? 'pretty' : 'json' },
    });
  });

  it('is one whose variables are unset, empty or blank', () => {
    const names = ['DATABASE_URL', 'SMTP_URL', 'MAIL_FROM', 'PORT', 'SECRET_KEY', 'PAPER_SOURCES', 'DKIM_DOMAIN'];
    for (const blank of ['', ' ', '\t\n']) {
      expect(parseConfig(Object.fromEntries(names.map((name) => [name, blank])))).toEqual(parseConfig({}));
    }
    expect(parseConfig({ PORT: undefined })).toEqual(parseConfig({}));
  });
});

describe('a value', () => {
  it.each([
    ['DATABASE_URL', 'postgres://me@db/offprint', (c) => c.database.url?.reveal(), 'postgres://me@db/offprint'],
    ['DATA_DIR', '/var/lib/offprint', (c) => c.database.dataDir, '/var/lib/offprint'],
    [
      'SMTP_URL',
      'smtp://one, smtps://two:465',
      (c) => c.relays?.map((url) => url.reveal()),
      ['smtp://one', 'smtps://two:465'],
    ],
    [
      'MAIL_FROM',
      '"Papers, daily" <d@Exämple.org>',
      (c) => c.mail,
      {
        from: { name: 'Papers, daily', address: 'd@xn--exmple-cua.org' },
        domain: 'xn--exmple-cua.org',
        bounceAddress: null,
      },
    ],
    ['MAIL_FROM', 'digest@example.org', (c) => c.mail.from, { name: '', address: 'digest@example.org' }],
    ['BOUNCE_ADDRESS', 'bounce@example.org', (c) => c.mail.bounceAddress, 'bounce@example.org'],
    [
      'BOUNCE_IMAP_URL',
      'imap://bounce%40example.org:secret@imap.example.org/Bounces',
      (c) => c.bounceInbox?.reveal(),
      'imap://bounce%40example.org:secret@imap.example.org/Bounces',
    ],
    ['BASE_URL', 'https://example.org/papers/', (c) => c.web.baseUrl, 'https://example.org/papers'],
    ['PORT', '8080', (c) => [c.web.port, c.web.baseUrl], [8080, 'http://localhost:8080']],
    ['PORT', '0', (c) => c.web.port, 0],
    ['HOST', '0.0.0.0', (c) => c.web.host, '0.0.0.0'],
    ['MAILBOX_PORT', '0', (c) => c.mailbox.port, 0],
    ['MAILBOX_SMTP_PORT', '2525', (c) => c.mailbox.smtpPort, 2525],
    ['SECRET_KEY', `${key}1, ${key}2`, (c) => c.secretKeys?.reveal(), [`${key}1`, `${key}2`]],
    [
      'PAPER_SOURCES',
      'huggingface, arxiv:cs.CL+math.GT,feed:https://example.org/f?a=1,file:a b.json',
      (c) => c.sources,
      [
        { kind: 'huggingface' },
        { kind: 'arxiv', categories: ['cs.CL', 'math.GT'] },
        { kind: 'feed', url: 'https://example.org/f?a=1' },
        { kind: 'file', path: 'a b.json' },
      ],
    ],
    ['HUGGINGFACE_URL', 'http://127.0.0.1:9/', (c) => c.huggingfaceUrl, 'http://127.0.0.1:9'],
    ['ARXIV_URL', 'https://mirror.example.org', (c) => c.arxivUrl, 'https://mirror.example.org'],
    ['SEND_RATE', '14.5', (c) => c.sending.rate, 14.5],
    ['SEND_CONNECTIONS', '3', (c) => c.sending.connections, 3],
    ['IN_DOUBT', 'hold', (c) => c.sending.inDoubt, 'hold'],
    ['IDEMPOTENCY_HEADER', 'Resend-Idempotency-Key', (c) => c.sending.idempotencyHeader, 'Resend-Idempotency-Key'],
    ['WEBHOOK_SES_TOPIC', 'arn:aws:sns:eu-west-1:123456789012:bounces', (c) => c.webhooks.sesTopics?.length, 1],
    ['ADMIN_PASSWORD', 'correct horse', (c) => c.web.adminPassword?.reveal(), 'correct horse'],
    ['WEBHOOK_MAILGUN_KEY', 'key-0123456789abcdef', (c) => c.webhooks.mailgunKey?.reveal(), 'key-0123456789abcdef'],
    ['TRUST_PROXY', '2', (c) => c.web.trustProxy, 2],
    ['OPERATOR_NAME', 'Physics Library', (c) => c.operator.name, 'Physics Library'],
    ['OPERATOR_URL', 'mailto:papers@example.org', (c) => c.operator.url, 'mailto:papers@example.org'],
    ['SIGN_UPS_PER_HOUR', '50', (c) => c.web.signUpsPerHour.inAll, 50],
    ['SIGN_UPS_PER_NETWORK', '50', (c) => c.web.signUpsPerHour.perNetwork, 50],
    ['SIGN_UPS_PER_DOMAIN', '50', (c) => c.web.signUpsPerHour.perDomain, 50],
    ['LOG_LEVEL', 'debug', (c) => c.log.level, 'debug'],
    ['LOG_FORMAT', 'pretty', (c) => c.log.format, 'pretty'],
    ['PORT', ' 8080 ', (c) => c.web.port, 8080],
  ] satisfies [string, string, (config: ReturnType<typeof parseConfig>) => unknown, unknown][])(
    'of %s: %s',
    (name, value, read, expected) => {
      expect(read(parseConfig({ [name]: value }))).toEqual(expected);
    },
  );
});

describe('a wrong value', () => {
  it.each([
    ['DATABASE_URL', 'mysql://localhost/x', 'postgresql://user:password@localhost:5432/offprint'],
    ['DATABASE_URL', 'localhost', 'postgresql://user:password@localhost:5432/offprint'],
    ['SMTP_URL', 'smtp.example.org:25', 'smtps://user:password@smtp.example.org:465'],
    ['SMTP_URL', 'smtp://good, http://bad', 'smtps://user:password@smtp.example.org:465'],
    ['SMTP_URL', ',', 'smtps://user:password@smtp.example.org:465'],
    ['MAIL_FROM', 'Offprint', 'Offprint <digest@example.org>'],
    ['MAIL_FROM', 'a@b.org, c@d.org', 'Offprint <digest@example.org>'],
    ['MAIL_FROM', 'A\r\nBcc: x@y.org <a@b.org>', 'Offprint <digest@example.org>'],
    ['MAIL_FROM', 'a,b@example.org', 'Offprint <digest@example.org>'],
    ['BOUNCE_IMAP_URL', 'imaps://imap.example.org', 'imaps://user:password@'],
    ['BOUNCE_IMAP_URL', 'https://user:password@imap.example.org', 'imaps://user:password@'],
    ['BOUNCE_ADDRESS', 'bounce', 'bounce@example.org'],
    ['BOUNCE_ADDRESS', 'a-local-part-too-long@example.org', 'bounce@example.org'],
    ['BASE_URL', 'papers.example.org', 'https://papers.example.org'],
    ['BASE_URL', 'https://example.org/?page=1', 'https://papers.example.org'],
    ['PORT', '65536', '3000'],
    ['PORT', '-1', '3000'],
    ['PORT', '3e3', '3000'],
    ['MAILBOX_PORT', 'any', '1080'],
    ['MAILBOX_SMTP_PORT', '1.5', '1025'],
    ['SECRET_KEY', 'short', 'openssl rand -hex 32'],
    ['SECRET_KEY', `${key},short`, 'openssl rand -hex 32'],
    ['PAPER_SOURCES', 'huggingface,arxiv', 'huggingface,arxiv:cs.CL+cs.LG'],
    ['PAPER_SOURCES', 'nowhere,feed:ftp://example.org', 'huggingface,arxiv:cs.CL+cs.LG'],
    ['PAPER_SOURCES', ',', 'huggingface,arxiv:cs.CL+cs.LG'],
    ['HUGGINGFACE_URL', 'huggingface.co', 'https://huggingface.co'],
    ['ARXIV_URL', 'ftp://arxiv.org', 'https://rss.arxiv.org'],
    ['SEND_RATE', 'fast', '14'],
    ['SEND_CONNECTIONS', '0', '10'],
    ['IN_DOUBT', 'ignore', 'resend'],
    ['IDEMPOTENCY_HEADER', 'X Key: 1', 'Resend-Idempotency-Key'],
    ['TRUST_PROXY', 'true', '1'],
    ['TRUST_PROXY', 'loopback', '1'],
    ['LOG_LEVEL', 'loud', 'info'],
    ['LOG_FORMAT', 'xml', 'json'],
  ])('of %s (%j) is answered with one line: the name, what is wrong, an example', (name, value, example) => {
    const lines = problems({ [name]: value });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(new RegExp(`^${name} (must|names)`));
    expect(lines[0]).toContain(example);
  });

  it('does not hide another, and each variable has one line', () => {
    const lines = problems({
      PORT: 'x',
      IN_DOUBT: 'x',
      PAPER_SOURCES: 'a,b',
      NODE_ENV: 'production',
      DKIM_DOMAIN: 'a.org',
    });
    expect(lines.map((line) => line.split(' ')[0]).sort()).toEqual([
      'DKIM_PRIVATE_KEY',
      'DKIM_SELECTOR',
      'IN_DOUBT',
      'PAPER_SOURCES',
      'PORT',
      'SECRET_KEY',
    ]);
  });
});

describe('a secret in a file', () => {
  const file = async (text: string) => {
    const path = join(folder, `secret-${text.length}`);
    await writeFile(path, text);
    return path;
  };

  it('is read from where NAME_FILE says', async () => {
    expect(parseConfig({ SECRET_KEY_FILE: await file(`${key}\n`) }).secretKeys?.reveal()).toEqual([key]);
    const { relays } = parseConfig({ SMTP_URL_FILE: await file('smtps://user:hush@smtp.example.org:465') });
    expect(relays?.map((relay) => relay.reveal())).toEqual(['smtps://user:hush@smtp.example.org:465']);
  });

  it('is refused where there is no such file, it is empty, or the variable is given, too', async () => {
    expect(problems({ SECRET_KEY_FILE: join(folder, 'none') })).toEqual([
      'SECRET_KEY_FILE must be the path of a file that can be read, like /run/secrets/offprint',
    ]);
    expect(problems({ SECRET_KEY_FILE: await file(' ') })).toEqual(['SECRET_KEY_FILE names an empty file']);
    expect(problems({ SECRET_KEY_FILE: await file(key), SECRET_KEY: key })).toEqual([
      'SECRET_KEY_FILE is given beside SECRET_KEY: unset one of them',
    ]);
  });
});

it.each([
  ['PAPER_SOURCES', 'feed:https://user:hush@example.org/feed'],
  ['HUGGINGFACE_URL', 'https://user:hush@example.org'],
])('%s takes no user and password, and does not tell them', (name, value) => {
  const [problem, ...more] = problems({ [name]: value });
  expect(problem).toMatch(new RegExp(`^${name} `));
  expect(problem).not.toContain('hush');
  expect(more).toEqual([]);
});

describe('in production', () => {
  it('finding 23: SECRET_KEY is required, and neither it nor ADMIN_PASSWORD is easy to guess', () => {
    expect(problems({ NODE_ENV: 'production' })).toEqual([
      'SECRET_KEY is required when NODE_ENV=production, like the output of `openssl rand -hex 32`',
    ]);
    expect(problems({ NODE_ENV: 'production', SECRET_KEY: key })).toEqual([]);
    for (const weak of ['password12345678', 'a'.repeat(64), `${key},password12345678`])
      expect(problems({ NODE_ENV: 'production', SECRET_KEY: weak })).toEqual([
        expect.stringMatching(/^SECRET_KEY must not be easy to guess when NODE_ENV=production/),
      ]);
    expect(problems({ NODE_ENV: 'production', SECRET_KEY: key, ADMIN_PASSWORD: 'offprint' })).toEqual([
      expect.stringMatching(
        /^ADMIN_PASSWORD must not be easy to guess .*, like the output of `openssl rand -base64 18`/,
      ),
    ]);
    expect(problems({ NODE_ENV: 'production', SECRET_KEY: key, ADMIN_PASSWORD: 'correct horse' })).toEqual([]);
    expect(problems({ SECRET_KEY: 'password12345678', ADMIN_PASSWORD: 'offprint' })).toEqual([]);
    expect(problems({ NODE_ENV: 'development' })).toEqual([]);
  });
});

describe('DKIM', () => {
  const all = { DKIM_DOMAIN: 'example.org', DKIM_SELECTOR: 'offprint', DKIM_PRIVATE_KEY: pem };

  it('is on with a selector and a key; the domain is that of MAIL_FROM unless it is given', () => {
    const { DKIM_DOMAIN: _, ...withoutDomain } = all;
    expect(parseConfig(all).dkim).toMatchObject({ domain: 'example.org', selector: 'offprint' });
    expect(parseConfig({ ...withoutDomain, MAIL_FROM: 'd@papers.org' }).dkim?.domain).toBe('papers.org');
  });

  it('takes the key as a PEM, as a PEM in one line, or as a path', async () => {
    const path = join(folder, 'dkim.pem');
    await writeFile(path, pem);
    for (const given of [pem, pem.replaceAll('\n', '\\n'), path]) {
      expect(
        parseConfig({ ...all, DKIM_PRIVATE_KEY: given })
          .dkim?.privateKey.reveal()
          .trim(),
      ).toBe(pem.trim());
    }
  });

  it.each([
    [['DKIM_DOMAIN'], ['DKIM_SELECTOR', 'DKIM_PRIVATE_KEY']],
    [['DKIM_SELECTOR'], ['DKIM_PRIVATE_KEY']],
    [['DKIM_PRIVATE_KEY'], ['DKIM_SELECTOR']],
    [['DKIM_DOMAIN', 'DKIM_SELECTOR'], ['DKIM_PRIVATE_KEY']],
    [['DKIM_DOMAIN', 'DKIM_PRIVATE_KEY'], ['DKIM_SELECTOR']],
  ] as const)('half given, as %j, stops the start: mail must not leave unsigned by mistake', (given, missing) => {
    const lines = problems(Object.fromEntries(given.map((name) => [name, all[name]])));
    expect(lines.map((line) => line.split(' ')[0])).toEqual(expect.arrayContaining([...missing]));
    expect(lines).toHaveLength(missing.length);
  });

  it('with a key file that is not there, or is a folder, stops the start', () => {
    for (const path of [join(folder, 'missing.pem'), folder]) {
      const [line, ...more] = problems({ ...all, DKIM_PRIVATE_KEY: path });
      expect(line).toMatch(/^DKIM_PRIVATE_KEY must be a PEM, or the path of a file that can be read, like \//);
      expect(more).toEqual([]);
    }
  });
});

describe('secrets', () => {
  const secrets = {
    DATABASE_URL: 'postgres://me:hush1@db/offprint',
    SMTP_URL: 'smtp://me:hush2@relay.example.org',
    SECRET_KEY: 'hush3-hush3-hush3-hush3',
    DKIM_SELECTOR: 'offprint',
    DKIM_PRIVATE_KEY: pem.replace('-----\n', '-----\nhush4'),
  };

  it('are shown neither by inspection nor in JSON nor as text', () => {
    const config = parseConfig(secrets);
    const shown = [
      inspect(config, { depth: 9, showHidden: true }),
      JSON.stringify(config),
      `${config.secretKeys}`,
    ].join();
    expect(shown).not.toContain('hush');
    expect(shown).toContain('[secret]');
    expect(config.database.url?.reveal()).toContain('hush1');
  });

  it('are not shown when they are wrong', () => {
    const lines = problems({
      DATABASE_URL: 'me:hush@db',
      SMTP_URL: 'me:hush@relay',
      SECRET_KEY: 'hush',
      DKIM_SELECTOR: 'offprint',
      DKIM_PRIVATE_KEY: 'hush',
      PAPER_SOURCES: 'feed:ftp://me:hush@example.org/feed',
    });
    expect(lines).toHaveLength(5);
    expect(lines.join()).not.toContain('hush');
  });
});

describe('the .env file', () => {
  const before = { ...process.env };
  const home = process.cwd();
  beforeEach(() => {
    process.chdir(folder);
    // The test runner sets a BASE_URL of its own.
    for (const name of ['PORT', 'HOST', 'MAIL_FROM', 'BASE_URL']) delete process.env[name];
  });
  afterEach(async () => {
    process.chdir(home);
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
    await rm(join(folder, '.env'), { recursive: true, force: true });
  });

  it('is read, and need not be there', async () => {
    expect(loadConfig().web.port).toBe(3000);
    await writeFile('.env', '# comment\nPORT=4321\nMAIL_FROM="Papers <p@example.org>"\n');
    expect(loadConfig()).toMatchObject({ web: { port: 4321 }, mail: { from: { name: 'Papers' } } });
  });

  it('yields to the environment, as far as that says anything', async () => {
    await writeFile('.env', 'PORT=4321\nHOST=0.0.0.0\n');
    Object.assign(process.env, { PORT: '4444', HOST: '' });
    expect(loadConfig().web).toMatchObject({ port: 4444, host: '0.0.0.0' });
  });

  it('is complained of where it cannot be read', async () => {
    await mkdir('.env');
    expect(() => loadConfig()).toThrow(/^\.env cannot be read/);
  });
});
