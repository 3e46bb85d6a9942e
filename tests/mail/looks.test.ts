import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { caniemail } from 'caniemail';
import { HtmlValidate } from 'html-validate';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config.js';
import { digestHeaders } from '../../src/digests/compose.js';
import { languages } from '../../src/languages/language.js';
import { buildMessage } from '../../src/mail/message.js';
import { Segment } from '../../src/mail/segment.js';
import { hasNoBrowser, keepPicture, useBrowser, violationsOf } from '../helpers/browser.js';
import { digestLinks, type SampleMail, sampleMails } from '../helpers/mails.js';

const spamAssassin = '/usr/bin/spamassassin';
const { mail: mailConfig } = parseConfig({ MAIL_FROM: 'Offprint <digest@papers.example.org>' });

const programs: Parameters<typeof caniemail>[0]['clients'] = [
  'gmail.*',
  'apple-mail.*',
  'outlook.*',
  'yahoo.*',
  'samsung-email.*',
];
/** What mails have for programs that know it, and what becomes of it in those that do not. */
const mayLack = {
  '<body> element': 'the mail becomes a part of the program’s own page',
  'aria-label attribute': 'the title of the mail is not read out as its name',
  'role attribute': 'tables of the layout are read out as tables',
  'border-radius': 'corners are square',
  'white-space': 'a line may break before a number of votes',
  'word-break': 'a long word sticks out',
  'height property': 'a picture has the height that its width gives',
  // The line for the list of mails is hidden by each of these, by a font of 1 px and by the colour.
  'display:none': 'it is hidden by the others',
  opacity: 'it is hidden by the others',
  overflow: 'it is hidden by the others',
  // MJML writes these, where a program might have others by itself.
  'word-spacing': 'as the program has it',
  cursor: 'as the program has it',
  transform: 'as the program has it',
  'target attribute': 'a link opens where the program opens links',
};

/** A mail is a part of the page that its program makes. */
const ofWholePages = ['landmark-one-main', 'region', 'page-has-heading-one'];

const mails: SampleMail[] = [];
beforeAll(async () => {
  for (const language of languages)
    mails.push(...(await sampleMails(language)).map((mail) => ({ ...mail, name: `${mail.name} (${language})` })));
});

function rawMail({ subject, html, text }: SampleMail, number: number): Promise<Buffer> {
  return buildMessage({
    subject,
    html: [new Segment(html)],
    text: [new Segment(text)],
    from: { name: 'Offprint', address: 'digest@papers.example.org' },
    to: 'ada@example.net',
    date: new Date(),
    messageId: `<${number}@papers.example.org>`,
    headers: digestHeaders({ mail: mailConfig }, '2026-02-04', digestLinks.unsubscribe),
    dkim: null,
  });
}

