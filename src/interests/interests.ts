import { z } from 'zod';
import type { Said, TextKey, Texts } from '../languages/texts.js';
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

type Checked = { value: string } | { problem: Said };

function checkPhrase(text: string): Checked {
  const tidy = tidyPhrase(text);
  const phrase = readPhrase(tidy);
  if (!('problem' in phrase)) return { value: tidy };
  const { key, values } = phrase.problem;
  return { problem: { key, values: { ...values, text: shorten(tidy) } } };
}

function checkAuthor(text: string): Checked {
  const name = tidyPhrase(text);
  const isName = name.length <= longestName && authorName.test(name) && namesIn(name).length > 0;
  return isName ? { value: name } : { problem: { key: 'check.author', values: { text: shorten(name) } } };
}

function checkCategory(text: string): Checked {
  const category = findCategory(text);
  return category === null
    ? { problem: { key: 'check.category', values: { text: shorten(text) } } }
    : { value: category };
}

function shorten(text: string): string {
  return text.length > 64 ? `${[...text].slice(0, 60).join('')}…` : text;
}

/** A list of one kind, each checked; empty ones are left out, and what is there twice is there once. */
const list = (texts: Texts, notAList: TextKey, check: (text: string) => Checked) =>
  z
    .array(z.string(), texts.t(notAList))
    .transform((given, issues) => {
      const values = new Map<string, string>();
      for (const text of given.filter((each) => each.trim() !== '')) {
        const checked = check(text);
        if ('value' in checked) values.set(checked.value.toLowerCase(), checked.value);
        else issues.addIssue(texts.say(checked.problem));
      }
      return [...values.values()];
    })
    .refine(({ length }) => length <= mostInterests, texts.t('check.mostInterests', { most: mostInterests }));

/** The kinds of interests, as fields are called. */
export const interestNames = [
  'phrases',
  'mutedPhrases',
  'authors',
  'categories',
] as const satisfies (keyof Interests)[];

/** The fields of a form, of JSON or of a file that hold interests. @param texts in which what is wrong is said */
export const interestFields = (texts: Texts) => ({
  phrases: list(texts, 'check.phrases', checkPhrase),
  mutedPhrases: list(texts, 'check.mutedPhrases', checkPhrase),
  authors: list(texts, 'check.authors', checkAuthor),
  categories: list(texts, 'check.categories', checkCategory),
});
