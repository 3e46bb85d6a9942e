import { parentPort } from 'node:worker_threads';
import { parsers } from './parse.js';
import type { ParseAnswer, ParseQuestion } from './parse-thread.js';
import { SourceError } from './source.js';

/** The thread in which answers of sources are read: see parse-thread.ts. */
parentPort?.on('message', ({ kind, text, about }: ParseQuestion) => {
  // The types of a question are checked where it is asked.
  const parse = parsers[kind] as (text: string, about: unknown) => unknown;
  let answer: ParseAnswer;
  try {
    answer = { parsed: parse(text, about) };
  } catch (error) {
    answer = { error: (error as Error).message, expected: error instanceof SourceError };
  }
  parentPort?.postMessage(answer);
});
