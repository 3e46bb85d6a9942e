import { XMLBuilder } from 'fast-xml-parser';
import { v5 as uuidv5 } from 'uuid';

/** A feed, as RFC 4287 has it. All texts are plain; `html` is HTML that is safe already. */
export interface AtomFeed {
  /** What its entries' ids are made of, with theirs: the same for ever. */
  name: string;
  title: string;
  subtitle?: string;
  /** Addresses of the feed itself, and of the page that it is about. */
  self: string;
  page: string;
  /** When it has changed; without entries some instant must stand there. */
  updated: Date;
  entries: AtomEntry[];
}

export interface AtomEntry {
  name: string;
  title: string;
  updated: Date;
  href: string | null;
  authors?: readonly string[];
  categories?: readonly { slug: string; name: string }[];
  summary?: string;
  html?: string;
}

/** For names of our own (RFC 9562 §5.5): ids stay when the site gets another address. */
const namespace = '9a1c1c1e-6d4e-5a53-9a9e-0f2f6f0b6a51';

const builder = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  textNodeName: '#',
  suppressEmptyNode: true,
  suppressBooleanAttributes: false,
});

/** A feed as the text of an Atom document. @param language of what Offprint says in it */
export function atomXml(language: string, { name, title, subtitle, self, page, updated, entries }: AtomFeed): string {
  const feed = {
    '@xmlns': 'http://www.w3.org/2005/Atom',
    '@xml:lang': language,
    id: id(name),
    title: text(title),
    ...(subtitle && { subtitle: text(subtitle) }),
    updated: updated.toISOString(),
    link: [
      { '@rel': 'self', '@type': 'application/atom+xml', '@href': self },
      { '@rel': 'alternate', '@type': 'text/html', '@href': page },
    ],
    // What an entry without authors is by.
    author: { name: 'Offprint' },
    generator: 'Offprint',
    entry: entries.map((entry) => ({
      id: id(`${name} ${entry.name}`),
      title: text(entry.title),
      updated: entry.updated.toISOString(),
      ...(entry.href && { link: { '@rel': 'alternate', '@href': allowed(entry.href) } }),
      author: (entry.authors ?? []).map((author) => ({ name: allowed(author) })),
      category: (entry.categories ?? []).map((topic) => ({ '@term': topic.slug, '@label': topic.name })),
      ...(entry.summary && { summary: text(entry.summary) }),
      ...(entry.html && { content: { '@type': 'html', '#': allowed(entry.html) } }),
    })),
  };
  return `<?xml version="1.0" encoding="utf-8"?>\n${builder.build({ feed })}`;
}

function id(name: string): string {
  return `urn:uuid:${uuidv5(name, namespace)}`;
}

function text(value: string) {
  return { '@type': 'text', '#': allowed(value) };
}

/** Without the characters that XML 1.0 §2.2 has no place for. */
function allowed(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return value.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '');
}
