import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, inject } from 'vitest';
import { parseConfig } from '../../src/config.js';
import { type Context, openContext } from '../../src/context.js';

/** A clock that stands still until a test moves it. */
export interface TestClock {
  now: Date;
}

export interface TestContext extends Context {
  time: TestClock;
}

/** Makes a database, cloned from the migrated template; returns its address and how to drop it. */
export async function createDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const clusterUrl = inject('clusterUrl');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const admin = async (sql: string) => {
    const client = new pg.Client(clusterUrl);
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await admin(`create database ${name} template template`);
  return { url: clusterUrl.replace(/[^/]+$/, name), drop: () => admin(`drop database ${name} with (force)`) };
}

/**
 * Gives a test file a context of its own, on a real database, with a clock that stands at 2026-02-04 12:00 UTC.
 * Call it at the top of the file; the context is there once a test runs.
 */
export function useContext(env: Record<string, string> = {}): () => TestContext {
  let context: TestContext | undefined;
  let cleanUp: () => Promise<void>;
  beforeAll(async () => {
    const { url, drop } = await createDatabase();
    const dataDir = mkdtempSync(join(tmpdir(), 'offprint-test-'));
    const config = parseConfig({
      LOG_LEVEL: 'silent',
      DATABASE_URL: url,
      DATA_DIR: dataDir,
      BASE_URL: 'https://papers.example.org',
      MAIL_FROM: 'Offprint <digest@example.org>',
      ...env,
    });
    const time = { now: new Date('2026-02-04T12:00:00Z') };
    context = { ...(await openContext(config, () => time.now)), time };
    cleanUp = async () => {
      await context?.db.close();
      await drop();
      await rm(dataDir, { recursive: true, force: true });
    };
  });
  afterAll(() => cleanUp());
  return () => {
    if (!context) throw new Error('The context is there once the tests run');
    return context;
  };
}
