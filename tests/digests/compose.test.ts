import { decodeHTML } from 'entities';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config.js';
import {
  composeDigest,
  composeWebView,
  type DigestContent,
  digestHeaders,
  digestMessageId,
} from '../../src/digests/compose.js';
import { type DigestTemplates, loadDigestTemplates } from '../../src/digests/templates.js';
import { textOf } from '../../src/mail/segment.js';
import type { PaperContent } from '../../src/papers/paper.js';

let templates: DigestTemplates;
beforeAll(async () => {
  templates = await loadDigestTemplates();
});

function paper(given: Partial<PaperContent> = {}): PaperContent {
  return {
    identifier: '2602.02276',
    title: 'Video diffusion in four steps',
    authors: ['Ada Lovelace', 'Alan Turing', 'Grace Hopper', 'Emmy Noether', 'Mary Somerville'],
    organization: 'Analytical Engines',
    publishedAt: new Date('2026-02-02T09:00:00Z'),
    abstract: 'We show that four steps are enough, and why three are not.',
    summary: null,
    upvotes: 1_234,
    comments: 1,
    thumbnailUrl: 'https://cdn-thumbnails.huggingface.co/2602.02276.png',
    discussionUrl: 'https://huggingface.co/papers/2602.02276',
    codeUrl: 'https://github.com/ada/four-steps',
    codeStars: 57,
    projectUrl: 'https://ada.example.org/four-steps',
    ...given,
  };
}

const links = {
  preferences: 'https://papers.example.org/preferences/p-token',
  unsubscribe: 'https://papers.example.org/unsubscribe/u-token',
  web: 'https://papers.example.org/digests/d-token',
};

function content(given: Partial<DigestContent> = {}): DigestContent {
  const papers = [{ paper: paper(), topics: ['Diffusion models', 'Video generation'] }];
  return { id: 'digest-1', day: '2026-02-04', abstractLength: 'short', papers, links, ...given };
}

const compose = (given: Partial<DigestContent> = {}) => {
  const { subject, html, text } = composeDigest(templates, content(given));
  return { subject, html: textOf(html), text: textOf(text) };
};
const webView = (given: Partial<DigestContent> = {}) =>
  textOf(composeWebView(templates, { ...content(given), home: 'https://papers.example.org' }));
const withPaper = (given: Partial<PaperContent>) => compose({ papers: [{ paper: paper(given), topics: [] }] });
const many = (count: number, given: Partial<PaperContent> = {}) =>
  Array.from({ length: count }, (_, i) => ({ paper: paper({ title: `Paper ${i + 1}`, ...given }), topics: [] }));

/** The text that a reader sees. */
const visible = (html: string) =>
  decodeHTML(html.slice(html.indexOf('<body')).replace(/<!--[\s\S]*?-->|<[^>]+>/g, ' ')).replace(/\s+/g, ' ');
const count = (text: string, part: string) => text.split(part).length - 1;

