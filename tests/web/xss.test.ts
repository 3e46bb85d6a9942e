import { XMLParser } from 'fast-xml-parser';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { composeDigest } from '../../src/digests/compose.js';
import { anyReader } from '../../src/digests/content.js';
import { type DigestTemplatesByLanguage, loadDigestTemplates } from '../../src/digests/templates.js';
import { textOf } from '../../src/mail/segment.js';
import type { PaperContent } from '../../src/papers/paper.js';
import { digestLink, historyLinks, subscriberLinks } from '../../src/subscribers/links.js';
import { findChromium, howToGetChromium } from '../helpers/chromium.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { useSite } from './site.js';

/** What an attack begins with, to get out of where it stands; and what it then is. `hit()` is what must not be called. */
const escapes = ['', '"', "'", '`', '-->', '</title>', '</textarea>', '</style>', ']]>', '\\'];
const attacks = [
  '<script>hit()</script>',
  '<scr<script>ipt>hit()</scr</script>ipt>',
  '<img src=x onerror=hit()>',
  '<svg onload=hit()>',
  '<svg><script>hit()</script></svg>',
  '<math><mtext></p><script>hit()</script>',
  '<iframe srcdoc="<script>parent.hit()</script>"></iframe>',
  '<details open ontoggle=hit()>x</details>',
  '<input autofocus onfocus=hit()>',
  '<body onload=hit()>',
  ' onmouseover=hit() autofocus onfocus=hit() x=',
  '<a href="javascript:hit()">x</a>',
  'javascript:hit()',
  '<object data="https://evil.example/x.swf"></object>',
  '<link rel="stylesheet" href="https://evil.example/x.css">',
  '<style>@import "https://evil.example/x.css";</style>',
  '<img src="https://evil.example/x.png">',
  '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
  '<base href="https://evil.example/">',
  "{{= hit() }}<%= hit() %>{{constructor.constructor('hit()')()}}",
];
const payloads = escapes.flatMap((wayOut) => attacks.map((attack) => wayOut + attack));

const chromiumPath = findChromium();

