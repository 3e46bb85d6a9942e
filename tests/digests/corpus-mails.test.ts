import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HtmlValidate } from 'html-validate';
import { beforeAll, describe, expect, it } from 'vitest';
import { composeDigest } from '../../src/digests/compose.js';
import { type DigestTemplates, loadDigestTemplates } from '../../src/digests/templates.js';
import { textOf } from '../../src/mail/segment.js';
import { newPaper } from '../../src/papers/merge.js';
import { readDailyPapers } from '../../src/sources/daily-papers.js';
import { digestOf } from '../helpers/mails.js';

const corpus = process.env['OFFPRINT_CORPUS'];
const folder = join(corpus ?? '', 'huggingface');

describe.skipIf(!corpus)('the mails of every captured day', () => {
  let templates: DigestTemplates;
  beforeAll(async () => {
    templates = (await loadDigestTemplates()).en;
  });
  const days = corpus ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  const papersOf = (file: string) =>
    readDailyPapers(readFileSync(join(folder, file), 'utf8'))
      .entries.slice(0, 20)
      .map(({ paper }) => ({
        paper: newPaper(paper, new Date(0)),
        topics: ['AI agents (tool use, planning)', 'Reasoning'],
      }));

  it.each(['none', 'short', 'full'] as const)(
    'are at most 95 KB, valid, and lead nowhere but to https, with abstracts: %s',
    async (abstractLength) => {
      const validator = new HtmlValidate({
        extends: ['html-validate:standard'],
        rules: { 'no-deprecated-attr': 'off' },
      });
      expect(days.length).toBeGreaterThan(0);
      for (const file of days) {
        const papers = papersOf(file);
        if (papers.length === 0) continue;
        const { html: segments, subject } = composeDigest(templates, digestOf(papers, { abstractLength }));
        const html = textOf(segments);
        expect(Buffer.byteLength(html), file).toBeLessThanOrEqual(95_000);
        expect(subject.length, file).toBeLessThanOrEqual(120);
        const { results } = await validator.validateString(html);
        expect(
          results.flatMap(({ messages }) => messages.map(({ message }) => message)),
          file,
        ).toEqual([]);
        for (const [, href] of html.matchAll(/<a\s[^>]*href="([^"]*)"/g)) expect(href, file).toMatch(/^https:\/\//);
        // Papers are shortened before any is left out.
        expect(html.match(/>20\.<\//)?.length ?? 0, file).toBe(papers.length === 20 ? 1 : 0);
      }
    },
    120_000,
  );
});
