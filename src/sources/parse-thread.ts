import { Worker } from 'node:worker_threads';
import { projectPath } from '../project.js';
import type { Parsers } from './parse.js';
import { SourceError } from './source.js';

export interface ParseQuestion {
  kind: keyof Parsers;
  text: string;
  about: unknown;
}
export type ParseAnswer = { parsed: unknown } | { error: string; expected: boolean };

/** What reading one answer may cost. Ordinary ones take some milliseconds; 8 MB of ordinary entries, the most there may be, 80 MB and a second. */
const limits = { ms: 10_000, heapMb: 112, youngHeapMb: 16 };

/** As compiled, also where this runs from src/. */
const workerFile = projectPath('dist/src/sources/parse-worker.js');

/** The thread, and who waits for its answer. */
interface Reader {
  thread: Worker;
  waiting: { done: (answer: ParseAnswer) => void; fail: (error: Error) => void } | null;
}

let reader: Reader | null = null;
let before: Promise<unknown> = Promise.resolve();

/**
 * Reads what a source answered in a thread of its own, one after the other: whatever it is, no page and no mail waits for it, and
 * it cannot take more than its share of time and memory. The thread is kept for the next answer.
 * @throws SourceError where the answer is not what it should be, or costs too much to read
 */
export function parseApart<Kind extends keyof Parsers>(
  kind: Kind,
  text: string,
  about: Parsers[Kind]['about'],
): Promise<Parsers[Kind]['parsed']> {
  const turn = before.then(() => ask({ kind, text, about }));
  before = turn.catch(() => {});
  return turn as Promise<Parsers[Kind]['parsed']>;
}

async function ask(question: ParseQuestion): Promise<unknown> {
  reader ??= startReader();
  const asked = reader;
  // The process stays for as long as somebody waits for an answer, and no longer.
  asked.thread.ref();
  const timer = setTimeout(() => giveUp(asked, new SourceError('its answer takes too long to read')), limits.ms);
  try {
    const answer = await new Promise<ParseAnswer>((done, fail) => {
      asked.waiting = { done, fail };
      asked.thread.postMessage(question);
    });
    if ('parsed' in answer) return answer.parsed;
    throw answer.expected ? new SourceError(answer.error) : new Error(answer.error);
  } finally {
    clearTimeout(timer);
    asked.waiting = null;
    asked.thread.unref();
  }
}

function startReader(): Reader {
  const thread = new Worker(workerFile, {
    resourceLimits: { maxOldGenerationSizeMb: limits.heapMb, maxYoungGenerationSizeMb: limits.youngHeapMb },
  });
  const started: Reader = { thread, waiting: null };
  thread.on('message', (answer: ParseAnswer) => started.waiting?.done(answer));
  thread.on('error', (error: NodeJS.ErrnoException) => {
    const tooLarge = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    giveUp(started, tooLarge ? new SourceError('its answer takes too much memory to read') : error);
  });
  return started;
}

/** Ends a thread whose answer costs too much, or that has ended itself; the next question starts another. */
function giveUp(spent: Reader, error: Error): void {
  if (reader === spent) reader = null;
  spent.waiting?.fail(error);
  void spent.thread.terminate();
}
