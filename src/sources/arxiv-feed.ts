import { utcDay } from '../calendar-day.js';
import { findCategory } from '../papers/arxiv-categories.js';
import { findArxivId, type Paper, untold } from '../papers/paper.js';
import { cleanText } from './clean.js';
import { type Fetched, parseDate, type Rejection, SourceError } from './source.js';
import { all, type Element, firstText, parseXml } from './xml.js';

/**
 * Reads a daily feed (RSS 2.0).
 * @param asked the day that is wanted, YYYY-MM-DD: today's request may still find the announcement of the day before
 * @throws SourceError when it is no such feed, or is empty on a weekday
 */
export function readDailyFeed(xml: string, asked: string): Fetched {
  const [channel] = all(parseXml(xml), 'channel');
  if (!channel) throw new SourceError('its answer is no RSS feed');
  const items = all(channel, 'item');
  const day = dayOf(firstText(channel, 'pubDate', 'lastBuildDate')) ?? asked;
  if (day > asked) throw new SourceError(`its feed is that of ${day}: it keeps no earlier days`);
  if (items.length === 0) {
    if (![0, 6].includes(new Date(day).getUTCDay()))
      throw new SourceError('its feed is empty on a weekday: try again later');
    return { lists: [{ day, papers: [] }], revisions: [], rejected: [] };
  }
  const listed = new Map<string, Paper>();
  const revisions = new Map<string, Paper>();
  const rejected: Rejection[] = [];
  for (const [index, item] of items.entries()) {
    const paper = toPaper(item);
    if ('reason' in paper)
      rejected.push({ entry: firstText(item, 'guid', 'link') ?? `number ${index + 1}`, reason: paper.reason });
    else (isNew(item) ? listed : revisions).set(paper.identifier, paper);
  }
  if (rejected.length === items.length) throw new SourceError(`none of its entries is a paper: ${rejected[0]?.reason}`);
  return { lists: [{ day, papers: [...listed.values()] }], revisions: [...revisions.values()], rejected };
}

function isNew(item: Element): boolean {
  const type = firstText(item, 'arxiv:announce_type') ?? /Announce Type: *([\w-]+)/.exec(item.text)?.[1];
  return type === 'new' || type === 'cross';
}

function toPaper(item: Element): Paper | { reason: string } {
  const identifier = [firstText(item, 'link'), firstText(item, 'guid')].flatMap(
    (text) => findArxivId(text ?? '') ?? [],
  )[0];
  if (identifier === undefined) return { reason: 'it has no arXiv id' };
  const title = cleanText(firstText(item, 'title') ?? '');
  if (title === '') return { reason: 'title: it is empty' };
  const published = parseDate(firstText(item, 'pubDate') ?? '');
  if (!published) return { reason: 'pubDate: it is no date' };
  return {
    ...untold,
    identifier,
    title,
    abstract: cleanText((firstText(item, 'description') ?? '').replace(/^arXiv:.*?Abstract:/s, '')),
    authors: namesOf(firstText(item, 'dc:creator') ?? ''),
    categories: all(item, 'category').flatMap(({ text }) => findCategory(text) ?? []),
    // A replacement has the date of this announcement, not of the first.
    publishedAt: isNew(item) ? published : null,
  };
}

/** The names of one comma-separated line; a "Jr." after a comma belongs to the name before it. */
function namesOf(line: string): string[] {
  return line
    .replace(/, *(?=(?:Jr|Sr|I{2,3}|IV)\b)/g, ' ')
    .split(',')
    .flatMap((name) => cleanText(name) || []);
}

function dayOf(date: string | null): string | null {
  const parsed = parseDate(date ?? '');
  return parsed && utcDay(parsed);
}
