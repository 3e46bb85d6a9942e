import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.js';
import { asOsUser } from './os-user.js';

/** A PostgreSQL server that runs. */
export interface Server {
  pid: number;
  port: number;
  /** Whether it takes connections; not yet, or no longer. */
  ready: boolean;
}

const startMs = 30_000;
const stopMs = 8_000;

/**
 * Finds the server that runs on the cluster, by PostgreSQL's own lock file: line 1 pid, line 4 port, line 8 "ready" once
 * it takes connections. A lock file whose process has become another's is removed: PostgreSQL would not dare to, and in
 * a container, where process ids come round in the same order, a kill would be the end.
 */
export async function findServer({ folder }: Cluster): Promise<Server | null> {
  const file = join(folder, 'postmaster.pid');
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n').map((line) => line.trim());
  const pid = Number(lines[0]);
  if (!pid || !isAlive(pid)) return null;
  if (await isPostgres(pid)) return { pid, port: Number(lines[3]), ready: lines[7] === 'ready' };
  await rm(file, { force: true });
  return null;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Where the system does not tell (it has no /proc), it is taken for one. */
async function isPostgres(pid: number): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'postgres');
  return command.trim() === 'postgres';
}

/**
 * Starts a server on the cluster and waits until it is ready. It gets a session of its own: Ctrl-C must not reach it
 * before the work in hand is done.
 * @returns what kept it from starting, or null
 */
export async function startServer(cluster: Cluster): Promise<string | null> {
  const settings = {
    port: await freePort(),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 300,
    log_checkpoints: 'off',
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const { file, args, ...ids } = asOsUser(cluster.osUser, cluster.postgres, ['-D', cluster.folder, ...options]);
  const logFile = join(cluster.folder, 'server.log');
  const log = await open(logFile, 'a', 0o600);
  const { size } = await log.stat();
  const decided = new AbortController();
  try {
    const server = spawn(file, args, { ...ids, detached: true, stdio: ['ignore', log.fd, log.fd] });
    server.unref();
    const failed = once(server, 'exit', decided).then(
      () => failureIn(logFile, size),
      (error: Error) => error.message,
    );
    return await Promise.race([failed, untilReady(cluster, server.pid, decided.signal)]);
  } finally {
    decided.abort();
    await log.close();
  }
}

async function untilReady(cluster: Cluster, pid: number | undefined, decided: AbortSignal): Promise<string | null> {
  const deadline = Date.now() + startMs;
  while (Date.now() < deadline && !decided.aborted) {
    const found = await findServer(cluster);
    if (found?.pid === pid && found?.ready) return null;
    await sleep(20);
  }
  return `it was not ready after ${startMs / 1_000} s`;
}

/** What the server said last before it ended, in the log from `start` on. */
async function failureIn(logFile: string, start: number): Promise<string> {
  const lines = (await readFile(logFile)).subarray(start).toString().trimEnd().split('\n');
  const fatal = lines.findLast((line) => line.includes('FATAL:'));
  return (fatal ?? lines.at(-1) ?? '').replace(/^.*FATAL: +/, '');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Stops the server: SIGINT is PostgreSQL's "fast" shutdown, sessions are ended and everything is written. */
export async function stopServer({ pid }: Server): Promise<void> {
  process.kill(pid, 'SIGINT');
  const deadline = Date.now() + stopMs;
  while (isAlive(pid) && Date.now() < deadline) await sleep(20);
}
