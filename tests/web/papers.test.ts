import { beforeEach, describe, expect, it } from 'vitest';
import { ingestSamples } from '../../src/ingest/ingest.js';
import { subscriberLinks } from '../../src/subscribers/links.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { letPagesAge, pathOf, useSite } from './site.js';

const site = useSite();
const db = () => site().ctx.db.prisma;
const page = async (path: string) => (await site().get(path)).text();
const titles = (html: string) =>
  [...html.matchAll(/<a class="title" href="[^"]*">([^<]*)</g)].map(([, title]) => title);

beforeEach(async () => {
  letPagesAge(site().ctx);
  await site().ctx.db.pool.query('truncate papers, source_days cascade');
});

describe('the front page', () => {
  it('has the subscribe form, also before there are any papers', async () => {
    const response = await site().get('/');
    expect(response.status).toBe(200);
    const html = await response.text();
    expect(html).toContain('<h1 id="headline">Get trending papers in your email inbox</h1>');
    expect(html).toMatch(/<form[^>]*method="post" action="\/subscribe"/);
    expect(html).toContain('No papers yet');
  });

  it('says so as long as it shows the bundled samples', async () => {
    await ingestSamples(site().ctx);
    const samples = 'These are sample papers';
    expect(await (await site().get('/')).text()).toContain(samples);
    await makePaper(db(), '2026-06-01');
    letPagesAge(site().ctx);
    expect(await (await site().get('/')).text()).not.toContain(samples);
  });

  it('shows the newest day, best first', async () => {
    await makePaper(db(), '2026-02-02', { title: 'Older', upvotes: 99 });
    await makePaper(db(), '2026-02-03', { title: 'Second', upvotes: 5 });
    await makePaper(db(), '2026-02-03', { title: 'First', upvotes: 7 });
    const html = await page('/');
    expect(html).toContain('3 February 2026');
    expect(titles(html)).toEqual(['First', 'Second']);
  });

  it('shows all there is to know of a paper', async () => {
    await makePaper(db(), '2026-02-03', {
      identifier: '2602.01234',
      title: 'A paper',
      authors: ['Ada', 'Bob', 'Cy', 'Dee', 'Eve'],
      organization: 'Acme Labs',
      publishedAt: new Date('2026-02-01T10:00:00Z'),
      upvotes: 1_234,
      comments: 1,
      summary: 'In short.',
      abstract: 'At length.',
      thumbnailUrl: 'https://cdn-thumbnails.huggingface.co/1.png',
      discussionUrl: 'https://huggingface.co/papers/2602.01234',
      codeUrl: 'https://github.com/a/b',
      codeStars: 42,
      projectUrl: 'https://project.example',
      topics: ['agents'],
    });
    const html = await page('/');
    expect(html).toContain('Ada, Bob, …, Eve (5)');
    for (const text of [
      'Acme Labs',
      'arXiv\u00a01\u00a0Feb',
      '1,234\u00a0votes',
      '1\u00a0comment',
      'In short.',
      'At length.',
      'AI agents',
    ]) {
      expect(html).toContain(text);
    }
    const links = [
      'https://huggingface.co/papers/2602.01234',
      'https://arxiv.org/abs/2602.01234',
      'https://arxiv.org/pdf/2602.01234',
      'https://github.com/a/b',
      'https://project.example/',
    ];
    for (const link of links) expect(html).toContain(`<li><a href="${link}">`);
    expect(html).toMatch(
      /<img src="https:\/\/cdn-thumbnails\.huggingface\.co\/1\.png" alt="Figure from the paper" width="\d+" height="\d+" loading="lazy"/,
    );
  });

  it('shows markup in a paper as text, and no link that is not https', async () => {
    const hostile = '</p><script>alert(1)</script><![endif]--><%= 7 * 7 %>{{x}}';
    await makePaper(db(), '2026-02-03', {
      title: hostile,
      abstract: hostile,
      summary: hostile,
      authors: [hostile],
      organization: hostile,
      discussionUrl: 'javascript:alert(1)',
      codeUrl: 'http://plain.example',
      projectUrl: 'data:text/html,x',
      thumbnailUrl: '"onerror="alert(1)',
    });
    const html = await page('/');
    expect(html).not.toContain('<script>alert');
    expect(html).not.toContain('<![endif]');
    expect(html).toContain('&lt;%= 7 * 7 %&gt;{{x}}');
    expect(html).not.toMatch(/javascript:|plain\.example|data:text|onerror/);
  });
});

describe('the papers page', () => {
  beforeEach(async () => {
    await makePaper(db(), '2026-01-30', { title: 'Friday robots', topics: ['robotics'], upvotes: 1 });
    await makePaper(db(), '2026-02-02', { title: 'Monday agents', topics: ['agents'], upvotes: 2 });
    await makePaper(db(), '2026-02-03', { title: 'Tuesday agents', topics: ['agents'], upvotes: 3 });
  });

  it('shows the newest day, and leads to the day before that has papers', async () => {
    const html = await page('/papers');
    expect(titles(html)).toEqual(['Tuesday agents']);
    expect(html).toMatch(/rel="prev" href="\/papers\?date=2026-02-02"/);
    expect(html).not.toContain('rel="next"');
    const monday = await page('/papers?date=2026-02-02');
    expect(titles(monday)).toEqual(['Monday agents']);
    expect(monday).toMatch(/rel="prev" href="\/papers\?date=2026-01-30"/);
    expect(monday).toMatch(/rel="next" href="\/papers\?date=2026-02-03"/);
  });

  it('shows the papers of a topic, of all days', async () => {
    expect(titles(await page('/papers?topic=agents'))).toEqual(['Tuesday agents', 'Monday agents']);
    expect(titles(await page('/papers?topic=agents&date=2026-02-02'))).toEqual(['Monday agents']);
  });

  it('finds words, and keeps what was asked in the form', async () => {
    const html = await page('/papers?q=robots&sort=newest');
    expect(titles(html)).toEqual(['Friday robots']);
    expect(html).toMatch(/name="q"[^>]*value="robots"/);
    expect(html).toMatch(/value="newest" selected/);
  });

  it('says so when there is nothing', async () => {
    expect(await page('/papers?q=zebra')).toContain('No papers here');
    expect(await page('/papers?date=2026-02-01')).toContain('No papers here');
  });

  it.each([
    'date=yesterday',
    'date=2026-02-30',
    'date=0000-01-01',
    'topic=astrology',
    'sort=sideways',
    'q=%00',
    `q=${'x'.repeat(5_000)}`,
    'q=a&q=b',
    'date[]=1',
    'q=%ED%A0%80%27%22%5C%3A%2A%26%7C%21',
  ])('copes with %s', async (query) => {
    expect((await site().get(`/papers?${query}`)).status).toBe(200);
  });

  it('shows what was asked as text', async () => {
    expect(await page(`/papers?q=${encodeURIComponent('"><script>alert(1)</script>')}`)).not.toContain('<script>alert');
  });
});

describe('the search', () => {
  beforeEach(async () => {
    await makePaper(db(), '2026-02-03', {
      identifier: '2602.01234',
      title: 'Worlds for agents',
      authors: ['Chengsong Huang', 'Ada Lovelace'],
      organization: 'Acme Labs',
      keywords: ['simulation'],
    });
    await makePaper(db(), '2026-02-03', { title: 'Another' });
  });

  it.each([
    'Worlds',
    'simulation',
    'Chengsong Huang',
    '"Ada Lovelace"',
    'acme',
    '2602.01234',
    'arXiv:2602.01234v2',
    'https://arxiv.org/abs/2602.01234',
    'https://arxiv.org/pdf/2602.01234v1',
    'huang simulation',
  ])('finds a paper by %s', async (question) => {
    expect(titles(await page(`/papers?${new URLSearchParams({ q: question })}`))).toEqual(['Worlds for agents']);
  });

  it('says on which day each was listed', async () => {
    expect(await page('/papers?q=worlds')).toContain('listed 3 February 2026');
    expect(await page('/papers')).not.toContain('listed 3 February 2026');
  });
});

describe('a topic’s page', () => {
  it('offers its papers by mail, and as a feed', async () => {
    await makePaper(db(), '2026-02-03', { topics: ['agents'] });
    const html = await page('/papers?topic=agents');
    expect(html).toContain('Get AI agents by mail');
    expect(html).toMatch(/<input type="hidden" name="topics" value="agents">/);
    expect(html).toContain('href="/topics/agents/feed.xml"');
    expect(html).toContain('<meta name="description" content="Models that plan, call tools');
  });

  it('says so where there is no such topic', async () => {
    await makePaper(db(), '2026-02-03');
    expect(await page('/papers?topic=<b>astrology')).toContain('There is no topic “&lt;b&gt;astrology”.');
  });
});

describe('a sample of what one would get', () => {
  beforeEach(async () => {
    await makePaper(db(), '2026-02-03', { title: 'On agents', topics: ['agents'] });
    await makePaper(db(), '2026-02-03', { title: 'On robots', topics: ['robotics'] });
    await makePaper(db(), '2026-02-03', { title: 'On music', topics: ['music'] });
  });

  it('shows the papers with why they are there, and the form with these topics ticked', async () => {
    const html = await page('/sample?topics=agents&topics=robotics&topics=nonsense');
    expect(titles(html)).toEqual(['On agents', 'On robots']);
    expect(html).toContain('2 of the day’s 3\u00a0papers match what you chose.');
    expect(html).toContain('Why: AI agents');
    expect(html).toMatch(/value="agents" checked/);
  });

  it('is counted for the script of the form', async () => {
    const answer = await site().get('/sample?topics=agents', { accept: 'application/json' });
    expect(await answer.json()).toEqual({
      topics: ['agents'],
      matched: 1,
      offered: 3,
      text: '1 of the newest 3 papers',
    });
    const none = await site().get('/sample?topics=3d', { accept: 'application/json' });
    expect(await none.json()).toMatchObject({ topics: ['3d'], matched: 0, offered: 0 });
  });

  it('says so where nothing matches', async () => {
    expect(await page('/sample?topics=3d')).toContain('Nothing of the last week matches.');
  });
});

describe('what pages weigh', () => {
  it('is at most 100 kB for 30 papers, and nothing for whoever has them already', async () => {
    // As long as those of papers are.
    let seed = 7;
    const word = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed.toString(36).slice(0, 2 + (seed % 6));
    };
    const text = (words: number) => Array.from({ length: words }, word).join(' ');
    for (let i = 0; i < 30; i++)
      await makePaper(db(), '2026-02-03', {
        title: text(10),
        abstract: text(170),
        summary: text(30),
        authors: Array.from({ length: 8 }, () => text(2)),
        organization: text(3),
        discussionUrl: 'https://huggingface.co/papers/2602.01234',
        codeUrl: `https://github.com/${word()}/${word()}`,
        codeStars: 42,
        topics: ['agents', 'robotics'],
      });
    const whole = await page('/papers');
    expect(titles(whole)).toHaveLength(30);
    expect(Buffer.byteLength(whole)).toBeLessThan(100_000);
    const first = await site().get('/papers');
    expect(first.headers.get('cache-control')).toBe('public, max-age=60');
    const etag = first.headers.get('etag') ?? '';
    expect((await site().get('/papers', { 'if-none-match': etag, 'cache-control': 'max-age=0' })).status).toBe(304);
  });

  it('is not compressed where there is a secret in it', async () => {
    const subscriber = await makeSubscriber(db());
    const path = pathOf(subscriberLinks(site().ctx, subscriber).preferences);
    const response = await site().get(path);
    expect(response.headers.get('content-encoding')).toBeNull();
    expect((await site().get('/papers')).headers.get('content-encoding')).toBe('gzip');
  });
});
