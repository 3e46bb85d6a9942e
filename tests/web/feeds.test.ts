import fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import { beforeEach, describe, expect, it } from 'vitest';
import { planWelcome } from '../../src/digests/plan.js';
import { parseApart } from '../../src/sources/parse-thread.js';
import { revokeLinks } from '../../src/subscribers/lifecycle.js';
import { historyLinks } from '../../src/subscribers/links.js';
import { eraseSubscriber } from '../../src/subscribers/personal-data.js';
import { atomXml } from '../../src/web/atom.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { pathOf, useSite } from './site.js';

const site = useSite();

beforeEach(() => site().ctx.db.pool.query('truncate subscribers, papers, source_days, digests, editions cascade'));

interface Entry {
  id: string;
  title: { '#text': string };
  updated: string;
  link?: { href: string };
  author?: { name: string }[];
  category?: { term: string; label: string }[];
  summary?: { '#text': string };
  content?: { type: string; '#text': string };
}
const listed = ['entry', 'author', 'category'];
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  processEntities: true,
  isArray: (name, path) => listed.includes(name) && path !== 'feed.author',
});
const read = (xml: string) => {
  const { feed } = parser.parse(xml) as {
    feed: { id: string; title: { '#text': string }; updated: string; entry?: Entry[] };
  };
  return { ...feed, entry: feed.entry ?? [] };
};
const get = async (path: string) => {
  const response = await site().get(path);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/atom+xml; charset=utf-8');
  return { response, feed: read(await response.text()) };
};

describe('the public feeds', () => {
  it('have the newest papers first, each with what a reader of feeds shows', async () => {
    const { prisma } = site().ctx.db;
    await makePaper(prisma, '2026-02-02', { title: 'Older' });
    await makePaper(prisma, '2026-02-03', {
      identifier: '2602.02276',
      title: 'Tools & <b>agents</b>',
      summary: 'In short.',
      authors: ['Ada Lovelace', 'Alan Turing'],
      topics: ['agents'],
    });
    const { response, feed } = await get('/feed.xml');
    expect(response.headers.get('cache-control')).toBe('public, max-age=900');
    expect(feed.updated).toBe('2026-02-03T00:00:00.000Z');
    expect(feed.entry.map(({ title }) => title['#text'])).toEqual(['Tools & <b>agents</b>', 'Older']);
    expect(feed.entry[0]).toMatchObject({
      id: expect.stringMatching(/^urn:uuid:/),
      updated: '2026-02-03T00:00:00.000Z',
      link: { href: 'https://arxiv.org/abs/2602.02276' },
      author: [{ name: 'Ada Lovelace' }, { name: 'Alan Turing' }],
      category: [{ term: 'agents', label: 'AI agents' }],
      summary: { '#text': 'In short.' },
    });
  });

  it('are not sent again to who has them', async () => {
    await makePaper(site().ctx.db.prisma, '2026-02-03');
    const etag = (await site().get('/feed.xml')).headers.get('etag') ?? '';
    expect((await site().get('/feed.xml', { 'if-none-match': etag, 'cache-control': 'max-age=0' })).status).toBe(304);
  });

  it('of a topic have its papers alone; of an unknown one there is none', async () => {
    const { prisma } = site().ctx.db;
    await makePaper(prisma, '2026-02-03', { title: 'With hands', topics: ['robotics'] });
    await makePaper(prisma, '2026-02-03', { title: 'Without', topics: ['agents'] });
    const { feed } = await get('/topics/robotics/feed.xml');
    expect(feed.title['#text']).toContain('Robotics');
    expect(feed.entry.map(({ title }) => title['#text'])).toEqual(['With hands']);
    expect((await site().get('/topics/nonsense/feed.xml')).status).toBe(404);
  });

  it('are feeds before there is a paper', async () => {
    expect((await get('/feed.xml')).feed.entry).toEqual([]);
  });

  it('can be read by Offprint itself', async () => {
    await makePaper(site().ctx.db.prisma, '2026-02-03', { title: 'A paper', abstract: 'About it.' });
    const xml = await (await site().get('/feed.xml')).text();
    const { lists } = await parseApart('feed', xml, { name: 'https://example.org/feed.xml', day: '2026-02-04' });
    expect(lists.flatMap(({ papers }) => papers)).toMatchObject([{ title: 'A paper', abstract: 'About it.' }]);
  });
});

/** A subscriber whose digest of one paper was sent. */
async function sentTo(given: Parameters<typeof makeSubscriber>[1] = {}) {
  const { ctx } = site();
  const { prisma } = ctx.db;
  await makePaper(prisma, '2026-02-03', { title: 'A <b>paper</b>', topics: ['agents'] });
  const subscriber = await makeSubscriber(prisma, { topics: ['agents'], timezone: 'Europe/Berlin', ...given });
  await prisma.$transaction((tx) => planWelcome(tx, ctx.clock(), subscriber.id));
  await prisma.digest.updateMany({ data: { status: 'sent', sentAt: new Date('2026-02-04T07:00:05Z') } });
  return { subscriber, links: historyLinks(ctx, subscriber) };
}

