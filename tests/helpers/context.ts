import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';
import { parseConfig } from '../../src/config.js';
import { type Context, openContext } from '../../src/context.js';
import { superuserOf } from './superuser.js';

/** A clock that stands still until a test moves it. */
export interface TestClock {
  now: Date;
}

export interface TestContext extends Context {
  time: TestClock;
  /** Says that this test makes the program log a warning or an error of this kind; any other fails it. */
  expectsLog(message: RegExp): void;
}

/** Makes a database, cloned from the migrated template; returns its address and how to drop it. */
export async function createDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const clusterUrl = inject('clusterUrl');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const admin = async (sql: string, url = clusterUrl) => {
    const client = new pg.Client(url);
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await admin(`create database ${name} template template`);
  return {
    url: clusterUrl.replace(/[^/]+$/, name),
    // Nobody else may end what autovacuum does in it.
    drop: () => admin(`drop database ${name} with (force)`, superuserOf(clusterUrl)),
  };
}

/**
 * Gives a test file a context of its own, on a real database, with a clock that stands at 2026-02-04 12:00 UTC. A test that
 * makes the program log a warning or an error fails, unless it or its file has said so.
 * Call it at the top of the file; the context is there once a test runs.
 * @param warnings what the tests of this file are about
 * @param asSuperuser for what only a superuser may do; the program is none in its embedded database
 */
export function useContext(
  env: Record<string, string> = {},
  warnings: readonly RegExp[] = [],
  asSuperuser = false,
): () => TestContext {
  let context: TestContext | undefined;
  let cleanUp: () => Promise<void>;
  const logged: string[] = [];
  const expected: RegExp[] = [];
  beforeAll(async () => {
    const { url, drop } = await createDatabase();
    const dataDir = mkdtempSync(join(tmpdir(), 'offprint-test-'));
    const given = parseConfig({
      LOG_LEVEL: 'silent',
      DATABASE_URL: asSuperuser ? superuserOf(url) : url,
      DATA_DIR: dataDir,
      BASE_URL: 'https://papers.example.org',
      MAIL_FROM: 'Offprint <digest@example.org>',
      ...env,
    });
    // The database of the tests has just started.
    const config = { ...given, sending: { ...given.sending, graceSeconds: 0 } };
    const time = { now: new Date('2026-02-04T12:00:00Z') };
    const log = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) });
    const expectsLog = (message: RegExp) => void expected.push(message);
    context = { ...(await openContext(config, () => time.now)), log, time, expectsLog };
    cleanUp = async () => {
      await context?.db.close();
      await drop();
      await rm(dataDir, { recursive: true, force: true });
    };
  });
  afterEach(() => {
    const known = [...warnings, ...expected];
    const unexpected = logged.splice(0).filter((line) => !known.some((message) => message.test(line)));
    expected.length = 0;
    expect(unexpected).toEqual([]);
  });
  afterAll(() => cleanUp());
  return () => {
    if (!context) throw new Error('The context is there once the tests run');
    return context;
  };
}
