/** What a topic is found in. */
export interface PaperText {
  title: string;
  abstract: string;
  keywords: readonly string[];
}

/** Where a term stands in a paper. */
export type Place = 'title' | 'keywords' | 'abstract';

/** A word or a pair of words of a paper. */
export interface Term {
  /** How much its occurrences weigh. */
  weight: number;
  /** The best place that it stands in, and how it is written there. */
  place: Place;
  surface: string;
}

/** In which order a term is shown as a reason; an occurrence in the title weighs as much as three others. */
const places: readonly { place: Place; weight: number }[] = [
  { place: 'title', weight: 3 },
  { place: 'keywords', weight: 1 },
  { place: 'abstract', weight: 1 },
];

/** Words that say nothing of what a paper is about, in English. */
const stopWords = new Set(
  `a an the of and or to in on for with by from at as is are was were be been being this that these those it its we our us they
  their them which who whom whose what when where how why not no nor but if then than so such can could may might will would
  shall should do does did done have has had having he she his her you your i my me also both each more most other some any all
  only own same very into onto over under between through during before after above below up down out off again further once
  here there while about against because until per via et al e g i.e`.split(/\s+/),
);

/** Whether a word, in lower case, says nothing of what a paper is about. */
export function isStopWord(word: string): boolean {
  return stopWords.has(word);
}

/** The words of a text: letters and digits, in lower case, plurals as singulars. */
export function wordsOf(text: string): string[] {
  return surfacesOf(text).map(wordOf);
}

/** The words of a text as they are written. */
export function surfacesOf(text: string): string[] {
  return text.match(/[a-z0-9]+(?:'[a-z]+)?/gi) ?? [];
}

/** "policies" and "policy", "models" and "model" are one word; "analysis" and "focus" have no plural's end. */
export function wordOf(surface: string): string {
  const word = surface.toLowerCase();
  if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (word.length > 4 && word.endsWith('sses')) return word.slice(0, -2);
  const plural = word.length > 3 && word.endsWith('s') && !/(?:ss|us|is)$/.test(word);
  return plural ? word.slice(0, -1) : word;
}

/** The words and the pairs of words of a paper that say something, pairs within a sentence. */
export function termsOf({ title, abstract, keywords }: PaperText): Map<string, Term> {
  const terms = new Map<string, Term>();
  const texts: Record<Place, readonly string[]> = { title: [title], keywords, abstract: [abstract] };
  for (const { place, weight } of places) {
    for (const text of texts[place]) addTerms(terms, text, place, weight);
  }
  return terms;
}

function addTerms(terms: Map<string, Term>, text: string, place: Place, weight: number): void {
  const add = (term: string, surface: string) => {
    const known = terms.get(term);
    if (known) known.weight += weight;
    else terms.set(term, { weight, place, surface });
  };
  for (const sentence of text.split(/[.;:!?()]\s/)) {
    const surfaces = surfacesOf(sentence);
    const words = surfaces.map(wordOf);
    for (const [i, word] of words.entries()) {
      if (isStopWord(word)) continue;
      const surface = surfaces[i] ?? word;
      if (word.length > 1) add(word, surface);
      const next = words[i + 1];
      if (next !== undefined && !isStopWord(next)) add(`${word} ${next}`, `${surface} ${surfaces[i + 1]}`);
    }
  }
}