describe('a subscriber’s own feed', () => {
  it('has their digests with links to each, and is for nobody else', async () => {
    const { links } = await sentTo();
    const { response, feed } = await get(pathOf(links.feed));
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-robots-tag')).toContain('noindex');
    const [entry] = feed.entry;
    expect(entry?.title['#text']).toBe('Your digest of 4 February 2026');
    expect(entry?.updated).toBe('2026-02-04T07:00:05.000Z');
    expect(entry?.content?.['#text']).toContain('>A &lt;b&gt;paper&lt;/b&gt;</a>');
    expect((await site().get(new URL(entry?.link?.href ?? '').pathname)).status).toBe(200);
  });

  it('ends with the other links that were handed out, and with the subscriber', async () => {
    const { subscriber, links } = await sentTo();
    await revokeLinks(site().ctx.db.prisma, subscriber.id);
    expect((await site().get(pathOf(links.feed))).status).toBe(404);
    const renewed = historyLinks(site().ctx, { ...subscriber, tokenEpoch: 1 });
    expect((await site().get(pathOf(renewed.feed))).status).toBe(200);
    await eraseSubscriber(site().ctx, subscriber.id);
    expect((await site().get(pathOf(renewed.feed))).status).toBe(404);
  });
});

describe('the history', () => {
  it('shows what was sent and when, by the subscriber’s clock', async () => {
    const { links } = await sentTo();
    const page = await (await site().get(pathOf(links.history))).text();
    expect(page).toContain('4 February 2026');
    expect(page).toContain('Sent at 08:00');
    expect(page).toContain('A &lt;b&gt;paper&lt;/b&gt;');
    const { pathname } = new URL(/href="(\/digests\/[^"]+)"/.exec(page)?.[1] ?? '', 'https://example.org');
    expect((await site().get(pathname)).status).toBe(200);
  });

  it('is told in JSON too, and leaves out what was not sent', async () => {
    const { subscriber, links } = await sentTo();
    const { prisma } = site().ctx.db;
    const { editionId, plannedAt } = await prisma.digest.findFirstOrThrow();
    const other = { subscriberId: subscriber.id, editionId, plannedAt, notBefore: plannedAt };
    await prisma.digest.create({
      data: {
        ...other,
        id: '00000000-0000-8000-8000-000000000001',
        day: new Date('2026-02-05'),
        abstractLength: 'short',
      },
    });
    const answer = await site().get(pathOf(links.history), { accept: 'application/json' });
    expect(await answer.json()).toEqual({
      digests: [
        {
          day: '2026-02-04',
          sentAt: '2026-02-04T07:00:05.000Z',
          url: expect.stringContaining('/digests/'),
          papers: [{ title: 'A <b>paper</b>', url: expect.stringContaining('https://arxiv.org/abs/') }],
        },
      ],
      more: null,
      feed: links.feed,
    });
  });

  it('has 30 to a page, and a link to older ones', async () => {
    const { subscriber, links } = await sentTo();
    const { pool } = site().ctx.db;
    await pool.query(
      `insert into digests (id, subscriber_id, day, edition_id, planned_at, not_before, abstract_length, status, sent_at)
       select gen_random_uuid(), $1, day - n, edition_id, planned_at, not_before, abstract_length, 'sent', sent_at
       from digests cross join generate_series(1, 34) n`,
      [subscriber.id],
    );
    const answer = async (path: string) =>
      (await (await site().get(path, { accept: 'application/json' })).json()) as {
        digests: unknown[];
        more: string | null;
      };
    const first = await answer(pathOf(links.history));
    expect(first.digests).toHaveLength(30);
    const more = new URL(first.more ?? '');
    const second = await answer(more.pathname + more.search);
    expect(second).toMatchObject({ digests: { length: 5 }, more: null });
    expect(await (await site().get(pathOf(links.history))).text()).toContain('Older digests');
  });

  it('is not opened by the link of a digest', async () => {
    const { links } = await sentTo();
    expect((await site().get(`/history/${links.feed.split('/').at(-1)}`)).status).toBe(404);
  });
});

describe('an Atom feed', () => {
  it('is well-formed and says what was given, whatever that is', () => {
    const anyText = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text.trim() !== '');
    fc.assert(
      fc.property(anyText, (given) => {
        const updated = new Date(0);
        const xml = atomXml('en', {
          name: 'x',
          title: 'x',
          self: 'https://example.org/?a=1&b="',
          page: 'https://example.org/',
          updated,
          entries: [{ name: given, title: `[${given}]`, updated, href: null, html: `<p>${given}</p>` }],
        });
        // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no place for these
        const possible = given.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '');
        const [entry] = read(xml).entry;
        const ofLines = (text = '') => text.replace(/\r\n?/g, '\n');
        expect(ofLines(entry?.title['#text'])).toBe(ofLines(`[${possible}]`));
        expect(ofLines(entry?.content?.['#text'])).toBe(ofLines(`<p>${possible}</p>`));
      }),
    );
  });
});
