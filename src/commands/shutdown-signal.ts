import { isStartedByNpm } from '../config.js';

const parentCheckMs = 500;
/** Platforms kill 10 s after they have asked. What is still open then would have been cut off anyway. */
const longestStopMs = 9_500;

/**
 * Aborted by the first Ctrl-C, SIGTERM or SIGHUP, or when the process that started this one ends; another one changes nothing, because an end at once would leave
 * PostgreSQL behind; time ends the process.
 */
export function shutdownSignal(): AbortSignal {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) return;
    controller.abort();
    setTimeout(() => process.exit(130), longestStopMs).unref();
  };
  // The process that started this one as a worker is gone.
  process.once('disconnect', interrupt);
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt);
  if (isStartedByNpm()) whenOrphaned(interrupt);
  return controller.signal;
}

/** npm passes SIGTERM on to the shell between us, and to no one else: the shell dies of it, and we are left behind. */
function whenOrphaned(stop: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, parentCheckMs);
  timer.unref();
}
