import type { Config } from './config.js';
import { type Database, openDatabase } from './database/database.js';
import { loadTimeZones, type TimeZones } from './database/time-zones.js';
import { createLogger, type Logger } from './log.js';
import type { Secret } from './secret.js';
import { loadSecretKeys } from './secret-keys.js';

/** What a running process holds: built once, passed as first argument. */
export interface Context {
  config: Config;
  db: Database;
  log: Logger;
  /** Sign the links in mails: the first signs, all verify. */
  keys: Secret<string[]>;
  /** Those that the database knows. */
  timeZones: TimeZones;
  /** The present instant; tests hand in their own. */
  clock: () => Date;
}

/**
 * Builds the context; whoever does so closes its database.
 * @throws UserError when the data directory or the database cannot be used
 */
export async function openContext(config: Config, clock: () => Date = () => new Date()): Promise<Context> {
  const log = createLogger(config);
  // The keys come first: where they fail there is no database to close yet.
  const keys = config.secretKeys ?? (await loadSecretKeys(config.database.dataDir));
  const db = await openDatabase(config, log);
  try {
    return { config, db, log, keys, timeZones: await loadTimeZones(db.pool), clock };
  } catch (error) {
    await db.close();
    throw error;
  }
}
