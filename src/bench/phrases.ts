import type { Context } from '../context.js';
import { UserError } from '../errors.js';
import { PaperIndex } from '../interests/paper-index.js';
import { readPhrase } from '../interests/phrase.js';
import type { FindablePaper } from '../papers/offers.js';
import type { LabelledPaper } from '../topics/labelled.js';
import { loadMatcher } from '../topics/matcher.js';
import { rounded } from './measured.js';

/** What it took to hold papers against all topics and so many phrases. */
export interface PhrasesReport {
  papers: number;
  phrases: number;
  seconds: number;
  matches: number;
  peakMb: number;
  /** How much longer it takes with as many phrases more that nothing matches. */
  twiceThePhrasesRatio: number;
  /** PostgreSQL, asked for one phrase after the other. */
  postgresOneByOneSeconds: number;
  postgresOneByOneRatio: number;
}

const mostPapers = 1_000;
const askedOfPostgres = 500;

/** Numbers from 0 to 1 that are the same in every run: the generator of Park and Miller, 1988. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** After so many draws in a row that brought nothing new there is hardly anything new. */
const mostDrawnInVain = 10_000;

/** Distinct phrases of one or two keywords, drawn as often as papers have them, until there are hardly any more. */
function* drawPhrases(keywords: readonly string[]): Generator<string, void> {
  const random = randomNumbers(1);
  const draw = () => keywords[Math.floor(random() * keywords.length)] ?? '';
  const kinds = [
    () => `"${draw()}"`,
    () => `"${draw()}" OR "${draw()}"`,
    () => `"${draw()}" "${draw()}"`,
    () => `"${draw()}" -"${draw()}"`,
  ];
  const seen = new Set<string>();
  for (let inVain = 0; inVain < mostDrawnInVain; inVain++) {
    const phrase = kinds[Math.floor(random() * kinds.length)]?.() ?? '';
    if (seen.has(phrase) || 'problem' in readPhrase(phrase)) continue;
    seen.add(phrase);
    yield phrase;
    inVain = 0;
  }
}

/** @throws UserError where there are not so many to keep */
function take(
  count: number,
  phrases: Generator<string, void>,
  keep: (phrase: string) => boolean = () => true,
): string[] {
  const taken: string[] = [];
  while (taken.length < count) {
    const { value, done } = phrases.next();
    if (done)
      throw new UserError(
        `${count} different phrases need papers with more keywords than these, or choose fewer by --phrases`,
      );
    if (keep(value)) taken.push(value);
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
  return { seconds: (performance.now() - started) / 1_000, matches };
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

/**
 * Holds the last thousand papers against all topics and that many distinct phrases, which are made of all papers' keywords; then against
 * twice as many, and beside PostgreSQL.
 * @throws UserError where the papers have too few keywords
 */
export async function benchPhrases(
  ctx: Context,
  labelled: readonly LabelledPaper[],
  count: number,
): Promise<PhrasesReport> {
  const keywords = labelled.flatMap((paper) => paper.keywords.map((keyword) => keyword.replaceAll('"', '')));
  const papers = labelled.slice(-mostPapers).map(
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
  const phrases = take(count, drawn);
  const index = indexOf(papers);
  const without = take(count, drawn, (phrase) => index.withPhrase(phrase).size === 0);
  const once = measure(() => holdAgainst(papers, phrases));
  const peakMb = Math.round(process.resourceUsage().maxRSS / 1_024);
  const twice = measure(() => holdAgainst(papers, [...phrases, ...without]));
  const postgresSeconds = (await askPostgres(ctx, papers, phrases.slice(0, askedOfPostgres))) * phrases.length;
  return {
    papers: papers.length,
    phrases: phrases.length,
    seconds: rounded(once.seconds),
    matches: once.matches,
    peakMb,
    twiceThePhrasesRatio: rounded(twice.seconds / once.seconds),
    postgresOneByOneSeconds: rounded(postgresSeconds),
    postgresOneByOneRatio: rounded(postgresSeconds / once.seconds),
  };
}
