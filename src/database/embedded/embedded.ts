import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { UserError } from '../../errors.js';
import { type Cluster, findCluster, name, urlOf } from './cluster.js';
import { findServer, startServer, stopServer } from './server.js';

/** An embedded PostgreSQL that this process uses, and maybe others. */
export interface EmbeddedDatabase {
  url: string;
  /** Says that this process is done with it. The last one to say so stops the server. */
  release(): Promise<void>;
}

/**
 * Every process holds this advisory lock shared, on a connection of its own, for as long as it uses the server; who can
 * get it exclusively is the last. The kernel closes a dead process's connection, so `kill -9` leaves nothing to clean up.
 */
const usersLock = 7_461_020;

const joinMs = 30_000;
/** A start may fail while the sessions of a server that was killed still end, or for a port that someone was quicker to. */
const mostFailedStarts = 5;
const afterFailedStartMs = 500;

/**
 * Joins the PostgreSQL under `dataDir`, or makes and starts it: the same engine as in production, from npm.
 * @throws UserError when the folder cannot be used, was made by another PostgreSQL version, or the server does not start
 */
export async function openEmbeddedDatabase(dataDir: string): Promise<EmbeddedDatabase> {
  const cluster = await findCluster(dataDir);
  const deadline = Date.now() + joinMs;
  let failedStarts = 0;
  let problem = 'it takes too long';
  while (Date.now() < deadline && failedStarts < mostFailedStarts) {
    const server = await findServer(cluster);
    if (server?.ready) {
      const url = await urlOf(cluster, server.port);
      const joined = await joinServer(url);
      if (joined instanceof pg.Client) return { url, release: () => leave(cluster, joined) };
      problem = joined.message;
    } else if (!server) {
      const failure = await startServer(cluster);
      if (failure === null) continue;
      problem = failure;
      // Where there is a server now, another process was quicker.
      if (await findServer(cluster)) continue;
      failedStarts++;
      await sleep(afterFailedStartMs);
    }
    await sleep(20);
  }
  throw new UserError(
    `The embedded PostgreSQL cannot be used: ${problem} (${join(cluster.folder, 'server.log')} tells more)`,
  );
}

/** Holds the lock that keeps the server up; an error when it cannot be reached, as when it goes down meanwhile. */
async function joinServer(url: string): Promise<pg.Client | Error> {
  const client = new pg.Client({
    connectionString: url.replace(/[^/]+$/, 'postgres'),
    application_name: 'offprint membership',
  });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select pg_advisory_lock_shared($1)', [usersLock]);
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${name}`).catch(ignoreDuplicate);
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    return error as Error;
  }
}

function ignoreDuplicate(error: Error & { code?: string }): void {
  if (error.code !== '42P04' && error.code !== '23505') throw error;
}

async function leave(cluster: Cluster, membership: pg.Client): Promise<void> {
  try {
    await membership.query('select pg_advisory_unlock_shared($1)', [usersLock]);
    const { rows } = await membership.query<{ last: boolean }>('select pg_try_advisory_lock($1) as last', [usersLock]);
    const server = await findServer(cluster);
    if (rows[0]?.last && server) await stopServer(server);
  } catch {
    // The server is gone already: nothing to leave.
  } finally {
    await membership.end().catch(() => {});
  }
}
