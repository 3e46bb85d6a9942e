import { z } from 'zod';
import { findArxivId, type Paper } from '../papers/paper.js';
import { cleanText } from './clean.js';
import { parseDate, type Rejection } from './source.js';

const maxTitle = 2_000;
const maxAbstract = 50_000;
const maxCount = 2 ** 31 - 1;

/** A field that is missing or unusable is no reason to lose the paper. */
const count = z.number().int().min(0).max(maxCount).nullable().catch(null);
const text = z.string().max(maxAbstract).nullable().catch(null);
const organization = z.object({ name: text, fullname: text }).nullable().catch(null);

/** An entry of the Daily Papers API of Hugging Face. What is not named here is ignored. */
const dailyPaper = z.object({
  paper: z.object({
    id: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .regex(/^[^\s\p{C}]+$/u),
    title: z.string().max(maxTitle),
    summary: z.string().max(maxAbstract),
    publishedAt: z.iso.datetime({ offset: true }).refine(parseDate, 'Out of range'),
    authors: z.array(z.object({ name: z.string().max(500), hidden: z.boolean().catch(false) })),
    upvotes: count,
    submittedOnDailyAt: z.iso.datetime({ offset: true }).nullable().catch(null),
    ai_keywords: z.array(z.string().max(500)).catch([]),
    ai_summary: text,
    githubRepo: text,
    githubStars: count,
    projectPage: text,
    organization,
  }),
  numComments: count,
  mediaUrls: z.array(text).catch([]),
  mediaUrl: text,
  organization,
});

export interface DailyPapers {
  entries: {
    paper: Paper;
    /** The UTC day on whose list it was put, YYYY-MM-DD; null where the entry does not tell. */
    day: string | null;
  }[];
  rejected: Rejection[];
  /** What was wrong with the list as a whole: then nothing of it is used. */
  error: string | null;
}

/**
 * Reads an answer of the Daily Papers API, or a file of the same shape: a list of entries. A bad entry is left out and
 * reported; where none is good, the shape has changed, and that is an error. An empty list is an empty day.
 */
export function readDailyPapers(json: string): DailyPapers {
  const nothing = { entries: [], rejected: [] };
  let list: unknown;
  try {
    list = JSON.parse(json);
  } catch {
    return { ...nothing, error: /^\s*</.test(json) ? 'it is a page of HTML, not JSON' : 'it is not JSON' };
  }
  if (!Array.isArray(list)) return { ...nothing, error: 'it is not a list of papers' };
  const entries: DailyPapers['entries'] = [];
  const rejected: Rejection[] = [];
  for (const [index, given] of list.entries()) {
    const read = readEntry(given);
    if ('reason' in read) rejected.push({ entry: idOf(given) ?? `number ${index + 1}`, reason: read.reason });
    else entries.push(read);
  }
  const [first] = rejected;
  if (first && entries.length === 0) return { ...nothing, error: `none of its entries is a paper: ${first.reason}` };
  return { entries, rejected, error: null };
}

function readEntry(given: unknown): DailyPapers['entries'][number] | { reason: string } {
  const parsed = dailyPaper.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { reason: `${issue?.path.join('.')}: ${issue?.message}` };
  }
  const paper = toPaper(parsed.data);
  if (paper.title === '') return { reason: 'paper.title: it is empty' };
  return { paper, day: parsed.data.paper.submittedOnDailyAt?.slice(0, 10) ?? null };
}

function idOf(given: unknown): string | null {
  const parsed = z.object({ paper: z.object({ id: z.string().max(200) }) }).safeParse(given);
  return parsed.success ? parsed.data.paper.id : null;
}

function toPaper(entry: z.output<typeof dailyPaper>): Paper {
  const { paper } = entry;
  const identifier = findArxivId(paper.id) ?? paper.id;
  const organized = paper.organization ?? entry.organization;
  return {
    identifier,
    title: cleanText(paper.title),
    abstract: cleanText(paper.summary),
    summary: cleanText(paper.ai_summary ?? '') || null,
    authors: paper.authors.flatMap(({ name, hidden }) => (hidden ? [] : cleanText(name) || [])),
    organization: cleanText(organized?.fullname || organized?.name || '') || null,
    keywords: paper.ai_keywords.flatMap((keyword) => cleanText(keyword) || []),
    categories: [],
    publishedAt: new Date(paper.publishedAt),
    upvotes: paper.upvotes,
    comments: entry.numComments,
    thumbnailUrl: pictureOf(entry),
    discussionUrl: `https://huggingface.co/papers/${encodeURIComponent(identifier)}`,
    codeUrl: webUrl(paper.githubRepo),
    codeStars: paper.githubStars,
    projectUrl: webUrl(paper.projectPage),
  };
}

/**
 * A picture that came with the paper. What is called its thumbnail is left out: it shows the title, at a size at which nobody
 * can read it. Films cannot be shown in a mail.
 */
function pictureOf({ mediaUrls, mediaUrl }: z.output<typeof dailyPaper>): string | null {
  const pictures = [...mediaUrls, mediaUrl].flatMap((url) => webUrl(url, /^https:$/) ?? []);
  return pictures.find((url) => /\.(png|jpe?g|gif|webp)$/i.test(new URL(url).pathname)) ?? null;
}

/** The address in its standard form; null where it is none of the web. */
function webUrl(text: string | null, protocol = /^https?:$/): string | null {
  if (text === null || !URL.canParse(text.trim())) return null;
  const url = new URL(text.trim());
  return protocol.test(url.protocol) && url.username === '' && url.password === '' && url.href.length <= 2_000
    ? url.href
    : null;
}
