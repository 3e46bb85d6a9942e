import { type Config, loadConfig } from '../config.js';
import { Secret } from '../secret.js';

/**
 * A configuration for a database that is thrown away: whatever this machine's own says of a database, keys or a relay, nothing of it
 * is touched.
 * @param smtpPort of a server on this machine that takes mail
 */
export function throwAwayConfig(dataDir: string, smtpPort: number | null = null): Config {
  const config = loadConfig();
  return {
    ...config,
    database: { url: null, dataDir },
    secretKeys: null,
    relays: smtpPort === null ? null : [new Secret(`smtp://127.0.0.1:${smtpPort}`)],
    dkim: null,
    bounceInbox: null,
    log: { ...config.log, level: 'error' },
  };
}
