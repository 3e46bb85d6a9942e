import { daysBack, utcDay } from '../calendar-day.js';
import { findCategory } from '../papers/arxiv-categories.js';
import { findArxivId, isArxivId, type Paper, untold } from '../papers/paper.js';
import { cleanText } from './clean.js';
import type { FeedEntry } from './feed-entries.js';
import { type Fetched, parseDate, type Rejection, SourceError } from './source.js';

/** Entries that are older than this when they are first seen are no news. */
const newsDays = 14;

/**
 * Makes papers of a feed's entries.
 * @param day the day of the reading, YYYY-MM-DD
 * @throws SourceError when there are entries and none is a paper
 */
export function toPapers(entries: FeedEntry[], url: string, day: string): Fetched {
  const oldest = daysBack(day, newsDays).at(-1) ?? day;
  const news = new Map<string, Paper>();
  const revisions = new Map<string, Paper>();
  const rejected: Rejection[] = [];
  for (const [index, entry] of entries.entries()) {
    const paper = toPaper(entry, url);
    if ('reason' in paper)
      rejected.push({ entry: entry.id ?? entry.link ?? `number ${index + 1}`, reason: paper.reason });
    else (isNews(paper, oldest) ? news : revisions).set(paper.identifier, paper);
  }
  const [first] = rejected;
  if (first && rejected.length === entries.length)
    throw new SourceError(`none of its entries is a paper: ${first.reason}`);
  return {
    lists: [{ day, papers: [...news.values()], listedOnce: true }],
    revisions: [...revisions.values()],
    rejected,
  };
}

function isNews({ publishedAt }: Paper, oldest: string): boolean {
  return publishedAt === null || utcDay(publishedAt) >= oldest;
}

function toPaper(entry: FeedEntry, url: string): Paper | { reason: string } {
  const title = cleanText(entry.title);
  if (title === '') return { reason: 'title: it is empty' };
  const identifier = identityOf(entry, url);
  if (identifier === null) return { reason: 'it has neither id nor link' };
  return {
    ...untold,
    identifier,
    title,
    abstract: cleanText(entry.text.slice(0, 50_000)),
    authors: entry.authors.flatMap((name) => cleanText(name) || []),
    keywords: entry.keywords.flatMap((keyword) => cleanText(keyword) || []),
    // Elsewhere "math" is a keyword like any other.
    categories: isArxivId(identifier) ? entry.keywords.flatMap((keyword) => findCategory(keyword) ?? []) : [],
    publishedAt: parseDate(entry.published ?? ''),
    discussionUrl: pageOf(entry),
  };
}

/** The arXiv id, else the DOI, where one can be found; else the entry's own id, made unique where it is no address. */
function identityOf({ id, link, identities }: FeedEntry, url: string): string | null {
  const texts = [...identities, link, id].flatMap((text) => text ?? []);
  const [arxivId] = texts.flatMap(
    (text) => findArxivId(text) ?? findArxivId(doiOf(text)?.replace('10.48550/arxiv.', '') ?? '') ?? [],
  );
  const [doi] = texts.flatMap((text) => doiOf(text) ?? []);
  const own = (id ?? link)?.trim();
  if (arxivId ?? doi) return arxivId ?? doi ?? null;
  if (!own) return null;
  return (/^[a-z][a-z\d+.-]*:/i.test(own) ? own : `${url}#${own}`).replaceAll(/[\s\p{C}]+/gu, '%20').slice(0, 500);
}

/** DOI Handbook §2.2; in lower case, as DOIs are compared. */
function doiOf(text: string): string | null {
  const [, doi] =
    /^(?:doi:|https?:\/\/(?:dx\.)?doi\.org\/|.*\/doi\/(?:abs\/|full\/|pdf\/)?)?(10\.\d{4,9}\/[^\s"<>?#]+)/i.exec(
      text.trim(),
    ) ?? [];
  return doi?.toLowerCase() ?? null;
}

function pageOf({ link }: FeedEntry): string | null {
  if (link === null || !URL.canParse(link)) return null;
  const { protocol, href } = new URL(link);
  return /^https?:$/.test(protocol) && href.length <= 2_000 ? href : null;
}
