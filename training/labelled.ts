import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { UserError } from '../src/errors.js';
import { type LabelledPaper, parseLabelled } from '../src/topics/labelled.js';

const jsonLines = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as unknown);

/** Reads the labelled papers of a file. @throws UserError where a line is none */
function readLabelled(folder: string, name: string): LabelledPaper[] {
  return parseLabelled(name, readFileSync(join(folder, name), 'utf8'));
}

/** Papers without labels, for what words go together. */
function readUnlabelled(folder: string): { title: string; abstract: string; keywords: string[] }[] {
  const paper = z.object({ title: z.string(), abstract: z.string() });
  const text = gunzipSync(readFileSync(join(folder, 'arxiv-5k.jsonl.gz'))).toString('utf8');
  return z
    .array(paper)
    .parse(jsonLines(text))
    .map((each) => ({ ...each, keywords: [] }));
}

/**
 * The papers of the folder that OFFPRINT_CORPUS names.
 * @throws UserError where it names none, or a labelled paper is none
 */
export function readCorpus() {
  const folder = process.env['OFFPRINT_CORPUS'];
  if (!folder) throw new UserError('OFFPRINT_CORPUS must name the folder of labelled papers');
  return {
    train: readLabelled(folder, 'topics-train.jsonl'),
    development: readLabelled(folder, 'topics-dev.jsonl'),
    unlabelled: readUnlabelled(folder),
  };
}

/** The month of an arXiv identifier, YYMM; those before 2026-02 are taken together, because they are few. */
export function monthOf({ id = '' }: LabelledPaper): string {
  const month = id.slice(0, 4);
  return month < '2602' ? 'earlier' : month;
}
