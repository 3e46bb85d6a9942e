import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectPath } from '../project.js';

/** A server that takes all mail and forgets it, in a process of its own. */
export interface Sink {
  port: number;
  stop(): Promise<void>;
}

/** Most connections that it takes at a time. */
const backlog = 1_000;
const startMs = 5_000;

/** Where Debian, Fedora and Homebrew put the test programs of Postfix. */
const folders = ['/usr/sbin', '/usr/libexec/postfix', '/usr/local/sbin', '/opt/homebrew/sbin'];

/** Where a test program of Postfix is installed; null where it is not. */
export function findPostfixProgram(name: 'smtp-sink' | 'smtp-source'): string | null {
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** Starts Postfix's smtp-sink where it is installed, which takes the least time of all; else one of our own. */
export async function startSink(): Promise<Sink> {
  const program = findPostfixProgram('smtp-sink');
  return program ? startSmtpSink(program) : startOwnSink();
}

async function startSmtpSink(program: string): Promise<Sink> {
  const port = await freePort();
  // It does not run as root.
  const account = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const sink = spawn(program, [...account, `127.0.0.1:${port}`, `${backlog}`], { stdio: 'ignore' });
  const ended = once(sink, 'exit');
  const stop = async () => {
    sink.kill();
    await ended;
  };
  for (const deadline = performance.now() + startMs; !(await answers(port)); await sleep(20)) {
    if (performance.now() < deadline && sink.exitCode === null) continue;
    await stop();
    return startOwnSink();
  }
  return { port, stop };
}

async function startOwnSink(): Promise<Sink> {
  const sink = fork(projectPath('dist/src/bench/smtp-sink.js'));
  const [port] = (await once(sink, 'message')) as [number];
  const stop = async () => {
    const ended = once(sink, 'exit');
    sink.disconnect();
    await ended;
  };
  return { port, stop };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const tell = (does: boolean) => {
      socket.destroy();
      resolve(does);
    };
    socket.once('connect', () => tell(true)).once('error', () => tell(false));
  });
}
