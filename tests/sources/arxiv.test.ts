import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { arxiv } from '../../src/sources/arxiv.js';
import { readDailyFeed } from '../../src/sources/arxiv-feed.js';
import { RetryBudget } from '../../src/sources/http.js';
import { SourceError } from '../../src/sources/source.js';
import { answerWith, playPages } from '../helpers/source.js';

const corpus = process.env['OFFPRINT_CORPUS'];
const monday = '2026-04-27';

interface Item {
  id?: string;
  type?: string;
  title?: string;
  creator?: string;
}

function item({ id = '2604.00001', type = 'new', title = 'On things', creator = 'Ada Lovelace' }: Item): string {
  return `<item><title>${title}</title><link>https://arxiv.org/abs/${id}</link>
    <description>arXiv:${id}v1 Announce Type: ${type}
Abstract: We find $O(n)$ &amp; more, for a &lt; b.</description>
    <guid isPermaLink="false">oai:arXiv.org:${id}v1</guid><category>cs.CL</category>
    <pubDate>Mon, 27 Apr 2026 00:00:00 -0400</pubDate><arxiv:announce_type>${type}</arxiv:announce_type>
    <dc:creator>${creator}</dc:creator></item>`;
}

function dailyFeed(items: Item[], date = 'Mon, 27 Apr 2026 00:00:00 -0400'): string {
  return `<?xml version='1.0' encoding='UTF-8'?><rss xmlns:arxiv="http://arxiv.org/schemas/atom"
    xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0"><channel><title>cs.CL updates</title>
    <pubDate>${date}</pubDate>${items.map(item).join('')}</channel></rss>`;
}

describe('the daily feed of arXiv', () => {
  test('lists new papers and cross-lists; a replacement only revises', () => {
    const types = ['new', 'cross', 'replace', 'replace-cross'];
    const items = types.map((type, n) => ({ id: `2604.0000${n}`, type }));
    const { lists, revisions } = readDailyFeed(dailyFeed(items), monday);
    expect(lists.map(({ day, papers }) => [day, papers.map((paper) => paper.identifier)])).toEqual([
      [monday, ['2604.00000', '2604.00001']],
    ]);
    expect(revisions.map(({ identifier }) => identifier)).toEqual(['2604.00002', '2604.00003']);
  });

  test('gives clean papers without votes', () => {
    const creator = 'Kurt G\\"odel,  Deepti, Sammy Davis, Jr., Paul Erd\\H{o}s';
    const { lists } = readDailyFeed(dailyFeed([{ creator }]), monday);
    expect(lists[0]?.papers).toMatchObject([
      {
        identifier: '2604.00001',
        title: 'On things',
        abstract: 'We find O(n) & more, for a < b.',
        authors: ['Kurt Gödel', 'Deepti', 'Sammy Davis Jr.', 'Paul Erdős'],
        categories: ['cs.CL'],
        publishedAt: new Date('2026-04-27T04:00:00Z'),
        upvotes: null,
        comments: null,
      },
    ]);
  });

  test('leaves a bad entry out and says why', () => {
    const { lists, rejected } = readDailyFeed(
      dailyFeed([{}, { id: 'nonsense' }, { title: ' ', id: '2604.00002' }]),
      monday,
    );
    expect(lists[0]?.papers).toHaveLength(1);
    expect(rejected.map(({ reason }) => reason)).toEqual(['it has no arXiv id', 'title: it is empty']);
  });

  test('row 47: may be empty on Saturday and Sunday only', () => {
    expect(readDailyFeed(dailyFeed([], 'Sat, 25 Apr 2026 00:00:00 -0400'), '2026-04-25').lists).toEqual([
      { day: '2026-04-25', papers: [] },
    ]);
    expect(() => readDailyFeed(dailyFeed([]), monday)).toThrow('empty on a weekday: try again later');
  });

  test('belongs to its own day, also where today’s is not out yet, and has no earlier ones', () => {
    expect(readDailyFeed(dailyFeed([{}]), '2026-04-28').lists[0]?.day).toBe(monday);
    expect(() => readDailyFeed(dailyFeed([{}]), '2026-04-20')).toThrow('its feed is that of 2026-04-27');
  });

  test.each(['', '<html><body>Sorry</body></html>', '<rss version="2.0">', 'arXiv is down', dailyFeed([{ id: 'x' }])])(
    'is nothing else: %j',
    (content) => expect(() => readDailyFeed(content, monday)).toThrow(SourceError),
  );

  test('row 46: declares no entities', () => {
    const bomb = `<!DOCTYPE rss [<!ENTITY a "${'b'.repeat(100)}">]>${dailyFeed([{ title: '&a;' }])}`;
    expect(() => readDailyFeed(bomb, monday)).toThrow('DOCTYPE');
  });

  test('is asked for by all categories at once, and not sent again while it has not changed', async () => {
    let sent = 0;
    const url = await playPages({
      '/rss/cs.CL+cs.LG': (request, response) => {
        if (request.headers['if-none-match'] === '"one"') return answerWith(304, '')(request, response);
        sent += 1;
        answerWith(200, dailyFeed([{}]), { etag: '"one"' })(request, response);
      },
    });
    const fetching = { retryBudget: new RetryBudget(400), baseUrl: 'https://papers.example.org', kept: new Map() };
    const source = arxiv(url, ['cs.CL', 'cs.LG'], fetching, 0);
    expect(source.name).toBe('arxiv:cs.CL+cs.LG');
    const first = await source.fetch(monday);
    expect(await source.fetch(monday)).toEqual(first);
    expect(sent).toBe(1);
  });
});

describe.skipIf(!corpus)('captured daily feeds', () => {
  const folder = join(corpus ?? '', 'arxiv', 'rss');

  test('are read without a loss', () => {
    for (const name of readdirSync(folder)) {
      const { lists, revisions, rejected } = readDailyFeed(readFileSync(join(folder, name), 'utf8'), monday);
      const papers = [...(lists[0]?.papers ?? []), ...revisions];
      expect(rejected).toEqual([]);
      expect(papers, name).toHaveLength(3);
      for (const paper of papers) {
        expect(paper.abstract.length, paper.identifier).toBeGreaterThan(200);
        expect(paper.abstract, paper.identifier).not.toMatch(/^arXiv:|Abstract:|&amp;/);
        expect(paper.authors.length, paper.identifier).toBeGreaterThan(0);
      }
    }
  });
});