describe.skipIf(!chromiumPath && !process.env['CI'])('200 attacks in every field, without the CSP', () => {
  const site = useSite();
  let browser: Browser;
  let page: Page;
  let templates: DigestTemplatesByLanguage;
  /** What ran, and what was asked for elsewhere. */
  const seen: string[] = [];

  beforeAll(async () => {
    if (!chromiumPath) throw new Error(howToGetChromium);
    templates = await loadDigestTemplates();
    browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', '--disable-gpu'] });
    const { prisma } = site().ctx.db;
    for (const [i, payload] of payloads.entries())
      await makePaper(prisma, `2026-02-0${1 + (i % 3)}`, fieldsOf(payload, i));
  });
  beforeEach(async () => {
    seen.length = 0;
    const context = await browser.newContext({ bypassCSP: true });
    page = await context.newPage();
    await page.exposeFunction('hit', () => void seen.push(`ran at ${page.url()}`));
    page.on('dialog', (dialog) => void dialog.dismiss());
    await page.route('**', (route) => {
      const url = new URL(route.request().url());
      if (url.hostname === '127.0.0.1') return route.continue();
      // Pictures of papers come from there; nothing is asked of it here.
      if (url.hostname !== 'cdn-thumbnails.huggingface.co') seen.push(`asked for ${url}`);
      return route.abort();
    });
  });
  afterEach(() => page.close());
  afterAll(async () => {
    await browser?.close();
    await site().ctx.db.pool.query('truncate subscribers, papers, source_days, editions cascade');
  });

  /** A paper with an attack in every field, as no source could bring it: nothing is cleaned. */
  const fieldsOf = (payload: string, i: number) => ({
    identifier: `${i} ${payload}`,
    title: payload,
    abstract: payload,
    summary: payload,
    authors: [payload, payload],
    organization: payload,
    keywords: [payload],
    thumbnailUrl: `https://cdn-thumbnails.huggingface.co/${payload}`,
    discussionUrl: payload,
    codeUrl: `https://example.org/${payload}`,
    projectUrl: payload,
    topics: ['agents'],
  });
  const contentOf = (payload: string, i: number): PaperContent => {
    const { topics: _, keywords: __, ...fields } = fieldsOf(payload, i);
    return { ...fields, publishedAt: new Date('2026-02-03'), upvotes: 1, comments: 1, codeStars: 1 };
  };
  const visit = async (path: string) => {
    await page.goto(new URL(path, site().url).href, { waitUntil: 'load' });
    await page.evaluate('new Promise((done) => setTimeout(done, 50))');
  };
  const show = async (html: string) => {
    await page.setContent(html, { waitUntil: 'load' });
    await page.evaluate('new Promise((done) => setTimeout(done, 50))');
  };

  it('are caught where a page is bad', async () => {
    // One of them leads away from the page while it is looked at.
    await show(`<body>${attacks.join('')}</body>`).catch(() => {});
    expect(seen.filter((each) => each.startsWith('ran')).length).toBeGreaterThan(3);
    expect(seen.filter((each) => each.startsWith('asked')).length).toBeGreaterThan(3);
  });

  it('do nothing on the pages of papers', async () => {
    for (const path of [
      '/',
      '/papers',
      ...[1, 2, 3].map((day) => `/papers?date=2026-02-0${day}`),
      '/papers?topic=agents',
    ])
      await visit(path);
    expect(await page.getByText('onerror=hit()').count()).toBeGreaterThan(0);
    for (const payload of payloads.filter((_, i) => i % 7 === 0))
      await visit(`/papers?${new URLSearchParams({ q: payload })}`);
    expect(seen).toEqual([]);
  }, 120_000);

  it('do nothing in the feeds and in a digest in the browser, shown as they are and as a reader of feeds shows what is in them', async () => {
    const { ctx } = site();
    const subscriber = await makeSubscriber(ctx.db.prisma, { topics: ['agents'] });
    const { rows } = await ctx.db.pool.query(`
      with snapshots as (
        insert into paper_snapshots (paper_id, hash, content, created_at)
        select paper_id, hash, content, now() from current_papers returning id, paper_id
      ), edition as (
        insert into editions (id, paper_ids, snapshot_ids, topics, created_at)
        select gen_random_uuid(), array_agg(paper_id), array_agg(id), jsonb_agg('[]'::jsonb), now() from snapshots returning id
      )
      insert into digests (id, subscriber_id, day, edition_id, planned_at, not_before, abstract_length, status, sent_at)
      select gen_random_uuid(), ${subscriber.id}, '2026-02-03', id, now(), now(), 'short', 'sent', now() from edition
      returning id`);
    expect(rows).toHaveLength(1);
    const { feed, history } = historyLinks(ctx, subscriber);
    for (const path of ['/feed.xml', '/topics/agents/feed.xml', new URL(feed).pathname]) {
      await visit(path);
      const xml = await (await fetch(new URL(path, site().url))).text();
      const entries = new XMLParser({ isArray: (name) => name === 'entry' }).parse(xml).feed.entry as {
        content?: string;
      }[];
      expect(entries.length).toBeGreaterThan(0);
      // What is marked as HTML is shown as such.
      for (const { content } of entries) if (content) await show(content);
    }
    await visit(new URL(digestLink(ctx, subscriber, rows[0]?.id ?? '')).pathname);
    expect(await page.getByText('onerror=hit()').count()).toBeGreaterThan(0);
    await visit(new URL(history).pathname);
    expect(await page.getByText('onerror=hit()').count()).toBeGreaterThan(0);
    expect(seen).toEqual([]);
  }, 120_000);

  it('do nothing in preferences, as own phrases and authors, typed or stored', async () => {
    const { ctx } = site();
    for (let from = 0; from < payloads.length; from += 20) {
      const some = payloads.slice(from, from + 20);
      const subscriber = await makeSubscriber(ctx.db.prisma, {
        phrases: some,
        mutedPhrases: some,
        authors: some,
        categories: some,
      });
      await visit(new URL(subscriberLinks(ctx, subscriber).preferences).pathname);
      for (const name of ['phrases', 'authors', 'categories', 'mutedPhrases'])
        await page.locator(`[name=${name}]`).fill(some.join('\n'));
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Not saved yet').waitFor();
    }
    expect(seen).toEqual([]);
  }, 120_000);

  it('do nothing in the form to sign up', async () => {
    for (const payload of payloads.filter((_, i) => i % 7 === 0)) {
      const body = new URLSearchParams({ email: payload, timezone: payload, topics: payload });
      await show(await (await fetch(new URL('/subscribe', site().url), { method: 'POST', body })).text());
    }
    expect(seen).toEqual([]);
  }, 120_000);

  it('do nothing in mails', async () => {
    const links = {
      preferences: 'https://papers.example.org/p',
      unsubscribe: 'https://papers.example.org/u',
      web: 'https://papers.example.org/w',
      feedback: 'https://papers.example.org/f',
    };
    for (let from = 0; from < payloads.length; from += 10) {
      const papers = payloads
        .slice(from, from + 10)
        .map((payload, i) => ({ paper: contentOf(payload, from + i), topics: [payload] }));
      const [first] = papers;
      const digest = {
        id: 'x',
        day: '2026-02-04',
        abstractLength: 'full' as const,
        papers,
        account: {
          offered: 17,
          matched: 10,
          days: 1,
          samples: true,
          outside: first
            ? { paper: first.paper, topic: { slug: payloads[from] ?? '', name: payloads[from] ?? '' } }
            : null,
        },
        since: first ? [{ paper: first.paper, kind: 'code' as const, votes: null, codeUrl: payloads[from] ?? '' }] : [],
        reader: { ...anyReader, topics: [payloads[from] ?? ''], pictures: true },
        operator: { name: payloads[from] ?? '', url: 'https://papers.example.org' },
        links,
      };
      await show(textOf(composeDigest(templates.en, digest).html));
    }
    expect(await page.getByText('hit()').count()).toBeGreaterThan(0);
    expect(seen).toEqual([]);
  }, 120_000);
});
