import { isStartedByNpm } from '../config.js';

/** npm, and some terminals, send the same signal twice: to the group and to each process. */
const sameSignalMs = 500;
const parentCheckMs = 500;
/** Platforms kill 10 s after they have asked. What is still open then would have been cut off anyway. */
const longestStopMs = 9_500;

/** Aborted by the first Ctrl-C, SIGTERM or SIGHUP; another one ends the process at once, and so does time. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  const interrupt = () => {
    if (controller.signal.aborted && performance.now() - first > sameSignalMs) process.exit(130);
    if (controller.signal.aborted) return;
    first = performance.now();
    controller.abort();
    setTimeout(() => process.exit(130), longestStopMs).unref();
  };
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
