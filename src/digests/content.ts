import { z } from 'zod';
import { defaultLanguage, storedLanguage } from '../languages/language.js';
import type { NewsKind } from '../papers/news.js';
import type { PaperContent } from '../papers/paper.js';

export interface DigestEntry {
  paper: PaperContent;
  /** Why it is here, as it is shown, best first: "AI agents (tool use)"; none means that it is trending. */
  topics: readonly string[];
}

/** What became of all papers that were on offer when a digest was planned, its own among them. */
export interface Account {
  offered: number;
  /** How many of these matched what the subscriber chose; the digest has the best of them. */
  matched: number;
  /** On how many days' lists they stood. */
  days: number;
  /** Whether they are the sample papers that come with Offprint. */
  samples: boolean;
  /** The most voted of those that did not match, and its strongest topic. */
  outside: { paper: PaperContent; topic: { slug: string; name: string } | null } | null;
}

/** An account as it is stored with an edition. */
export const storedAccount = z.object({
  offered: z.number(),
  matched: z.number(),
  days: z.number(),
  samples: z.boolean(),
  /** The id of its snapshot. */
  outside: z.number().nullable(),
  topic: z.object({ slug: z.string(), name: z.string() }).nullable(),
});
export type StoredAccount = z.output<typeof storedAccount>;

const frequencies = ['daily', 'weekdays', 'weekly'] as const;

/** What a subscriber has chosen, as far as a mail says it or depends on it. */
export const reader = z
  .tuple([
    z.array(z.string()),
    z.number(),
    z.enum(frequencies),
    z.number(),
    z.number(),
    z.string(),
    z.boolean(),
    storedLanguage.optional(),
  ])
  .transform(([topics, own, frequency, weekDay, hour, timezone, pictures, language = defaultLanguage]) => {
    return { topics, own, frequency, weekDay, hour, timezone, pictures, language };
  });
/**
 * `topics` are slugs; `own` is how many phrases, authors and categories there are beside them; `weekDay` counts from 1, Monday
 * (ISO 8601).
 */
export type Reader = z.output<typeof reader>;

/** Whoever has chosen nothing yet. */
export const anyReader: Reader = {
  topics: [],
  own: 0,
  frequency: 'daily',
  weekDay: 1,
  hour: 8,
  timezone: 'UTC',
  pictures: false,
  language: defaultLanguage,
};

/** What became of a paper that was sent before. */
export interface SentPaperNews {
  /** As it was sent. */
  paper: PaperContent;
  kind: NewsKind;
  /** Of news about votes: how many there were. */
  votes: number | null;
  /** Of news about code: where it is. */
  codeUrl: string | null;
}

/** Everything that a digest shows. */
export interface DigestContent {
  id: string;
  /** Local calendar day, YYYY-MM-DD. */
  day: string;
  abstractLength: 'none' | 'short' | 'full';
  /** Best first, at least one. */
  papers: readonly DigestEntry[];
  /** Null where it is not known: the digest is from before there were accounts. */
  account: Account | null;
  /** What became of papers of earlier digests: in the first digest of a week, else none. */
  since: readonly SentPaperNews[];
  reader: Reader;
  operator: { name: string | null; url: string | null };
  links: { preferences: string; unsubscribe: string; web: string; feedback: string };
}
