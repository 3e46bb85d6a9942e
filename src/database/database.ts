import { setTimeout as sleep } from 'node:timers/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import { runMigrations } from 'graphile-worker';
import pg from 'pg';
import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import { PrismaClient } from '../generated/prisma/client.js';
import { jobLogger, type Logger } from '../log.js';
import { openEmbeddedDatabase } from './embedded/embedded.js';
import { migrate } from './migrate.js';

/** A Prisma client, or one inside a transaction. */
export type Queries = Omit<PrismaClient, '$connect' | '$disconnect' | '$extends' | '$on' | '$transaction'>;

export interface Database {
  url: string;
  /** Typed queries for single rows, `$queryRaw` for sets. */
  prisma: PrismaClient;
  /** The connections below Prisma, shared with the job engine. */
  pool: pg.Pool;
  /** Names of the migrations that were applied when it was opened. */
  applied: string[];
  close(): Promise<void>;
}

/** How long queries in hand may take when it is closed: what is not committed then is as if it had never been. */
const closeMs = 1_000;

/**
 * Of a process, whatever it does: five workers and a web server stay below the hundred that PostgreSQL allows by default. The
 * connections to relays ask together, so that more of them need no more of these.
 */
const mostConnections = 15;

/**
 * Opens the database of the configuration, embedded or not, and brings it to the newest schema.
 * @throws UserError when it cannot be reached
 */
export async function openDatabase(config: Pick<Config, 'database'>, log: Logger): Promise<Database> {
  const embedded = config.database.url ? null : await openEmbeddedDatabase(config.database.dataDir);
  const url = embedded?.url ?? (config.database.url?.reveal() as string);
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'offprint',
    max: mostConnections,
    connectionTimeoutMillis: 10_000,
  });
  // A connection that breaks is replaced at the next query; unhandled, its error would end the process.
  let closing = false;
  const broken = (error: Error) => {
    if (!closing) log.warn({ error: error.message }, 'a database connection broke');
  };
  pool.on('error', broken);
  pool.on('connect', (client) => client.on('error', broken));
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  const close = async () => {
    closing = true;
    await prisma.$disconnect();
    await Promise.race([pool.end(), sleep(closeMs, undefined, { ref: false })]);
    await embedded?.release();
  };
  try {
    await checkReachable(pool, url);
    const applied = await migrate(pool);
    if (applied.length > 0) log.debug({ applied }, 'database migrated');
    await runMigrations({ pgPool: pool, logger: jobLogger(log) });
    return { url, prisma, pool, applied, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function checkReachable(pool: pg.Pool, url: string): Promise<void> {
  try {
    await pool.query('select');
  } catch (error) {
    const { hostname, port, pathname } = new URL(url);
    const { message, code } = error as NodeJS.ErrnoException;
    throw new UserError(
      `DATABASE_URL: the database${pathname.replace('/', ' ')} at ${hostname}:${port || 5432} cannot be reached: ${message || code}`,
    );
  }
}
