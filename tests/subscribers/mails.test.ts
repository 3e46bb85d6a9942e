import { beforeAll, describe, expect, it } from 'vitest';
import { composeAlreadySubscribed, composeConfirmation } from '../../src/subscribers/mails.js';
import { loadNoticeTemplates, type NoticeTemplates } from '../../src/subscribers/templates.js';

let templates: NoticeTemplates;
beforeAll(async () => {
  templates = await loadNoticeTemplates();
});

describe('the mails about a subscription', () => {
  it('the confirmation has one button, the same address in words, and says what happens without it', () => {
    const confirmUrl = 'https://papers.example.org/confirm/token';
    const { html, text, subject } = composeConfirmation(templates, { confirmUrl });
    expect(subject).toBe('Confirm your subscription to Offprint');
    expect(html.match(/<a\s[^>]*href="[^"]*"/g)).toHaveLength(2);
    expect(html).toContain(`>${confirmUrl}</a>`);
    expect(text).toContain(`\n${confirmUrl}\n`);
    for (const part of [html, text]) expect(part).toContain('If you did not ask for this');
  });

  it('the answer to a known address leads to the preferences', () => {
    const preferencesUrl = 'https://papers.example.org/preferences/token';
    const { html, text } = composeAlreadySubscribed(templates, { preferencesUrl });
    expect(html).toContain(`href="${preferencesUrl}"`);
    expect(text).toContain(`\n${preferencesUrl}\n`);
  });

  it('their text fits 72 columns', () => {
    const composed = [
      composeConfirmation(templates, { confirmUrl: 'x' }),
      composeAlreadySubscribed(templates, { preferencesUrl: 'x' }),
    ];
    for (const { text } of composed)
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(72);
  });
});
