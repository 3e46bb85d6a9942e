import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { inheritedEnvironment } from './config.js';
import { UserError } from './errors.js';
import { workerNodeOptions } from './heap.js';
import type { Logger } from './log.js';
import { projectPath } from './project.js';

export interface WorkerProcesses {
  /** Asks all to finish what they have in hand, and waits for them. */
  stop(): Promise<void>;
}

/** What a worker process tells the one that started it. */
export const readyMessage = 'ready';

/** One that ends at once each time must not be started again and again. */
const restartAfterMs = { least: 1_000, most: 30_000 };
/** A process that has lived so long had not ended because of how it was started. */
const soundMs = 60_000;
/** Longer than a worker gives its own jobs. */
const stopMs = 8_000;

/**
 * Starts worker processes beside this one, and another for each that ends by itself. They end with this process, whatever
 * ends it: each hears when the line between them is cut.
 * @param env what they are to have in their environment beside what this process has
 * @throws UserError when one cannot start; it has said why
 */
export async function startWorkerProcesses(
  count: number,
  env: Record<string, string>,
  log: Logger,
): Promise<WorkerProcesses> {
  const running = new Set<ChildProcess>();
  let stopping = false;

  const start = async () => {
    const child = fork(projectPath('bin/offprint.js'), ['start', '--only', 'worker', '--workers', '1'], {
      env: inheritedEnvironment(env),
      execArgv: [...process.execArgv, ...workerNodeOptions],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    running.add(child);
    child.once('exit', () => running.delete(child));
    await Promise.race([once(child, 'message'), once(child, 'exit')]);
    if (child.exitCode !== null || child.signalCode !== null)
      throw new UserError('A worker process could not start: what it says above is why');
    return child;
  };

  const keep = async (first: ChildProcess) => {
    let child = first;
    let waitMs = restartAfterMs.least;
    for (;;) {
      const startedAt = performance.now();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      if (stopping) return;
      waitMs = performance.now() - startedAt > soundMs ? restartAfterMs.least : waitMs;
      log.error(
        { code: child.exitCode, signal: child.signalCode, waitMs },
        'a worker process ended: another is started',
      );
      for (;;) {
        await sleep(waitMs);
        waitMs = Math.min(2 * waitMs, restartAfterMs.most);
        if (stopping) return;
        const next = await start().catch((error: Error) =>
          log.error({ error: error.message }, 'a worker process did not start'),
        );
        if (!next) continue;
        child = next;
        break;
      }
    }
  };

  const stop = async () => {
    stopping = true;
    const ended = [...running].map(async (child) => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      clearTimeout(timer);
    });
    await Promise.all(ended);
  };

  const started = await Promise.allSettled(Array.from({ length: count }, start));
  const failed = started.find((each) => each.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  for (const each of started) if (each.status === 'fulfilled') void keep(each.value);
  return { stop };
}