describe('a digest', () => {
  it('tells of each paper what a reader decides by, in HTML and in text', () => {
    const { html, text } = compose();
    for (const shown of [visible(html), text.replace(/\s+/g, ' ')]) {
      expect(shown).toContain('Video diffusion in four steps');
      expect(shown).toContain('Ada Lovelace, Alan Turing, Grace Hopper and 2 more');
      expect(shown).toContain('Analytical Engines · 2 February 2026 · 1,234 votes · 1 comment');
      expect(shown).toContain('four steps are enough');
      expect(shown).toContain('Matches Diffusion models, Video generation');
      expect(shown).toContain('Code (57 stars)');
    }
    expect(html).toContain('<img class="thumb" src="https://cdn-thumbnails.huggingface.co/2602.02276.png" alt=""');
    const addresses = [
      'https://huggingface.co/papers/2602.02276',
      'https://arxiv.org/abs/2602.02276',
      'https://arxiv.org/pdf/2602.02276',
      'https://github.com/ada/four-steps',
      'https://ada.example.org/four-steps',
    ];
    for (const address of addresses) {
      expect(html).toContain(`href="${address}"`);
      expect(text).toContain(address);
    }
  });

  it('says when a paper is there because it is trending', () => {
    const { html, text } = compose({ papers: [{ paper: paper(), topics: [] }] });
    expect(visible(html)).toContain('Trending');
    expect(text).toContain('Trending');
    expect(text).not.toContain('Matches');
  });

  it('offers the browser, the preferences and the way out at the top and at the bottom', () => {
    const { html, text } = compose();
    for (const link of Object.values(links)) {
      expect(count(html, `href="${link}"`)).toBe(2);
      expect(text).toContain(link);
    }
    expect(html.indexOf(links.unsubscribe)).toBeLessThan(html.indexOf('Video diffusion in four steps</a>'));
  });

  it('is named after its first paper, and how many more there are', () => {
    expect(compose().subject).toBe('Video diffusion in four steps');
    expect(compose({ papers: many(4) }).subject).toBe('Paper 1 + 3 more');
    expect(compose({ papers: many(4) }).html).toContain('Paper 2 · Paper 3 · Paper 4</div>');
  });

  it('shows of the abstract what the subscriber asked for', () => {
    const summary = 'Four steps do it.';
    const abstract = `${'Long sentences follow one another. '.repeat(40)}The end.`;
    const papers = [{ paper: paper({ summary, abstract }), topics: [] }];
    const shown = (abstractLength: DigestContent['abstractLength']) => {
      const { html, text } = compose({ papers, abstractLength });
      return [visible(html), text.replace(/\s+/g, ' ')].map((t) => [t.includes(summary), t.includes('The end.')]);
    };
    expect(shown('none')).toEqual([
      [false, false],
      [false, false],
    ]);
    expect(shown('short')).toEqual([
      [true, false],
      [true, false],
    ]);
    expect(shown('full')).toEqual([
      [false, true],
      [false, true],
    ]);
  });

  it('shows no picture and no link but by https', () => {
    const { html, text } = withPaper({
      identifier: 'feed-1',
      thumbnailUrl: 'http://images.example.org/x.png',
      discussionUrl: 'javascript:alert(1)',
      codeUrl: 'data:text/html,x',
      projectUrl: 'https://ada.example.org/"onmouseover="alert(1)',
    });
    expect(html).not.toContain('<img');
    expect(html + text).not.toMatch(/javascript:|data:/);
    expect(html).not.toContain('"onmouseover');
  });

  it.each([
    'https://images.example.org/x.png',
    'https://huggingface.co.example.org/x.png',
    'https://nothuggingface.co/x.png',
    'https://huggingface.co@example.org/x.png',
  ])('finding 23: shows no picture of a host that nobody knows: %s', (thumbnailUrl) => {
    expect(withPaper({ thumbnailUrl }).html).not.toContain('<img');
  });

  it('asks no third party for anything but the thumbnails', () => {
    const { html } = withPaper({ thumbnailUrl: null });
    expect(html).not.toMatch(/<(img|link|script|iframe)|@import|url\(/);
  });

  it('reads well for screen readers, in dark mode and in Outlook', () => {
    const { html } = compose();
    expect(html).toContain('<html lang="en" dir="ltr"');
    expect(html).toMatch(/<title>\s*Video diffusion in four steps\s*<\/title>/);
    expect(html.match(/<table/g)?.length).toBe(html.match(/role="presentation"/g)?.length);
    expect(html).toContain('<meta name="color-scheme" content="light dark"');
    expect(html).toContain('@media (prefers-color-scheme: dark)');
    expect(html).toContain('<!--[if mso | IE]>');
  });

  it('is the same mail whenever it is composed', () => {
    expect(compose()).toEqual(compose());
  });
});

describe('hostile papers', () => {
  const titles = [
    '</mj-text><mj-raw><b>x</b></mj-raw>',
    '<script>alert(1)</script>',
    '<![endif]--> and <!-- more',
    '{{x}} {{= it.unsubscribe }} <%= it.x %> %%x%% #{x} %(x)s',
    `"quotes' & ampersands; &lt;b&gt;`,
  ];

  it.each(titles)('row 43: a title is literal text everywhere: %s', (title) => {
    const { html, text, subject } = withPaper({ title, abstract: title, organization: title, authors: [title] });
    expect(count(visible(html), title.replace(/\s+/g, ' '))).toBeGreaterThanOrEqual(4);
    expect(html).not.toMatch(/<script|<mj-|<b>/);
    expect(text.replace(/\s+/g, ' ')).toContain(title);
    expect(subject).toBe(title);
    expect(visible(webView({ papers: [{ paper: paper({ title }), topics: [] }] }))).toContain(title);
  });

  it('row 44: a title of 10 kB is cut, in the subject shorter than in the mail', () => {
    const { html, subject } = compose({ papers: many(3, { title: '🦜'.repeat(2_500) }) });
    expect(subject).toMatch(/^(🦜)+ … \+ 2 more$/u);
    expect(subject.length).toBeLessThan(140);
    expect(Buffer.byteLength(html)).toBeLessThan(20_000);
    expect(html).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
  });

  it('row 45: an abstract of 1 MB and 500 papers make no mail that is cut off, and nothing is missing in the browser', () => {
    const papers = many(500, { abstract: 'word '.repeat(200_000) });
    const { html, text } = compose({ papers, abstractLength: 'full' });
    expect(Buffer.byteLength(html)).toBeLessThanOrEqual(95_000);
    expect(Buffer.byteLength(html)).toBeGreaterThan(80_000);
    const shown = html.match(/<h2/g)?.length ?? 0;
    expect(visible(html)).toContain(`read ${500 - shown} more papers in the browser`);
    expect(count(html, links.unsubscribe)).toBe(2);
    expect(text).toContain('Paper 500');
    const inBrowser = webView({ papers, abstractLength: 'full' });
    expect(inBrowser.match(/<h2/g)).toHaveLength(500);
    expect(inBrowser).not.toContain('in the browser');
  });

  it('any text is escaped, and the mail keeps its size', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 2_000 }), fc.integer({ min: 1, max: 60 }), (any, size) => {
        const papers = many(size, { title: `x${any}`, abstract: any, organization: any, authors: [any, any] });
        const { html } = compose({ papers, abstractLength: 'full' });
        expect(Buffer.byteLength(html)).toBeLessThanOrEqual(95_000);
        expect(html.replace(/<[^<>]*>/g, '')).not.toMatch(/<(?!!)/);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the text of a digest', () => {
  it('is wrapped at 72 columns, but for addresses', () => {
    const { text } = compose({ papers: many(12, { abstract: 'Some words of an abstract, '.repeat(30) }) });
    for (const line of text.split('\n')) if (!line.includes('https://')) expect(line.length).toBeLessThanOrEqual(72);
  });
});

describe('the headers of a digest', () => {
  const config = parseConfig({ SECRET_KEY: 'x'.repeat(16), MAIL_FROM: 'Papers <papers@lab.example.org>' });

  it('let mail programs file it, leave it by one click, and not answer it', () => {
    expect(digestHeaders(config, '2026-02-04', links.unsubscribe)).toEqual({
      'List-Id': '<digest.lab.example.org>',
      'List-Unsubscribe': '<https://papers.example.org/unsubscribe/u-token>',
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      'Auto-Submitted': 'auto-generated',
      'Feedback-ID': '2026-02-04:digest:lab.example.org:offprint',
    });
  });

  it('identify it by its id and our domain', () => {
    expect(digestMessageId(config, 'digest-1')).toBe('<digest-1@lab.example.org>');
  });
});
