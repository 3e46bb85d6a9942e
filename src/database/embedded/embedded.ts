import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { UserError } from '../../errors.js';
import { type Cluster, findCluster, name, passwordOf, worker } from './cluster.js';
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
      const login = { host: '127.0.0.1', port: server.port, password: await passwordOf(cluster) };
      const joined = await joinServer(login);
      if ('client' in joined) {
        const url = `postgresql://${joined.owner}:${login.password}@${login.host}:${login.port}/${name}`;
        return { url, release: () => leave(cluster, joined.client) };
      }
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

interface Membership {
  /** Holds the lock. */
  client: pg.Client;
  /** Whose the database is. */
  owner: string;
}

/** Holds the lock that keeps the server up; an error when it cannot be reached, as when it goes down meanwhile. */
async function joinServer(login: { host: string; port: number; password: string }): Promise<Membership | Error> {
  const client = new pg.Client({ ...login, user: name, database: 'postgres', application_name: 'offprint membership' });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select pg_advisory_lock_shared($1)', [usersLock]);
    return { client, owner: await makeDatabase(client, login.password) };
  } catch (error) {
    await client.end().catch(() => {});
    return error as Error;
  }
}

/**
 * Makes the database and its owner, where they are not there yet; of several processes at once, one does.
 * @returns the owner: in a cluster that an earlier version made it is the superuser
 */
async function makeDatabase(client: pg.Client, password: string): Promise<string> {
  const roles = await client.query('select from pg_roles where rolname = $1', [worker]);
  if (roles.rowCount === 0)
    await client
      .query(`create role ${worker} login createdb password ${client.escapeLiteral(password)}`)
      .catch(ignoreDuplicate);
  const databases = await client.query('select pg_get_userbyid(datdba) as owner from pg_database where datname = $1', [
    name,
  ]);
  if (databases.rowCount === 0) await client.query(`create database ${name} owner ${worker}`).catch(ignoreDuplicate);
  return databases.rows[0]?.owner ?? worker;
}

function ignoreDuplicate(error: Error & { code?: string }): void {
  if (!['42P04', '42710', '23505'].includes(error.code ?? '')) throw error;
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
