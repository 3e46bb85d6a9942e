import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { UserError } from '../errors.js';

const labelledPaper = z.object({
  id: z.string().optional(),
  title: z.string(),
  abstract: z.string(),
  keywords: z.array(z.string()).default([]),
  topics: z.array(z.string()),
  /** Those of the topics that it is most about. */
  core: z.array(z.string()).default([]),
});

/** A paper that a reader has given its topics. */
export type LabelledPaper = z.output<typeof labelledPaper>;

/** Reads a file of labelled papers. @throws UserError where it cannot be read, has none, or a line is none */
export async function readLabelled(file: string): Promise<LabelledPaper[]> {
  const text = await readFile(file, 'utf8').catch((error) => {
    throw new UserError(`${file} cannot be read: ${error.message}`);
  });
  const papers = parseLabelled(file, text);
  if (papers.length === 0) throw new UserError(`${file} has no papers`);
  return papers;
}

/**
 * Reads labelled papers, one JSON object a line.
 * @param name of the file, for messages
 * @throws UserError that names the first line that is none
 */
export function parseLabelled(name: string, text: string): LabelledPaper[] {
  return text
    .split(/\r?\n/)
    .flatMap((line, i) => (line.trim() === '' ? [] : [parseLine(`${name}, line ${i + 1}`, line)]));
}

function parseLine(place: string, line: string): LabelledPaper {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw new UserError(`${place}: this is no JSON object`);
  }
  const parsed = labelledPaper.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') || 'the line';
  throw new UserError(
    `${place}: ${field} is wrong (${issue?.message}); right would be {"title":"…","abstract":"…","keywords":["…"],"topics":["reasoning"]}`,
  );
}
