import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { feed, feedName } from '../../src/sources/feed.js';
import { readFeed } from '../../src/sources/feed-entries.js';
import { toPapers } from '../../src/sources/feed-papers.js';
import { RetryBudget } from '../../src/sources/http.js';
import { SourceError } from '../../src/sources/source.js';
import { answerWith, playPages } from '../helpers/source.js';

const corpus = process.env['OFFPRINT_CORPUS'];
const day = '2026-02-04';
const url = 'https://example.org/feed.xml';

function papersOf(content: string) {
  return toPapers(readFeed(content), url, day);
}

const rss = (items: string) =>
  `<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:prism="http://prismstandard.org/"><channel>${items}</channel></rss>`;

describe('a feed', () => {
  test('in RSS becomes papers', () => {
    const { lists } = papersOf(
      rss(`<item><title>Cells &amp;amp; &lt;i&gt;signals&lt;/i&gt;</title><link>https://example.org/a</link>
        <description><![CDATA[<p>First &eacute;tude.</p><p>a &lt; b</p><script>alert(1)</script>]]></description>
        <dc:creator>Ada Lovelace</dc:creator><author>x@example.org (Alan Turing)</author><category>biology</category>
        <pubDate>Tue, 03 Feb 2026 10:00:00 GMT</pubDate><prism:doi>10.1000/ABC.1</prism:doi></item>`),
    );
    expect(lists).toMatchObject([
      {
        day,
        listedOnce: true,
        papers: [
          {
            identifier: '10.1000/abc.1',
            title: 'Cells & signals',
            abstract: 'First étude. a < b',
            authors: ['Ada Lovelace', 'Alan Turing'],
            keywords: ['biology'],
            publishedAt: new Date('2026-02-03T10:00:00Z'),
            discussionUrl: 'https://example.org/a',
            upvotes: null,
          },
        ],
      },
    ]);
  });

  test('in Atom becomes papers', () => {
    const { lists } = papersOf(`<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>tag:example.org,2026:1</id>
      <title type="html">A &amp;lt; B</title><link rel="self" href="https://example.org/self"/><link href="https://example.org/b"/>
      <summary type="xhtml"><div>One <b>two</b> three</div></summary><author><name>Ada</name></author>
      <category term="x" label="X"/><updated>2026-02-03T10:00:00Z</updated></entry></feed>`);
    expect(lists[0]?.papers).toMatchObject([
      {
        identifier: 'tag:example.org,2026:1',
        title: 'A < B',
        abstract: 'One two three',
        authors: ['Ada'],
        keywords: ['X'],
        discussionUrl: 'https://example.org/b',
      },
    ]);
  });

  test('finding 5: is named by its address, but for a query, which may hold a key', () => {
    expect(feedName('https://example.org/feed.xml')).toBe('feed:https://example.org/feed.xml');
    expect(feedName('https://example.org/f?token=s3crettoken')).toMatch(/^feed:https:\/\/example\.org\/f\?[\da-f]{8}$/);
    expect(feedName('https://example.org/f?a')).not.toBe(feedName('https://example.org/f?b'));
  });

  test('has categories where it is one of arXiv', () => {
    const entry = (id: string) =>
      `<entry><id>${id}</id><title>T</title><category term="math"/><category term="math.CO"/></entry>`;
    const { lists } = papersOf(
      `<feed xmlns="http://www.w3.org/2005/Atom">${entry('http://arxiv.org/abs/2602.00001v1')}${entry('urn:blog')}</feed>`,
    );
    expect(lists[0]?.papers).toMatchObject([
      { identifier: '2602.00001', categories: ['math', 'math.CO'] },
      { identifier: 'urn:blog', categories: [] },
    ]);
  });

  test('in JSON becomes papers', () => {
    const item = {
      id: 7,
      title: 'T',
      content_html: '<p>Text</p>',
      authors: [{ name: 'Ada' }],
      tags: ['x'],
      url: 'https://example.org/c',
    };
    const { lists } = papersOf(JSON.stringify({ version: 'https://jsonfeed.org/version/1.1', items: [item] }));
    expect(lists[0]?.papers).toMatchObject([
      { identifier: `${url}#7`, title: 'T', abstract: 'Text', authors: ['Ada'], keywords: ['x'] },
    ]);
  });

  test.each([
    ['<link>https://arxiv.org/abs/2602.00001v2</link><guid>x</guid>', '2602.00001'],
    ['<guid>https://doi.org/10.48550/arXiv.2602.00001</guid>', '2602.00001'],
    ['<guid>https://doi.org/10.1101/2026.02.01.123456</guid>', '10.1101/2026.02.01.123456'],
    ['<link>https://journal.example.org/doi/full/10.1000/x.1?af=R</link><guid>9</guid>', '10.1000/x.1'],
    ['<guid>https://example.org/posts/1</guid>', 'https://example.org/posts/1'],
    ['<link>https://example.org/posts/2</link>', 'https://example.org/posts/2'],
    ['<guid>17</guid>', `${url}#17`],
  ])('knows a paper by the best identity of %s', (identity, identifier) => {
    const { lists } = papersOf(rss(`<item><title>T</title>${identity}</item>`));
    expect(lists[0]?.papers).toMatchObject([{ identifier }]);
  });

  test('lists what is news; what is older only revises', () => {
    const dated = (id: number, date: string) =>
      `<item><title>T</title><guid>${id}</guid><pubDate>${date}</pubDate></item>`;
    const { lists, revisions } = papersOf(
      rss(dated(1, '1 Feb 2026 00:00:00 GMT') + dated(2, '1 Jan 2025 00:00:00 GMT')),
    );
    expect(lists[0]?.papers.map(({ identifier }) => identifier)).toEqual([`${url}#1`]);
    expect(revisions.map(({ identifier }) => identifier)).toEqual([`${url}#2`]);
  });

  test('leads nowhere but to the web', () => {
    const { lists } = papersOf(rss('<item><title>T</title><guid>1</guid><link>javascript:alert(1)</link></item>'));
    expect(lists[0]?.papers).toMatchObject([{ discussionUrl: null }]);
  });

  test('leaves a bad entry out and says why', () => {
    const { lists, rejected } = papersOf(
      rss('<item><guid>1</guid></item><item><title>T</title></item><item><title>T</title><guid>3</guid></item>'),
    );
    expect(lists[0]?.papers).toHaveLength(1);
    expect(rejected.map(({ reason }) => reason)).toEqual(['title: it is empty', 'it has neither id nor link']);
  });

  test.each([
    '',
    'hello',
    '<html><body/></html>',
    '{"items":[]}',
    '{',
    rss('<item/>'),
    '<!DOCTYPE x><rss/>',
    '<rss><channel>',
  ])('is nothing else: %j', (content) => expect(() => papersOf(content)).toThrow(SourceError));

  test('is read or refused, whatever it holds', () => {
    const pieces = fc.constantFrom(
      '<item>',
      '</item>',
      '<title>',
      '</title>',
      '<![CDATA[',
      ']]>',
      '&#0;',
      '&lt;',
      '&x;',
      'a',
      '<',
      ' href="',
      '<guid>1</guid>',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        try {
          const { lists, rejected } = papersOf(rss(parts.join('')));
          expect(lists.length + rejected.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(SourceError);
        }
      }),
    );
  });

  test('may speak of a DOCTYPE in its text; only one of its own is refused', () => {
    const page = '<![CDATA[<!DOCTYPE html><html><p>A page</p></html>]]>';
    const item = `<item><title>T</title><guid>1</guid><description>${page}</description></item>`;
    expect(papersOf(`<?xml version="1.0"?>\n<!-- <!DOCTYPE --> ${rss(item)}`).lists[0]?.papers).toHaveLength(1);
    expect(() => papersOf(`<?xml version="1.0"?><!-- a --><!doctype rss>${rss(item)}`)).toThrow('DOCTYPE');
  });

  test.each([
    ['as its header says', 'text/xml; charset=ISO-8859-1', ''],
    ['as its declaration says', 'text/xml', '<?xml version="1.0" encoding="windows-1252"?>'],
  ])('is read in its own encoding, %s', async (_, type, declaration) => {
    const body = Buffer.from(
      `${declaration}${rss('<item><title>Müller’s études</title><guid>1</guid></item>')}`.replace('’', "'"),
      'latin1',
    );
    const server = await playPages({
      '/feed.xml': (_request, response) => void response.writeHead(200, { 'content-type': type }).end(body),
    });
    const source = feed(`${server}/feed.xml`, {
      retryBudget: new RetryBudget(400),
      baseUrl: 'https://papers.example.org',
    });
    expect((await source.fetch(day)).lists[0]?.papers[0]?.title).toBe("Müller's études");
  });

  test('is fetched from its address', async () => {
    const server = await playPages({
      '/feed.xml': answerWith(200, rss('<item><title>T</title><guid>1</guid></item>')),
    });
    const source = feed(`${server}/feed.xml`, {
      retryBudget: new RetryBudget(400),
      baseUrl: 'https://papers.example.org',
    });
    expect((await source.fetch(day)).lists[0]?.papers).toHaveLength(1);
  });
});

describe.skipIf(!corpus)('captured Atom answers of arXiv', () => {
  const folder = join(corpus ?? '', 'arxiv', 'api');

  test.each(corpus ? readdirSync(folder) : [])('%s is read without a loss', (name) => {
    const content = readFileSync(join(folder, name), 'utf8');
    const entries = readFeed(content);
    expect(entries).toHaveLength(content.split('<entry>').length - 1);
    const { lists, revisions, rejected } = toPapers(entries, url, '2026-04-13');
    expect(rejected).toEqual([]);
    for (const paper of [...(lists[0]?.papers ?? []), ...revisions]) {
      if (paper.title === 'Error') continue;
      expect(paper.identifier).toMatch(/^(\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?\/\d{7})$/);
      expect(paper.abstract.length).toBeGreaterThan(0);
      expect(paper.authors.length).toBeGreaterThan(0);
    }
  });
});
