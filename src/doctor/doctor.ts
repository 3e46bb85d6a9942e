import { NODATA, NOTFOUND } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { utcDay } from '../calendar-day.js';
import type { Config } from '../config.js';
import { type Context, openContext } from '../context.js';
import { nameRelay, relaysOf } from '../mail/relay.js';
import { openSmtpConnection } from '../mail/smtp.js';
import { openSource } from '../sources/open.js';
import type { Finding } from './finding.js';
import { checkSenderRecords, type ResolveTxt } from './sender-records.js';

/** How long a server may take, in milliseconds: somebody waits for the answer. */
const patienceMs = 10_000;
/** By how many seconds a clock may be wrong: retries, rate limits and links go by minutes. */
const clockToleranceSeconds = 30;

/**
 * Looks at all that a mail needs to get to a reader: configuration, database, clock, relays, sources, and the records of the sender's domain. A
 * check that fails keeps none of the others from being made.
 * @param onChecked hears how many checks are done, and how many there are
 */
export async function examine(
  config: Config,
  onChecked: (done: number, total: number) => void = () => {},
  clock: () => Date = () => new Date(),
): Promise<Finding[]> {
  const checks = [
    checkConfiguration(config),
    checkDatabase(config, clock),
    checkRelays(config),
    checkSources(config, utcDay(clock())),
    checkSenderRecords(config, resolveTxt),
  ];
  let done = 0;
  const counted = async (check: Finding | Promise<Finding | Finding[]>) => {
    const findings = await check;
    onChecked(++done, checks.length);
    return findings;
  };
  return (await Promise.all(checks.map(counted))).flat();
}

/** Settings that are well formed, and do not fit together. */
export function checkConfiguration({ web, relays, mail }: Config): Finding {
  const check = 'configuration';
  const { protocol, hostname } = new URL(web.baseUrl);
  const isPublic = hostname !== 'localhost' && hostname !== '127.0.0.1';
  if (relays && mail.domain === 'localhost')
    return {
      check,
      status: 'failed',
      message: 'mails go out through SMTP_URL, and come from an address at localhost',
      remedy: 'set MAIL_FROM to an address of a domain of yours',
    };
  if (relays && !isPublic)
    return {
      check,
      status: 'failed',
      message: `mails go out through SMTP_URL, and their links lead to ${web.baseUrl}`,
      remedy: 'set BASE_URL to the address that readers reach the pages at',
    };
  if (isPublic && protocol !== 'https:')
    return {
      check,
      status: 'warning',
      message: `BASE_URL is ${web.baseUrl}; mail programs unsubscribe by one click over https alone (RFC 8058)`,
      remedy: 'put a proxy with a certificate before the pages, and set BASE_URL to its https address',
    };
  return { check, status: 'ok', message: 'each variable is well formed, and they fit together' };
}

async function checkDatabase(config: Config, clock: () => Date): Promise<Finding[]> {
  const place = config.database.url ? 'DATABASE_URL' : `the embedded one in ${config.database.dataDir}`;
  try {
    const ctx = await openContext(config, clock);
    try {
      return [await checkServer(ctx, place), await checkClock(ctx)];
    } finally {
      await ctx.db.close();
    }
  } catch (error) {
    const failed: Finding = {
      check: 'database',
      status: 'failed',
      message: `${place}: ${firstLine(error)}`,
      remedy: config.database.url
        ? 'check DATABASE_URL, and that the server runs and lets this user in'
        : 'check that DATA_DIR can be written to',
    };
    return [failed, { check: 'clock', status: 'skipped', message: 'there is no database to compare it with' }];
  }
}

async function checkServer({ db }: Context, place: string): Promise<Finding> {
  const { rows } = await db.pool.query<{ version: string }>("select current_setting('server_version') as version");
  return { check: 'database', status: 'ok', message: `${place}: PostgreSQL ${rows[0]?.version}, schema up to date` };
}

async function checkClock({ db, clock }: Context): Promise<Finding> {
  const before = clock().getTime();
  const { rows } = await db.pool.query<{ now: Date }>('select clock_timestamp() as now');
  const after = clock().getTime();
  const theirs = rows[0]?.now.getTime() ?? Number.NaN;
  const seconds = Math.round(Math.max(before - theirs, theirs - after, 0) / 1_000);
  return judgeClock(seconds);
}

/** @param seconds by which this machine's clock and the database's differ */
export function judgeClock(seconds: number): Finding {
  if (seconds <= clockToleranceSeconds)
    return { check: 'clock', status: 'ok', message: `within ${Math.max(1, seconds)} s of the database's` };
  return {
    check: 'clock',
    status: 'failed',
    message: `${seconds} s from the database's`,
    remedy: 'keep both clocks by NTP (timedatectl set-ntp true)',
  };
}

/** What is found is told; a log would say it twice. */
const silent = { warn: () => {} };

async function checkRelays(config: Config): Promise<Finding[]> {
  if (!config.relays)
    return [
      {
        check: 'smtp',
        status: 'skipped',
        message: 'mails go to the local mailbox',
        remedy: 'set SMTP_URL to have them sent',
      },
    ];
  return Promise.all(
    relaysOf(config, null).map(async (relay): Promise<Finding> => {
      const timeouts = { connect: patienceMs, greeting: patienceMs, command: patienceMs };
      const connection = openSmtpConnection([relay], silent, timeouts);
      const failure = await connection.ready();
      await connection.close();
      const name = nameRelay(relay);
      if (!failure) {
        const login = relay.login ? ', and takes the login' : '';
        return { check: 'smtp', status: 'ok', message: `${name} answers${login}` };
      }
      return {
        check: 'smtp',
        status: 'failed',
        message: failure.reply.startsWith(name) ? failure.reply : `${name}: ${failure.reply}`,
        remedy: 'check SMTP_URL, the login in it, and that this machine may reach the server',
      };
    }),
  );
}

async function checkSources(config: Config, today: string): Promise<Finding[]> {
  return Promise.all(
    config.sources.map(async (spec): Promise<Finding> => {
      const source = openSource(config, spec);
      const check = 'source';
      try {
        for (const day of source.days(today)) {
          const { lists } = await source.fetch(day);
          const papers = lists.reduce((sum, list) => sum + list.papers.length, 0);
          if (papers > 0) return { check, status: 'ok', message: `${source.name}: ${papers} papers for ${day}` };
        }
        return {
          check,
          status: 'warning',
          message: `${source.name}: no papers in the last days`,
          remedy: 'on a holiday that is so; else check PAPER_SOURCES',
        };
      } catch (error) {
        return {
          check,
          status: 'failed',
          message: `${source.name}: ${firstLine(error)}`,
          remedy: 'check PAPER_SOURCES, and that this machine may reach the address',
        };
      }
    }),
  );
}

const resolver = new Resolver({ timeout: patienceMs / 2, tries: 2 });

const resolveTxt: ResolveTxt = (name) =>
  resolver.resolveTxt(name).catch((error: NodeJS.ErrnoException) => {
    if (error.code === NOTFOUND || error.code === NODATA) return [];
    throw error;
  });

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
