import { beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config.js';
import type { Language } from '../../src/languages/language.js';
import { textsIn } from '../../src/languages/texts.js';
import {
  composeAlreadySubscribed,
  composeConfirmation,
  composeDataLinks,
  composeNewAddress,
  composeNewLinks,
  footOf,
} from '../../src/subscribers/mails.js';
import { loadNoticeTemplates, type NoticeTemplates } from '../../src/subscribers/templates.js';

let templates: NoticeTemplates;
beforeAll(async () => {
  templates = await loadNoticeTemplates();
});

const foot = footOf(
  parseConfig({
    BASE_URL: 'https://papers.example.org',
    OPERATOR_NAME: 'Physics Library',
    OPERATOR_URL: 'https://library.example',
  }),
);
const url = 'https://papers.example.org/x/token';
const making = (language: Language = 'en') => ({ texts: textsIn(language), templates, foot });

describe('the mails about a subscription', () => {
  it('the confirmation has one button, the same address in words, a code, and says what happens without them', () => {
    const { html, text, subject } = composeConfirmation(making(), { confirmUrl: url, code: '012345' });
    expect(subject).toBe('Confirm your subscription to Offprint');
    expect(html.match(new RegExp(`<a\\s[^>]*href="${url}"`, 'g'))).toHaveLength(2);
    expect(html).toContain(`>${url}</a>`);
    expect(text).toContain(`\n${url}\n`);
    for (const part of [html, text]) {
      expect(part).toContain('If you did not ask for this');
      expect(part).toContain('012345');
    }
  });

  it('the answer to a known address leads to the preferences', () => {
    const { html, text } = composeAlreadySubscribed(making(), { preferencesUrl: url });
    expect(html).toContain(`href="${url}"`);
    expect(text).toContain(`\n${url}\n`);
  });

  const all = () => [
    composeConfirmation(making(), { confirmUrl: url, code: '012345' }),
    composeAlreadySubscribed(making(), { preferencesUrl: url }),
    composeDataLinks(making(), { exportUrl: url, eraseUrl: url, addressUrl: url }),
    composeNewLinks(making(), 'new-links', { preferencesUrl: url }),
    composeNewLinks(making(), 'lost-link', { preferencesUrl: url }),
    composeNewAddress(making(), { confirmUrl: url }),
  ];

  it('each names Offprint, the site and who runs it', () => {
    for (const { html, text } of all()) {
      expect(text).toMatch(/^Offprint \(papers\.example\.org\)\n/);
      for (const part of [html, text]) expect(part).toContain('Physics Library');
      expect(html).toContain('href="https://library.example"');
    }
  });

  it('each asks no third party for anything, and hides no white text', () => {
    for (const { html } of all()) {
      expect(html).not.toMatch(/<(img|link|script|iframe)|@import|url\(/);
      expect(html).not.toMatch(/display:none[^>]*color:#fff/);
    }
  });

  it('their text fits 72 columns', () => {
    for (const { text } of all())
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(72);
  });
});
