import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { runProgram, startProgram } from '../helpers/program.js';
import { dailyPaper, playHuggingFace } from '../helpers/source.js';

/** A service that runs as its operator starts it, in a process of its own. */
export interface RunningService {
  webUrl: string;
  /** Address of the local mailbox; undefined where mails go to a relay. */
  mailboxUrl: string | undefined;
  /** How long it took to be ready. */
  readyMs: number;
  /** Waits until the first list is read: a service is ready before that where the source is slow. */
  showsPapers(): Promise<void>;
  /** Ends it with a signal; returns how it ended and how long that took. */
  stop(signal?: NodeJS.Signals): Promise<{ code: number | null; ms: number }>;
}

export interface Installation {
  dataDir: string;
  /** Starts the service; it listens on free ports. */
  start(env?: Record<string, string>): Promise<RunningService>;
  /** Runs another command beside it and returns what it prints. */
  run(...args: string[]): Promise<string>;
}

/**
 * Gives a test file an installation of its own: an empty data directory, and a source that has had two papers on each of
 * the last days. What still runs at the end is killed.
 */
export function useInstallation(): () => Installation {
  const running = new Set<ChildProcess>();
  let dataDir: string;
  let source: Awaited<ReturnType<typeof playHuggingFace>>;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'offprint-end-to-end-'));
    source = await playHuggingFace(recentDays());
  });
  afterAll(async () => {
    for (const child of running) child.kill('SIGKILL');
    await source.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const environment = () => ({
    DATA_DIR: dataDir,
    HUGGINGFACE_URL: source.url,
    PORT: '0',
    MAILBOX_PORT: '0',
    MAILBOX_SMTP_PORT: '0',
  });
  return () => ({
    dataDir,
    start: (env = {}) => startService({ ...environment(), ...env }, running),
    run: async (...args) => {
      const { status, stdout, stderr } = await runProgram(args, environment());
      if (status !== 0) throw new Error(stderr);
      return stdout;
    },
  });
}

/** Lists around the present, because a service has no other clock than the computer's. */
function recentDays() {
  const titles = ['Agents that plan', 'Diffusion models for video'];
  return Object.fromEntries(
    Array.from({ length: 9 }, (_, ago) => {
      const day = new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
      const papers = titles.map((title, i) =>
        dailyPaper(`2602.0${ago}00${i}`, { title, submittedOnDailyAt: `${day}T00:00:00.000Z`, upvotes: 10 - i }),
      );
      return [day, papers];
    }),
  );
}

async function startService(env: Record<string, string>, running: Set<ChildProcess>): Promise<RunningService> {
  const began = performance.now();
  const child = startProgram(['start'], env);
  running.add(child);
  const exited = once(child, 'exit').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  const printed = await Promise.race([untilReady(child), exited.then((code) => Promise.reject(new Error(`${code}`)))]);
  return {
    webUrl: address(printed, 'Web site') ?? '',
    mailboxUrl: address(printed, 'Mailbox'),
    readyMs: performance.now() - began,
    showsPapers: () =>
      vi.waitFor(
        async () => expect(await (await fetch(address(printed, 'Web site') ?? '')).text()).toContain('<article'),
        { timeout: 20_000, interval: 100 },
      ),
    stop: async (signal = 'SIGTERM') => {
      const asked = performance.now();
      child.kill(signal);
      return { code: await exited, ms: performance.now() - asked };
    },
  };
}

/** Waits for the line that says so; where it never comes, what the service said instead is the error. */
async function untilReady({ stdout, stderr }: ChildProcess): Promise<string> {
  let errors = '';
  let printed = '';
  stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  for await (const chunk of stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    printed += chunk;
    if (printed.includes('Stop with Ctrl-C.')) return printed;
  }
  throw new Error(`The service did not get ready: ${errors}`);
}

function address(printed: string, name: string): string | undefined {
  return new RegExp(`${name} +(http\\S+)`).exec(printed)?.[1];
}
