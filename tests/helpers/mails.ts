import { parseConfig } from '../../src/config.js';
import { composeDigest } from '../../src/digests/compose.js';
import { anyReader, type DigestContent, type DigestEntry, type SentPaperNews } from '../../src/digests/content.js';
import { loadDigestTemplates } from '../../src/digests/templates.js';
import type { Language } from '../../src/languages/language.js';
import { textsIn } from '../../src/languages/texts.js';
import { textOf } from '../../src/mail/segment.js';
import type { PaperContent } from '../../src/papers/paper.js';
import {
  composeAlreadySubscribed,
  composeConfirmation,
  composeDataLinks,
  composeNewAddress,
  composeNewLinks,
  footOf,
} from '../../src/subscribers/mails.js';
import { loadNoticeTemplates } from '../../src/subscribers/templates.js';

export interface SampleMail {
  name: string;
  subject: string;
  html: string;
  text: string;
}

const site = 'https://papers.example.org';
const token = 'AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789';

/** Addresses as digests have them. */
export const digestLinks = {
  preferences: `${site}/preferences/${token}`,
  unsubscribe: `${site}/unsubscribe/${token}`,
  web: `${site}/digests/${token}`,
  feedback: `${site}/feedback/${token}`,
};

/** A paper as sources tell of one. */
function samplePaper(number: number, given: Partial<PaperContent> = {}): PaperContent {
  return {
    identifier: `2602.0${1000 + number}`,
    title: `Harness${number}: Awakening static worlds for the agents that learn in them`,
    authors: ['Ada Lovelace', 'Alan Turing', 'Grace Hopper', 'Emmy Noether'],
    organization: 'Analytical Engines',
    publishedAt: new Date('2026-02-02T09:00:00Z'),
    abstract:
      'We reshape static environments through plug-ins that target the weak spots of an agent. On held-out instances it gains nine points with ten percent fewer steps, and we show why three are not enough.',
    summary:
      number % 2 ? 'Static environments are reshaped through plug-ins that target the weak spots of an agent.' : null,
    upvotes: 163 - number,
    comments: number % 3,
    thumbnailUrl: 'https://cdn-uploads.huggingface.co/figure.png',
    discussionUrl: `https://huggingface.co/papers/2602.0${1000 + number}`,
    codeUrl: 'https://github.com/ada/harness',
    codeStars: 57,
    projectUrl: 'https://ada.example.org/harness',
    ...given,
  };
}

/** What became of papers that were sent before. */
export const sampleNews: SentPaperNews[] = [
  { paper: samplePaper(70), kind: 'withdrawn', votes: null, codeUrl: null },
  { paper: samplePaper(71), kind: 'code', votes: null, codeUrl: 'https://github.com/ada/harness71' },
  { paper: samplePaper(72), kind: 'version', votes: null, codeUrl: null },
  {
    paper: samplePaper(73, { identifier: 'x', discussionUrl: null, projectUrl: null, codeUrl: null }),
    kind: 'votes',
    votes: 1_301,
    codeUrl: null,
  },
];

/** A digest of these papers, as it would be mailed. */
export function digestOf(papers: readonly DigestEntry[], given: Partial<DigestContent> = {}): DigestContent {
  return {
    id: 'digest-1',
    day: '2026-02-04',
    abstractLength: 'short',
    papers,
    account: {
      offered: 32,
      matched: 16,
      days: 1,
      samples: false,
      outside: { paper: samplePaper(99), topic: { slug: 'robotics', name: 'Robotics and embodied AI' } },
    },
    since: [],
    reader: { ...anyReader, topics: ['agents', 'reasoning'], own: 1, timezone: 'Europe/Berlin' },
    operator: { name: 'Physics Library', url: 'https://library.example/imprint' },
    links: digestLinks,
    ...given,
  };
}

/** Every kind of mail that Offprint sends, in a language. */
export async function sampleMails(language: Language = 'en'): Promise<SampleMail[]> {
  const { [language]: digests } = await loadDigestTemplates();
  const templates = await loadNoticeTemplates();
  const foot = footOf(
    parseConfig({ BASE_URL: site, OPERATOR_NAME: 'Physics Library', OPERATOR_URL: 'https://library.example/imprint' }),
  );
  const making = { texts: textsIn(language), templates, foot };
  const entries = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      paper: samplePaper(i + 1),
      topics: i % 4 === 3 ? [] : ['AI agents (tool use, planning)', 'Reasoning', 'your phrase “world model”'],
    }));
  const digest = (name: string, content: DigestContent): SampleMail => {
    const { subject, html, text } = composeDigest(digests, content);
    return { name, subject, html: textOf(html), text: textOf(text) };
  };
  const preferencesUrl = digestLinks.preferences;
  const confirmUrl = `${site}/confirm/${token}`;
  const samples = { offered: 8, matched: 8, days: 1, samples: true, outside: null };
  return [
    digest('digest', digestOf(entries(8))),
    digest('digest of one paper', digestOf(entries(1))),
    digest('digest with what became of others', digestOf(entries(2), { since: sampleNews })),
    digest('digest of titles', digestOf(entries(20), { abstractLength: 'none' })),
    digest('digest in full', digestOf(entries(20), { abstractLength: 'full' })),
    digest('digest with pictures', digestOf(entries(4), { reader: { ...anyReader, pictures: true } })),
    digest('digest of samples', digestOf(entries(4), { account: samples, operator: { name: null, url: null } })),
    { name: 'confirmation', ...composeConfirmation(making, { confirmUrl, code: '012345' }) },
    { name: 'already subscribed', ...composeAlreadySubscribed(making, { preferencesUrl }) },
    {
      name: 'data links',
      ...composeDataLinks(making, {
        exportUrl: `${preferencesUrl}/export`,
        eraseUrl: `${preferencesUrl}/erase`,
        addressUrl: `${preferencesUrl}/address`,
      }),
    },
    { name: 'new links', ...composeNewLinks(making, 'new-links', { preferencesUrl }) },
    { name: 'lost link', ...composeNewLinks(making, 'lost-link', { preferencesUrl }) },
    { name: 'new address', ...composeNewAddress(making, { confirmUrl: `${site}/address/${token}` }) },
  ];
}
