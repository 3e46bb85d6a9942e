import { decodeHTML } from 'entities';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config.js';
import {
  type ComposedDigest,
  composeDigest,
  digestHeaders,
  digestMessageId,
  type PreparedDigests,
} from '../../src/digests/compose.js';
import { type Account, anyReader, type DigestContent } from '../../src/digests/content.js';
import { type DigestTemplates, loadDigestTemplates } from '../../src/digests/templates.js';
import { type Segment, textOf } from '../../src/mail/segment.js';
import type { PaperContent } from '../../src/papers/paper.js';
import { sampleNews } from '../helpers/mails.js';

let templates: DigestTemplates;
beforeAll(async () => {
  templates = (await loadDigestTemplates()).en;
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
  feedback: 'https://papers.example.org/feedback/f-token',
};
const account = (given: Partial<Account> = {}): Account => ({
  offered: 17,
  matched: 4,
  days: 1,
  samples: false,
  outside: null,
  ...given,
});

function content(given: Partial<DigestContent> = {}): DigestContent {
  const papers = [{ paper: paper(), topics: ['Diffusion models', 'Video generation'] }];
  return {
    id: 'digest-1',
    day: '2026-02-04',
    abstractLength: 'short',
    papers,
    account: null,
    since: [],
    reader: anyReader,
    operator: { name: null, url: null },
    links,
    ...given,
  };
}

const compose = (given: Partial<DigestContent> = {}) => {
  const { subject, html, text } = composeDigest(templates, content(given));
  return { subject, html: textOf(html), text: textOf(text) };
};
const withPaper = (given: Partial<PaperContent>) => compose({ papers: [{ paper: paper(given), topics: [] }] });
const withPicture = (given: Partial<PaperContent>) =>
  compose({ papers: [{ paper: paper(given), topics: [] }], reader: { ...anyReader, pictures: true } });
const many = (count: number, given: Partial<PaperContent> = {}) =>
  Array.from({ length: count }, (_, i) => ({ paper: paper({ title: `Paper ${i + 1}`, ...given }), topics: [] }));

/** The text that a reader sees. */
const visible = (html: string) =>
  decodeHTML(html.slice(html.indexOf('<body')).replace(/<!--[\s\S]*?-->|<[^>]+>/g, ' ')).replace(/\s+/g, ' ');
const count = (text: string, part: string) => text.split(part).length - 1;

describe('a digest', () => {
  it('tells of each paper what a reader decides by, in HTML and in text', () => {
    const { html, text } = compose();
    for (const shown of [visible(html), text].map((each) => each.replace(/\s+/g, ' '))) {
      expect(shown).toContain('Video diffusion in four steps');
      expect(shown).toContain('Ada Lovelace, Alan Turing, …, Mary Somerville (5) · Analytical Engines · arXiv 2 Feb');
      expect(shown).toContain('1,234 votes · 1 comment');
      expect(shown).toContain('four steps are enough');
      expect(shown).toContain('Code ★ 57');
    }
    expect(visible(html)).toContain('Diffusion models · Video generation');
    expect(text).toContain('Why: Diffusion models · Video generation');
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

  it('says why a paper is there, by the words that decided, and of more than two reasons how many more', () => {
    const topics = ['AI agents (tool use)', 'Reasoning', 'Robotics', 'your phrase “world model”'];
    const { html, text } = compose({ papers: [{ paper: paper(), topics }] });
    expect(visible(html)).toContain('AI agents (tool use) · Reasoning +2');
    expect(text).toContain('Why: AI agents (tool use) · Reasoning +2');
    const trending = compose({ papers: [{ paper: paper(), topics: [] }] });
    expect(visible(trending.html)).toContain('Trending');
    expect(trending.text).toContain('Trending');
  });

  it('says who wrote what it shows: of a summary that a model did', () => {
    const summed = withPaper({ summary: 'Four steps do it.' });
    expect(visible(summed.html)).toContain('summary by a model');
    expect(summed.text).toContain('(Summary by a model.)');
    expect(visible(withPaper({}).html)).not.toContain('by a model');
  });

  it('has the year of an old paper, and leaves out what says nothing', () => {
    const { html } = withPaper({ publishedAt: new Date('2024-02-02'), comments: 0, upvotes: 0, codeStars: 3 });
    expect(visible(html)).toContain('arXiv 2 February 2024');
    expect(visible(html)).not.toMatch(/vote|comment|★/);
  });

  it('leads with the browser, and ends with what was chosen and the ways to change it', () => {
    const { html, text } = compose({
      reader: { ...anyReader, topics: ['agents', 'robotics'], own: 2, timezone: 'Europe/Berlin' },
    });
    for (const link of Object.values(links)) expect(text).toContain(link);
    expect(count(html, `href="${links.web}"`)).toBe(1);
    for (const link of [links.preferences, `${links.preferences}#pause`, links.unsubscribe])
      expect(html.indexOf(`href="${link}"`)).toBeGreaterThan(html.indexOf('Video diffusion in four steps</a>'));
    for (const shown of [visible(html), text.replace(/\s+/g, ' ')])
      expect(shown).toContain(
        'You chose AI agents, Robotics and embodied AI, 2 interests of your own · daily at 08:00, Berlin.',
      );
  });

  it('has a place to vote on each paper', () => {
    const { html } = compose({ papers: many(2) });
    for (const number of [1, 2])
      for (const vote of ['more', 'less'])
        expect(html).toContain(`href="${links.feedback}?paper=${number}&amp;vote=${vote}"`);
  });

  it('is named after its papers, as short as their names are', () => {
    expect(compose().subject).toBe('Video diffusion in four steps');
    const titled = (...titles: string[]) =>
      compose({ papers: titles.map((title) => ({ paper: paper({ title }), topics: [] })) }).subject.replaceAll(
        '\u00a0',
        ' ',
      );
    expect(titled('EnvHarness: Worlds', 'FACET: Tasks', 'No name here', '4DAnyone: People', 'NARU: More')).toBe(
      'EnvHarness, FACET, 4DAnyone + 2 more papers',
    );
    expect(titled('A long title without a short name that goes on and on', 'B: b')).toBe(
      'A long title without a short name that goes … + 1 more paper',
    );
    expect(titled('A: a', 'B: b')).toBe('A, B');
    const samples = compose({ account: account({ samples: true }) });
    expect(samples.subject).toMatch(/^\[Sample\] /);
    expect(visible(samples.html)).toContain('Sample papers');
    expect(samples.text).toContain('Sample papers');
  });

  it('says in the preview line what the subject lacks, and keeps what follows out of it', () => {
    const preview = (given: Partial<DigestContent>) => {
      const [, shown = ''] = /display:none[^>]*>([^<]*)</.exec(compose(given).html) ?? [];
      return decodeHTML(shown);
    };
    expect(preview({})).toMatch(
      /^We show that four steps are enough, and why three are not\.[\u034f\u200c\u00a0]{60,}$/,
    );
    const papers = [['AI agents (tool use)'], ['AI agents (agents)', 'Robotics'], ['Robotics']].map((topics) => ({
      paper: paper({ upvotes: 163 }),
      topics,
    }));
    expect(preview({ papers })).toMatch(/^AI agents 2, Robotics 1 · top: 163\u00a0votes/);
  });

  it('gives the account of the day on top, and the receipt of it at the end', () => {
    const outside = {
      paper: paper({ title: 'Mega-ASR: Speech', upvotes: 44 }),
      topic: { slug: 'speech', name: 'Speech and audio' },
    };
    const reader = { ...anyReader, topics: ['agents'] };
    const { html, text } = compose({ papers: many(2), account: account({ outside }), reader });
    for (const shown of [visible(html), text].map((each) => each.replace(/\s+/g, ' '))) {
      expect(shown).toContain('Wednesday, 4 February');
      expect(shown).toContain('2 of the day’s 17 papers match what you chose');
      expect(shown).toContain(
        'That is all for Wednesday. Of 17 papers, 4 matched, of which these are the best 2; 13 did not.',
      );
      expect(shown).toContain('The most voted of those: Mega-ASR: Speech (44 votes)');
    }
    expect(html).toContain(`href="${links.preferences}?add=speech"`);
    const several = compose({ papers: many(2), account: account({ days: 4, offered: 60 }), reader });
    expect(visible(several.html)).toContain('2 of 60 papers of 4 days match');
    const trending = compose({ papers: many(2), account: account({ matched: 17 }) });
    expect(visible(trending.html)).toContain('2 of the day’s 17 papers that people talk about most');
    expect(visible(trending.html)).not.toContain('did not');
  });

  it('has a list of contents from four papers on, of which each line leads to its paper', () => {
    expect(count(compose({ papers: many(3) }).html, 'Paper 2</a>')).toBe(1);
    const { html, text } = compose({ papers: many(4) });
    expect(count(html, '>Paper 2</a>')).toBe(2);
    expect(count(text, 'Paper 2\n')).toBe(2);
    expect(html).not.toContain('href="#');
  });

  it('is a list of titles for who wants no more', () => {
    const { html, text } = compose({ papers: many(20), abstractLength: 'none' });
    expect(count(html, 'Paper 20</a>')).toBe(1);
    expect(visible(html)).toContain('Ada Lovelace et al. · 1,234 votes · PDF');
    expect(html).not.toMatch(/<h2|<img/);
    expect(visible(html)).not.toContain('four steps are enough');
    expect(Buffer.byteLength(html)).toBeLessThan(25_000);
    expect(text).not.toContain('four steps are enough');
  });

  it('shows of the abstract what the subscriber asked for', () => {
    const summary = 'Four steps do it.';
    const abstract = `${'Long sentences follow one another. '.repeat(40)}The end.`;
    const papers = [{ paper: paper({ summary, abstract }), topics: [] }];
    const shown = (abstractLength: DigestContent['abstractLength']) => {
      const { html, text } = compose({ papers, abstractLength });
      // The preview line is of the summary.
      return [visible(html.replace(/<div style="display:none[^<]*<\/div>/, '')), text.replace(/\s+/g, ' ')].map((t) => [
        t.includes(summary),
        t.includes('The end.'),
      ]);
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

  it('names who sends it', () => {
    const { html, text } = compose({ operator: { name: 'Physics <Library>', url: 'https://library.example' } });
    expect(html).toContain(
      'Sent by <a href="https://library.example" style="color:#9c2f1f">Physics &lt;Library&gt;</a>.',
    );
    expect(text.replace(/\s+/g, ' ')).toContain('Sent by Physics <Library>, https://library.example.');
    expect(compose().html).not.toContain('Sent by');
  });

  it('has a paper’s own picture for who switched pictures on, and for nobody else', () => {
    const reader = { ...anyReader, pictures: true };
    expect(compose({ reader }).html).toContain(
      'src="https://cdn-thumbnails.huggingface.co/2602.02276.png" alt="Figure from the paper"',
    );
    expect(compose().html).not.toContain('<img');
  });

  it('shows no picture and no link but by https', () => {
    const { html, text } = withPicture({
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
    expect(withPicture({ thumbnailUrl }).html).not.toContain('<img');
  });

  it('asks no third party for anything', () => {
    const { html } = withPaper({});
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
    expect(html).not.toMatch(/<script|<mj-|<b>x/);
    expect(text.replace(/\s+/g, ' ')).toContain(title);
    expect(subject).toBe(title);
  });

  it('row 44: a title of 10 kB is cut, in the subject shorter than in the mail', () => {
    const { html, subject } = compose({ papers: many(3, { title: '🦜'.repeat(2_500) }) });
    expect(subject).toMatch(/^(🦜)+ … \+ 2 more papers$/u);
    expect(subject.length).toBeLessThan(80);
    expect(Buffer.byteLength(html)).toBeLessThan(30_000);
    expect(html).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
  });

  it('row 45: an abstract of 1 MB and 500 papers make no mail that is cut off, and nothing is missing in the browser', () => {
    const papers = many(500, { abstract: 'word '.repeat(200_000) });
    const { html, text } = compose({ papers, abstractLength: 'full' });
    expect(Buffer.byteLength(html)).toBeLessThanOrEqual(95_000);
    expect(Buffer.byteLength(html)).toBeGreaterThan(80_000);
    const shown = html.match(/>\d+\.<\/b>/g)?.length ?? 0;
    expect(visible(html)).toContain(`read ${500 - shown} more papers in the browser`);
    expect(count(html, `href="${links.unsubscribe}"`)).toBe(1);
    expect(text).toContain('Paper 500');
  });

  it('too much of abstracts is shortened from the last paper on, before any paper is left out', () => {
    const papers = many(20, { abstract: 'A sentence of it. '.repeat(500), summary: null });
    const { html } = compose({ papers, abstractLength: 'full' });
    expect(Buffer.byteLength(html)).toBeLessThanOrEqual(95_000);
    expect(html.match(/<h2/g)).toHaveLength(20);
    const lengths = html
      .split('<h2')
      .slice(1)
      .map((card) => card.length);
    expect(Math.max(...lengths.slice(0, 5))).toBeGreaterThan(6_000);
    expect(lengths.at(-2)).toBeLessThan(3_000);
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

describe('a digest that is made after others', () => {
  const readers = fc.record({
    topics: fc.subarray(['agents', 'reasoning']),
    own: fc.nat({ max: 1 }),
    pictures: fc.boolean(),
    hour: fc.constantFrom(8, 9),
    frequency: fc.constantFrom('daily' as const, 'weekly' as const),
    timezone: fc.constantFrom('UTC', 'Europe/Berlin'),
  });
  const outside = fc.constantFrom(
    null,
    { paper: paper({ title: 'Of the others' }), topic: null },
    { paper: paper({ title: 'Of the others' }), topic: { slug: 'robotics', name: 'Robotics' } },
    { paper: paper({ title: 'Another of them' }), topic: { slug: 'agents', name: 'AI agents' } },
  );
  const accounts = fc.record({
    offered: fc.constantFrom(3, 17),
    matched: fc.constantFrom(1, 3),
    days: fc.constantFrom(1, 2),
    samples: fc.boolean(),
    outside,
  });
  const fields = ['reader', 'account', 'day', 'abstractLength', 'since', 'operator', 'links'] as const;
  const others = fc.record({
    reader: readers.map((chosen) => ({ ...anyReader, ...chosen })),
    account: fc.option(accounts),
    day: fc.constantFrom('2026-02-04', '2027-02-04'),
    abstractLength: fc.constantFrom('none' as const, 'short' as const, 'full' as const),
    since: fc.constantFrom([], sampleNews.slice(0, 1)),
    operator: fc.constantFrom({ name: null, url: null }, { name: 'A lab', url: 'https://lab.example' }),
    links: fc.constantFrom(links, { ...links, web: `${links.web}-2` }),
  });

  /** One digest, and others that differ from it in one thing each. */
  const alike = fc
    .tuple(others, fc.array(fc.tuple(fc.constantFrom(...fields), others), { minLength: 1, maxLength: 4 }))
    .map(([first, changed]): Partial<DigestContent>[] => [
      first,
      ...changed.map(([field, other]) => ({ ...first, [field]: other[field] })),
    ]);

  it('is the same as made by itself, whatever was kept of them', async () => {
    const lists = [1, 3, 30].map((count) => many(count, { abstract: 'Words of an abstract. '.repeat(100) }));
    const inFull = { abstractLength: 'full' as const };
    const { en: kept } = await loadDigestTemplates();
    const wire = (segments: readonly Segment[]) => segments.map(({ encoded }) => encoded).join('');
    const mail = ({ subject, html, text }: ComposedDigest) => ({ subject, html: wire(html), text: wire(text) });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...lists), alike, async (papers, digests) => {
        // An edition has one account.
        const known = new Map<unknown, PreparedDigests>();
        for (const digest of digests.map((other) => content({ ...other, papers }))) {
          const { en: untouched } = await loadDigestTemplates();
          const alone = mail(composeDigest(untouched, digest));
          const prepared = known.get(digest.account) ?? new Map();
          known.set(digest.account, prepared);
          expect(mail(composeDigest(kept, digest, prepared))).toEqual(alone);
          expect(mail(composeDigest(kept, digest))).toEqual(alone);
        }
      }),
      {
        numRuns: 60,
        // Which has less room for papers.
        examples: [[lists.at(-1) ?? [], [inFull, { ...inFull, since: sampleNews }]]],
      },
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

describe('what became of earlier papers', () => {
  it('stands at the end of a digest, in HTML and text, and leaves room for it', () => {
    const { html, text } = compose({ since: sampleNews });
    for (const part of [html.replaceAll(/<[^>]*>/g, '').replaceAll('&nbsp;', '\u00a0'), text])
      for (const said of [
        'Since then.',
        'Withdrawn: ',
        'Code is out: ',
        'A new version: ',
        '1,301\u00a0votes by now: ',
      ])
        expect(part).toContain(said);
    expect(html).toContain('href="https://github.com/ada/harness71"');
    expect(compose().html).not.toContain('Since then');
    const long = { paper: paper({ title: '<&"'.repeat(200), abstract: '&'.repeat(5_000) }), topics: [] };
    const since = sampleNews.map((each) => ({
      ...each,
      paper: long.paper,
      codeUrl: `https://a.example/${'x'.repeat(1_900)}`,
    }));
    const full = compose({ papers: Array.from({ length: 20 }, () => long), abstractLength: 'full', since });
    expect(Buffer.byteLength(full.html)).toBeLessThanOrEqual(95_000);
    expect(full.html).toContain('Since then.');
  });
});
