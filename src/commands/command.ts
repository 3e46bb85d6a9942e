import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../config.js';
import type { Context } from '../context.js';
import { UserError } from '../errors.js';
import { shutdownSignal } from './shutdown-signal.js';

export interface Reporting<Result> {
  /** Does the work. `signal` is aborted by Ctrl-C and SIGTERM. */
  run: (ctx: Context, signal: AbortSignal) => Promise<Result>;
  /** The result for a person. With --json it is printed as it is. */
  text: (result: Result) => string;
  /** Whether the command did what it was asked to; exit status 1 otherwise. */
  ok?: (result: Result) => boolean;
}

/** How long work in hand may take once it is asked to stop. Platforms kill after 10 s. */
const graceMs = 5_000;

/** Runs a command that reports: one JSON object with --json, else text, and nothing else on standard output. */
export async function report<Result>(options: { json?: boolean }, reporting: Reporting<Result>): Promise<void> {
  const result = await withContext(reporting.run);
  process.stdout.write(`${options.json ? JSON.stringify(result) : reporting.text(result)}\n`);
  if (reporting.ok && !reporting.ok(result)) process.exitCode = 1;
}

/** A list for a person, with how many there are in all. */
export function listText(lines: readonly string[], total: number): string {
  return [...lines, total > lines.length ? `${lines.length} of ${total}` : `${total} in all`].join('\n');
}

/** Opens the context for `work` and closes it afterwards, also after Ctrl-C. */
export async function withContext<Result>(
  work: (ctx: Context, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const signal = shutdownSignal();
  const config = loadConfig();
  // Loaded when needed: help and a wrong call are answered in half the time.
  const { openContext } = await import('../context.js');
  const ctx = await openContext(config);
  try {
    return await Promise.race([work(ctx, signal), abandonment(signal)]);
  } finally {
    await ctx.db.close();
  }
}

/** For work that cannot be asked to stop: what it has not committed is as if it had never been. */
async function abandonment(signal: AbortSignal): Promise<never> {
  await once(signal, 'abort');
  await sleep(graceMs, undefined, { ref: false });
  throw new UserError('Interrupted before it was done');
}
