import { loadConfig } from '../config.js';
import { type Context, openContext } from '../context.js';

export interface Reporting<Result> {
  /** Does the work. `signal` is aborted by Ctrl-C and SIGTERM. */
  run: (ctx: Context, signal: AbortSignal) => Promise<Result>;
  /** The result for a person. With --json it is printed as it is. */
  text: (result: Result) => string;
  /** Whether the command did what it was asked to; exit status 1 otherwise. */
  ok?: (result: Result) => boolean;
}

/** Runs a command that reports: one JSON object with --json, else text, and nothing else on standard output. */
export async function report<Result>(options: { json?: boolean }, reporting: Reporting<Result>): Promise<void> {
  const result = await withContext(reporting.run);
  process.stdout.write(`${options.json ? JSON.stringify(result) : reporting.text(result)}\n`);
  if (reporting.ok && !reporting.ok(result)) process.exitCode = 1;
}

/** Opens the context for `work` and closes it afterwards, also after Ctrl-C. */
export async function withContext<Result>(
  work: (ctx: Context, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const signal = interruption();
  const ctx = await openContext(loadConfig());
  try {
    return await work(ctx, signal);
  } finally {
    await ctx.db.close();
  }
}

/** Aborted by the first Ctrl-C, SIGTERM or SIGHUP; the second ends the process at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt);
  return controller.signal;
}
