import { Logger as JobLogger } from 'graphile-worker';
import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from './config.js';

export type { Logger };

/** The log, on standard error: standard output belongs to what a command reports. */
export function createLogger({ log }: Pick<Config, 'log'>): Logger {
  const stream =
    log.format === 'pretty'
      ? pretty({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss' })
      : pino.destination({ dest: 2, sync: true });
  return pino({ level: log.level, base: null }, stream);
}

/** The job engine's messages, in our log: its "info" is what we call debug. */
export function jobLogger(log: Logger): JobLogger {
  const levels = { error: 'error', warning: 'warn', info: 'debug', debug: 'trace' } as const;
  return new JobLogger(() => (level, message) => log[levels[level]](message));
}
