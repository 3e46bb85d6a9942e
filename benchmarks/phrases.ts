/**
 * What it takes to hold 1,000 new papers against 42 topics and 100,000 distinct phrases, against 200,000 of which no more match,
 * and beside PostgreSQL that is asked for one phrase after the other: `OFFPRINT_CORPUS=… npm run bench:phrases`.
 * Papers and phrases are those of the corpus' labelled papers and their keywords. Prints a line of JSON.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../src/config.js';
import { type Context, openContext } from '../src/context.js';
import { PaperIndex } from '../src/interests/paper-index.js';
import { readPhrase } from '../src/interests/phrase.js';
import type { FindablePaper } from '../src/papers/offers.js';
import { loadMatcher } from '../src/topics/matcher.js';
import { readCorpus } from '../training/labelled.js';

const counts = { papers: 1_000, phrases: 100_000, askedOfPostgres: 500 };

/** Numbers from 0 to 1 that are the same in every run: the generator of Park and Miller, 1988. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Distinct phrases of one or two keywords, drawn as often as papers have them. */
function* drawPhrases(keywords: readonly string[]): Generator<string> {
  const random = randomNumbers(1);
  const draw = () => keywords[Math.floor(random() * keywords.length)] ?? '';
  const kinds = [
    () => `"${draw()}"`,
    () => `"${draw()}" OR "${draw()}"`,
    () => `"${draw()}" "${draw()}"`,
    () => `"${draw()}" -"${draw()}"`,
  ];
  const seen = new Set<string>();
  for (;;) {
    const phrase = kinds[Math.floor(random() * kinds.length)]?.() ?? '';
    if (seen.has(phrase) || 'problem' in readPhrase(phrase)) continue;
    seen.add(phrase);
    yield phrase;
  }
}

function take(count: number, phrases: Generator<string>, keep: (phrase: string) => boolean = () => true): string[] {
  const taken: string[] = [];
  while (taken.length < count) {
    const phrase: string = phrases.next().value;
    if (keep(phrase)) taken.push(phrase);
  }
  return taken;
}

function indexOf(papers: readonly FindablePaper[]): PaperIndex {
  const index = new PaperIndex();
  for (const paper of papers) index.add(paper);
  return index;
}

function measure(work: () => number): { seconds: number; matches: number } {
  const started = performance.now();
  const matches = work();
  return { seconds: Number(((performance.now() - started) / 1_000).toFixed(2)), matches };
}

/** Topics and phrases of all papers. @returns how many matches */
function holdAgainst(papers: readonly FindablePaper[], phrases: readonly string[]): number {
  const { classifier } = loadMatcher();
  let matches = 0;
  for (const paper of papers) matches += classifier.classify(paper).length;
  const index = indexOf(papers);
  for (const phrase of phrases) matches += index.withPhrase(phrase).size;
  return matches;
}

/** Asks PostgreSQL for each phrase. @returns seconds a phrase */
async function askPostgres(
  { db }: Context,
  papers: readonly FindablePaper[],
  phrases: readonly string[],
): Promise<number> {
  await db.pool.query(
    `insert into papers (identifier, title, abstract, keywords, published_at, created_at, updated_at)
     select id::text, title, abstract, keywords, now(), now(), now()
     from jsonb_to_recordset($1) as p (id int, title text, abstract text, keywords text[])`,
    [JSON.stringify(papers)],
  );
  await db.pool.query('vacuum analyze papers');
  const started = performance.now();
  for (const phrase of phrases)
    await db.pool.query("select id from papers where search @@ websearch_to_tsquery('english', $1)", [phrase]);
  return (performance.now() - started) / 1_000 / phrases.length;
}

const { train, development } = readCorpus();
const keywords = [...train, ...development].flatMap((paper) =>
  paper.keywords.map((keyword) => keyword.replaceAll('"', '')),
);
const papers = train.slice(-counts.papers).map(
  ({ title, abstract, keywords }, id): FindablePaper => ({
    id,
    title,
    abstract,
    keywords,
    authors: [],
    categories: [],
  }),
);
const drawn = drawPhrases(keywords);
const phrases = take(counts.phrases, drawn);
const index = indexOf(papers);
const without = take(counts.phrases, drawn, (phrase) => index.withPhrase(phrase).size === 0);
const once = measure(() => holdAgainst(papers, phrases));
const peakMb = Math.round(process.resourceUsage().maxRSS / 1_024);
const twice = measure(() => holdAgainst(papers, [...phrases, ...without]));

const dataDir = await mkdtemp(join(tmpdir(), 'offprint-bench-'));
const ctx = await openContext(parseConfig({ DATA_DIR: dataDir, LOG_LEVEL: 'warn' }));
try {
  const each = await askPostgres(ctx, papers, phrases.slice(0, counts.askedOfPostgres));
  process.stdout.write(
    `${JSON.stringify({
      papers: papers.length,
      phrases: phrases.length,
      ...once,
      peakMb,
      twiceThePhrasesRatio: Number((twice.seconds / once.seconds).toFixed(2)),
      postgresOneByOneSeconds: Number((each * phrases.length).toFixed(1)),
      postgresOneByOneRatio: Number(((each * phrases.length) / once.seconds).toFixed(1)),
    })}\n`,
  );
} finally {
  await ctx.db.close();
  await rm(dataDir, { recursive: true, force: true });
}
