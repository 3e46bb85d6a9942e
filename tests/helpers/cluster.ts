import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { parseConfig } from '../../src/config.js';
import { openDatabase } from '../../src/database/database.js';
import { openEmbeddedDatabase } from '../../src/database/embedded/embedded.js';
import { createLogger } from '../../src/log.js';
import { seedTopics } from '../../src/topics/vocabulary.js';
import { superuserOf } from './superuser.js';

declare module 'vitest' {
  export interface ProvidedContext {
    clusterUrl: string;
  }
}

/**
 * One real PostgreSQL for the whole run, and in it the database that every test file's own is cloned from: an embedded one,
 * or that of OFFPRINT_TEST_DATABASE_URL, whose user may create databases.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'offprint-tests-'));
  const given = process.env['OFFPRINT_TEST_DATABASE_URL'];
  const cluster = given ? { url: given, release: async () => {} } : await openEmbeddedDatabase(dataDir);
  if (!given) await waitForNoDisk(superuserOf(cluster.url));
  const admin = new pg.Client(cluster.url);
  await admin.connect();
  await admin.query('create database template');
  await admin.end();
  const config = parseConfig({ DATABASE_URL: cluster.url.replace(/[^/]+$/, 'template') });
  const database = await openDatabase(config, createLogger({ log: { level: 'warn', format: 'pretty' } }));
  await seedTopics(database.prisma);
  await database.close();
  project.provide('clusterUrl', cluster.url);
  return async () => {
    await cluster.release();
    await rm(dataDir, { recursive: true });
  };
}

/** No test ends the machine, and what is lost only then need not be on the disk. */
async function waitForNoDisk(url: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  for (const statement of [
    'alter system set fsync = off',
    'alter system set full_page_writes = off',
    'select pg_reload_conf()',
  ])
    await client.query(statement);
  await client.end();
}