describe('every mail', () => {
  it('is valid HTML, but for what mail programs need', async () => {
    const validator = new HtmlValidate({
      extends: ['html-validate:standard'],
      // Layout by tables is what mail programs know.
      rules: { 'no-deprecated-attr': 'off' },
    });
    for (const { name, html } of mails) {
      const { results } = await validator.validateString(html);
      const problems = results.flatMap(({ messages }) =>
        messages.map(({ ruleId, message, line }) => `${ruleId} ${message} ${line}`),
      );
      expect(problems, name).toEqual([]);
    }
  });

  it('has links that are https, and its own with a token', () => {
    for (const { name, html } of mails) {
      const links = [...html.matchAll(/<a\s[^>]*href="([^"]*)"/g)].map(([, href]) => href ?? '');
      expect(links.length, name).toBeGreaterThan(0);
      for (const link of links) expect(new URL(link).protocol, name).toBe('https:');
      const own = links.filter((link) => link.startsWith('https://papers.example.org/'));
      for (const link of own) expect(link, name).toMatch(/\/\w+\/[\w-]{60,}|^https:\/\/papers\.example\.org\/?$/);
    }
  });

  it.skipIf(!existsSync(spamAssassin))(
    'is no spam to SpamAssassin, by its rules that ask no network',
    async () => {
      const raw = await Promise.all(mails.map(rawMail));
      // It takes a second to start: one process reads them all (mbox, RFC 4155).
      const mbox = Buffer.concat(raw.flatMap((mail) => [Buffer.from('From - Wed Feb  4 08:00:00 2026\n'), mail]));
      const { stdout } = spawnSync(spamAssassin, ['--local', '--test-mode', '--mbox'], {
        input: mbox,
        encoding: 'utf8',
      });
      const judged = stdout.split(/^(?=From )/m);
      expect(judged).toHaveLength(mails.length);
      for (const judgement of judged) {
        const [, number] = /^Message-ID: <(\d+)@/m.exec(judgement) ?? [];
        const [, score] = /^X-Spam-Status:.* score=(-?[\d.]+)/m.exec(judgement) ?? [];
        expect(
          Number(score),
          `${mails[Number(number)]?.name}\n${judgement.slice(judgement.indexOf('Content analysis details'))}`,
        ).toBeLessThanOrEqual(0.1);
      }
    },
    120_000,
  );

  it('needs nothing that a mail program of many readers lacks (caniemail.com)', () => {
    for (const { name, html } of mails) {
      // What a style sheet adds is for programs that know it: the next test shows that a mail looks like itself without.
      const plain = html.replaceAll(/<style[\s\S]*?<\/style>/g, '');
      const { issues } = caniemail({ clients: programs, html: plain });
      const lacking = [...issues.errors].flatMap(([program, missing]) =>
        missing.filter(({ title }) => !(title in mayLack)).map(({ title }) => `${title}: ${program}`),
      );
      expect([...new Set(lacking)], name).toEqual([]);
    }
  });

  it('is at most 95 KB', () => {
    for (const { name, html } of mails) expect(Buffer.byteLength(html), name).toBeLessThanOrEqual(95_000);
  });

  describe.skipIf(hasNoBrowser)('in a browser', () => {
    const browser = useBrowser();

    it.each(['light', 'dark'] as const)(
      'can be read by everybody, with %s colours, on a phone and on a wide screen',
      async (colorScheme) => {
        for (const width of [320, 1_000]) {
          const context = await browser().newContext({ colorScheme, viewport: { width, height: 800 } });
          const page = await context.newPage();
          await page.route('https://**', (route) => route.abort());
          for (const { name, html } of mails) {
            await page.setContent(html);
            // Colours and names are the same on a phone; beside the mail there is a page on wide screens alone.
            if (width > 600) expect(await violationsOf(page, ofWholePages), name).toEqual([]);
            expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(width);
            await keepPicture(page, `mail ${name} ${colorScheme} ${width}`);
          }
          await context.close();
        }
      },
      120_000,
    );

    it('still looks like itself where its style sheet is dropped', async () => {
      const page = await browser().newPage({ viewport: { width: 700, height: 800 } });
      await page.route('https://**', (route) => route.abort());
      /** What a reader sees of the text: where it stands and how. */
      const looks = `[...document.querySelectorAll('h1, h2, p, a, b, td')].map((element) => {
        const { color, fontSize, fontWeight, fontFamily, marginTop, marginBottom } = getComputedStyle(element);
        return [element.tagName, color, fontSize, fontWeight, fontFamily, marginTop, marginBottom].join(' ');
      })`;
      for (const { name, html } of mails) {
        await page.setContent(html);
        const styled = (await page.evaluate(looks)) as string[];
        await page.setContent(html.replaceAll(/<style[\s\S]*?<\/style>/g, ''));
        expect(await page.evaluate(looks), name).toEqual(styled);
        await keepPicture(page, `mail ${name} without styles`);
      }
      await page.close();
    }, 60_000);

    it('of titles only is short: 20 of them take no more than 2,600 px on a phone', async () => {
      const page = await browser().newPage({ viewport: { width: 360, height: 800 } });
      await page.setContent(mails.find(({ name }) => name === 'digest of titles (en)')?.html ?? '');
      expect(await page.evaluate('document.documentElement.scrollHeight')).toBeLessThan(2_600);
      await page.close();
    });
  });
});
