import { z } from 'zod';
import { findCategory } from '../papers/arxiv-categories.js';
import { readPhrase, tidyPhrase } from './phrase.js';
import { namesIn } from './words.js';

/** What a subscriber wants beside topics, and never wants. */
export interface Interests {
  /** In web-search syntax. */
  phrases: string[];
  /** A paper that one of these finds never comes. */
  mutedPhrases: string[];
  /** Names; papers by these always come. */
  authors: string[];
  /** Of arXiv, like cs.CL. */
  categories: string[];
}

/** How many of each kind a subscriber may have. */
export const mostInterests = 20;

const longestName = 100;
/** What names are written with, in any script. */
const authorName = /^[\p{L}\p{M}\p{N}\s.,'’&‐‑–-]+$/u;

type Checked = { value: string } | { problem: string };

function checkPhrase(text: string): Checked {
  const tidy = tidyPhrase(text);
  const phrase = readPhrase(tidy);
  return 'problem' in phrase ? { problem: `“${shorten(tidy)}” ${phrase.problem}` } : { value: tidy };
}

function checkAuthor(text: string): Checked {
  const name = tidyPhrase(text);
  const isName = name.length <= longestName && authorName.test(name) && namesIn(name).length > 0;
  return isName
    ? { value: name }
    : { problem: `“${shorten(name)}” is not a name as papers write it, like Yoshua Bengio or Y. Bengio.` };
}

function checkCategory(text: string): Checked {
  const category = findCategory(text);
  return category === null
    ? {
        problem: `“${shorten(text)}” is not a category of arXiv. Some are cs.CL, cs.LG and stat.ML; cs is all of computer science.`,
      }
    : { value: category };
}

function shorten(text: string): string {
  return text.length > 64 ? `${[...text].slice(0, 60).join('')}…` : text;
}

/** A list of one kind, each checked; empty ones are left out, and what is there twice is there once. */
const list = (name: string, example: string, check: (text: string) => Checked) =>
  z
    .array(z.string(), `${name} must be a list, like ${example}.`)
    .transform((given, issues) => {
      const values = new Map<string, string>();
      for (const text of given.filter((each) => each.trim() !== '')) {
        const checked = check(text);
        if ('value' in checked) values.set(checked.value.toLowerCase(), checked.value);
        else issues.addIssue(checked.problem);
      }
      return [...values.values()];
    })
    .refine(({ length }) => length <= mostInterests, `There may be ${mostInterests} at the most.`);

/** The fields of a form, of JSON or of a file that hold interests. */
export const interestFields = {
  phrases: list('Phrases', '["world model"]', checkPhrase),
  mutedPhrases: list('Muted phrases', '["blockchain"]', checkPhrase),
  authors: list('Authors', '["Yoshua Bengio"]', checkAuthor),
  categories: list('Categories', '["cs.CL"]', checkCategory),
};
