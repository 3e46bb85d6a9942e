import { z } from 'zod';
import { htmlToText } from './html.js';
import { SourceError } from './source.js';
import { all, type Element, firstText, parseXml } from './xml.js';

/** An entry of a feed of any format, as it came; null or empty where it does not tell. */
export interface FeedEntry {
  id: string | null;
  link: string | null;
  /** Where else an identity may stand: DOIs, alternate addresses. */
  identities: string[];
  title: string;
  text: string;
  authors: string[];
  keywords: string[];
  published: string | null;
}

/**
 * Reads RSS 2.0 (or 1.0), Atom 1.0 or JSON Feed.
 * @throws SourceError when it is none of these
 */
export function readFeed(content: string): FeedEntry[] {
  if (/^\s*\{/.test(content)) return readJsonFeed(content);
  const root = parseXml(content);
  if (root.name === 'feed') return all(root, 'entry').map(atomEntry);
  if (root.name === 'rss')
    return all(root, 'channel')
      .flatMap((channel) => all(channel, 'item'))
      .map(rssItem);
  if (root.name === 'rdf:RDF') return all(root, 'item').map(rssItem);
  throw new SourceError(`its answer is no feed: it begins with <${root.name.slice(0, 40)}>`);
}

/** https://www.rssboard.org/rss-specification, with Dublin Core and PRISM, which journals use. */
function rssItem(item: Element): FeedEntry {
  return {
    id: firstText(item, 'guid') ?? item.attributes['rdf:about'] ?? null,
    link: firstText(item, 'link'),
    identities: textsOf(item, 'prism:doi', 'dc:identifier', 'arxiv:DOI'),
    title: htmlToText(firstText(item, 'title', 'dc:title') ?? ''),
    text: htmlToText(firstText(item, 'description', 'dc:description', 'content:encoded') ?? ''),
    authors: textsOf(item, 'dc:creator', 'author').map(rssAuthor),
    keywords: textsOf(item, 'category', 'dc:subject'),
    published: firstText(item, 'pubDate', 'dc:date', 'prism:publicationDate'),
  };
}

/** RSS wants "address (name)"; many write the name alone. */
function rssAuthor(text: string): string {
  return /\(([^()]+)\)\s*$/.exec(text)?.[1] ?? text;
}

/** RFC 4287. */
function atomEntry(entry: Element): FeedEntry {
  const links = all(entry, 'link').filter(({ attributes }) => (attributes['rel'] ?? 'alternate') === 'alternate');
  return {
    id: firstText(entry, 'id'),
    link: links[0]?.attributes['href'] ?? null,
    identities: [
      ...textsOf(entry, 'arxiv:doi', 'prism:doi', 'dc:identifier'),
      ...all(entry, 'link').flatMap(({ attributes }) => attributes['href'] ?? []),
    ],
    title: atomText(entry, 'title'),
    text: atomText(entry, 'summary') || atomText(entry, 'content'),
    authors: all(entry, 'author').flatMap((author) => firstText(author, 'name') ?? []),
    keywords: all(entry, 'category').flatMap(({ attributes }) => attributes['label'] ?? attributes['term'] ?? []),
    published: firstText(entry, 'published', 'updated'),
  };
}

function atomText(entry: Element, name: string): string {
  const [element] = all(entry, name);
  return element?.attributes['type'] === 'html' ? htmlToText(element.text) : (element?.text ?? '');
}

function textsOf(element: Element, ...names: string[]): string[] {
  return names.flatMap((name) => all(element, name)).flatMap(({ text }) => text.trim() || []);
}

const optional = z.string().nullable().catch(null);

/** https://www.jsonfeed.org/version/1.1/ */
const jsonFeed = z.object({
  version: z.string().startsWith('https://jsonfeed.org/version/'),
  items: z.array(
    z.object({
      id: z
        .union([z.string(), z.number().transform(String)])
        .nullable()
        .catch(null),
      url: optional,
      external_url: optional,
      title: optional,
      summary: optional,
      content_text: optional,
      content_html: optional,
      date_published: optional,
      authors: z.array(z.object({ name: optional })).catch([]),
      tags: z.array(z.string()).catch([]),
    }),
  ),
});

function readJsonFeed(content: string): FeedEntry[] {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    throw new SourceError('its answer is no feed: it begins like JSON but is not');
  }
  const parsed = jsonFeed.safeParse(json);
  if (!parsed.success) throw new SourceError(`its answer is no JSON Feed: ${parsed.error.issues[0]?.path.join('.')}`);
  return parsed.data.items.map((item) => ({
    id: item.id,
    link: item.url,
    identities: item.external_url === null ? [] : [item.external_url],
    title: item.title ?? '',
    text: item.content_text ?? (item.content_html === null ? (item.summary ?? '') : htmlToText(item.content_html)),
    authors: item.authors.flatMap(({ name }) => name ?? []),
    keywords: item.tags,
    published: item.date_published,
  }));
}
