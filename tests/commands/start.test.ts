import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCluster } from '../../src/database/embedded/cluster.js';
import { findServer } from '../../src/database/embedded/server.js';
import { projectPath } from '../../src/project.js';
import { ending, runProgram, startProgram } from '../helpers/program.js';

let folder: string;
let occupied: Server;
let taken: number;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offprint-start-'));
  occupied = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(occupied, 'listening');
  taken = (occupied.address() as AddressInfo).port;
});
afterAll(async () => {
  for (const program of running) program.kill('SIGKILL');
  occupied.close();
  await rm(folder, { recursive: true });
});

const environment = (data = 'data') => ({
  DATA_DIR: join(folder, data),
  PORT: '0',
  MAILBOX_PORT: '0',
  MAILBOX_SMTP_PORT: '0',
  PAPER_SOURCES: `file:${projectPath('samples/papers.json')}`,
  LOG_LEVEL: 'warn',
});
const database = async (data = 'data') => findServer(await findCluster(join(folder, data)));

/** Starts the program, and waits for what it prints when it is ready. */
async function startRole(args: string[], data?: string): Promise<{ program: ChildProcess; printed: string }> {
  const program = startProgram(args, environment(data));
  running.add(program);
  program.once('exit', () => running.delete(program));
  let printed = '';
  for await (const chunk of program.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    printed += chunk;
    if (printed.includes('Stop with Ctrl-C.')) break;
  }
  return { program, printed };
}

describe('a start that cannot succeed', () => {
  it('for a port that is taken, says so in one line, and has touched nothing', async () => {
    expect(await runProgram(['start'], { ...environment(), PORT: `${taken}` })).toEqual({
      status: 1,
      stdout: '',
      stderr: `PORT ${taken} is taken by another program: set PORT to a free one, like ${taken + 1}\n`,
    });
    await expect(access(join(folder, 'data'))).rejects.toThrow('ENOENT');
  });

  it('for a port of the mailbox, says so in one line, and leaves no database running', async () => {
    const { status, stdout, stderr } = await runProgram(['start'], { ...environment(), MAILBOX_SMTP_PORT: `${taken}` });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^MAILBOX_SMTP_PORT ${taken} is taken by another program.*\\n$`));
    expect(await database()).toBeNull();
  });
});

/** The processes that a process has started, and their states: Z has ended. */
const childrenOf = async (pid: number | undefined) => {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'))
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);
  const commands = await Promise.all(
    children.map(async (child) => ({
      child,
      command: await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => ''),
    })),
  );
  return commands.filter(({ command }) => command.includes('worker')).map(({ child }) => child);
};

describe.runIf(process.platform === 'linux')('several worker processes', () => {
  it('run beside the site, are replaced when they end, and stop with it', async () => {
    const { program, printed } = await startRole(['start', '--workers', '2'], 'several');
    expect(printed).toMatch(/Mailbox +http/);
    const workers = await childrenOf(program.pid);
    expect(workers).toHaveLength(2);
    process.kill(workers[0] ?? 0, 'SIGKILL');
    await expect
      .poll(async () => (await childrenOf(program.pid)).filter((pid) => pid !== workers[0]).length, { timeout: 20_000 })
      .toBe(2);
    const ended = ending(program);
    program.kill('SIGTERM');
    const { status, stderr } = await ended;
    expect(status).toBe(0);
    expect(stderr).toContain('a worker process ended: another is started');
    expect(await database('several')).toBeNull();
  }, 60_000);

  it('end when the process that started them is killed', async () => {
    const { program } = await startRole(['start', '--only', 'worker', '--workers', '2'], 'several');
    const workers = await childrenOf(program.pid);
    expect(workers).toHaveLength(2);
    program.kill('SIGKILL');
    const alive = async () => {
      const states = await Promise.all(workers.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'gone')));
      return states.filter((state) => state !== 'gone' && !/\) Z/.test(state)).length;
    };
    await expect.poll(alive, { timeout: 20_000 }).toBe(0);
  }, 60_000);
});

describe('the roles', () => {
  it('run apart over one data directory, and the database stops with the last', async () => {
    const [web, worker, clock] = await Promise.all([
      startRole(['start', '--only', 'web', '--workers', '1']),
      startRole(['start', '--only', 'worker', '--workers', '1']),
      startRole(['start', '--only', 'clock', '--workers', '1']),
    ]);
    expect(web.printed).toMatch(/Web site +http/);
    expect(web.printed).not.toContain('Mailbox');
    expect(worker.printed).toMatch(/Mailbox +http/);
    expect(clock.printed).not.toContain('http');

    const home = /http\S+/.exec(web.printed)?.[0] ?? '';
    await expect.poll(async () => (await fetch(home)).text(), { timeout: 10_000 }).toContain('OmniRetrieval');

    for (const { program } of [worker, clock]) {
      program.kill('SIGTERM');
      expect((await ending(program)).status).toBe(0);
    }
    expect((await fetch(home)).status).toBe(200);
    web.program.kill('SIGTERM');
    expect((await ending(web.program)).status).toBe(0);
    expect(await database()).toBeNull();
  }, 60_000);
});
