import { readdirSync, readFileSync } from 'node:fs';
import { type MessageFormatElement, parse, TYPE } from '@formatjs/icu-messageformat-parser';
import { describe, expect, it } from 'vitest';
import { countedOf, receiptOf } from '../../src/digests/wording.js';
import { defaultLanguage, languages } from '../../src/languages/language.js';
import { Texts, textsIn } from '../../src/languages/texts.js';
import { projectPath } from '../../src/project.js';
import { topicNameTexts } from '../../src/topics/topic-name.js';
import { vocabulary } from '../../src/topics/vocabulary.js';

const read = (language: string): Record<string, string> =>
  JSON.parse(readFileSync(projectPath(`locales/${language}.json`), 'utf8'));
const english = read(defaultLanguage);
const others = languages.filter((language) => language !== defaultLanguage);

/** What a message is made with: its arguments, its tags in angle brackets, and the forms of its plurals. */
function partsOf(message: string) {
  const names = new Set<string>();
  const plurals: string[][] = [];
  const visit = (elements: MessageFormatElement[]) => {
    for (const element of elements) {
      if (element.type === TYPE.tag) {
        names.add(`<${element.value}>`);
        visit(element.children);
      } else if (element.type !== TYPE.literal && element.type !== TYPE.pound) names.add(element.value);
      if (element.type === TYPE.plural) plurals.push(Object.keys(element.options));
      if (element.type === TYPE.plural || element.type === TYPE.select)
        for (const { value } of Object.values(element.options)) visit(value);
    }
  };
  visit(parse(message));
  return { names: [...names].sort(), plurals };
}

/** Files below a folder, with what is in them. */
function filesIn(folder: string, ending: string): { name: string; text: string }[] {
  return readdirSync(projectPath(folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !name.includes('generated'))
    .map((name) => ({ name, text: readFileSync(projectPath(`${folder}/${name}`), 'utf8') }));
}

describe.each(others)('the texts in %s', (language) => {
  const texts = read(language);
  const topics = vocabulary.flatMap(({ slug }) => [`topic.${slug}`, `topic.${slug}.about`]);

  it('are complete: each of the English ones, each topic, and nothing else', () => {
    expect(Object.keys(texts).sort()).toEqual([...Object.keys(english), ...topics].sort());
    expect(Object.entries(texts).filter(([, text]) => text.trim() === '')).toEqual([]);
  });

  it('say what the English ones say: with the same values and tags', () => {
    for (const [key, message] of Object.entries(english))
      expect(partsOf(texts[key] ?? '').names, key).toEqual(partsOf(message).names);
  });
});

describe.each(languages)('the texts in %s', (language) => {
  const texts = read(language);

  it('have all forms of a plural that the language has', () => {
    const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    for (const [key, message] of Object.entries(texts))
      for (const forms of partsOf(message).plurals) {
        const missing = needed.filter((form) => !forms.includes(form));
        expect(missing, key).toEqual([]);
      }
  });

  it('call no value as they call a tag', () => {
    for (const [key, message] of Object.entries(texts)) {
      const { names } = partsOf(message);
      expect(
        names.filter((name) => names.includes(`<${name}>`)),
        key,
      ).toEqual([]);
    }
  });

  it('keep a number with its noun, and write numbers and days as the language does', () => {
    const { t, number, date } = textsIn(language);
    const shown = {
      one: t('digest.votes', { count: 1 }),
      many: t('digest.votes', { count: 1_234 }),
      number: number(1_234),
      long: date('2026-02-04', 'long'),
      instant: date(new Date('2026-02-04T23:59:00Z'), 'long'),
    };
    const expected = {
      en: {
        one: '1\u00a0vote',
        many: '1,234\u00a0votes',
        number: '1,234',
        long: '4 February 2026',
        instant: '4 February 2026',
      },
      de: {
        one: '1\u00a0Stimme',
        many: '1.234\u00a0Stimmen',
        number: '1.234',
        long: '4. Februar 2026',
        instant: '4. Februar 2026',
      },
    };
    expect(shown).toEqual(expected[language]);
  });
});

describe('the catalogue', () => {
  const code = [...filesIn('src', '.ts'), ...filesIn('templates', '.eta'), ...filesIn('templates', '.mjml')];

  it('has no text that nothing says', () => {
    const all = code.map(({ text }) => text).join('\n');
    // Some keys are put together, of a beginning and what it is about.
    const begins = [...all.matchAll(/`([\w.]+[.a-z])\$\{/g)].map(([, begin]) => begin ?? '');
    const isSaid = (key: string) =>
      all.includes(`'${key}'`) || begins.some((begin) => begin.includes('.') && key.startsWith(begin));
    expect(Object.keys(english).filter((key) => !isSaid(key))).toEqual([]);
  });

  it('has every text that a template says', () => {
    const said = code
      .filter(({ name }) => !name.endsWith('.ts'))
      .flatMap(({ text }) => [...text.matchAll(/it\.(?:t|rich)\('([^']+)'/g)].map(([, key]) => key ?? ''));
    expect(said.length).toBeGreaterThan(150);
    expect(said.filter((key) => !(key in english))).toEqual([]);
  });

  it('has all that templates say: they hold no words of their own', () => {
    const names = /\b(Offprint|PDF|ada@example\.org)\b/g;
    // The operator's pages are in English alone.
    const isForReaders = (name: string) => !name.endsWith('.ts') && !name.includes('admin/');
    for (const { name, text } of code.filter(({ name }) => isForReaders(name))) {
      const words = text
        .replaceAll(/<%[\s\S]*?%>|\{\{[\s\S]*?\}\}/g, '')
        .replaceAll(/<!--[\s\S]*?-->|<mj-style>[\s\S]*?<\/mj-style>|<style>[\s\S]*?<\/style>/g, '')
        // What people read in attributes.
        .replaceAll(/\b(?:alt|title|placeholder|aria-label)="([^"]*)"/g, '>$1<')
        .replaceAll(/<[^>]*>/g, '')
        .replaceAll(/&#?\w+;/g, '')
        .replaceAll(names, '');
      expect(words.match(/\p{L}{2,}/gu) ?? [], name).toEqual([]);
    }
  });
});

describe('a text', () => {
  const texts = new Texts('en', {
    'site.what': 'Plain',
    'typo.meant': 'Did you mean <mail>{address}</mail>?',
    'typo.yes': 'Yes, {address}',
  });

  it('is made HTML with its values escaped, in the tags that are given', () => {
    const values = { address: '<script>"&' };
    expect(texts.rich('typo.meant', values, { mail: '<b class="x">' })).toBe(
      'Did you mean <b class="x">&lt;script&gt;&quot;&amp;</b>?',
    );
    expect(texts.rich('typo.meant', values, { mail: null })).toBe('Did you mean &lt;script&gt;&quot;&amp;?');
  });

  it('is no syntax where a value looks like some', () => {
    expect(texts.t('typo.yes', { address: '{count, plural, other {x}} <b>' })).toBe(
      'Yes, {count, plural, other {x}} <b>',
    );
  });

  it('that is missing, or lacks a value, is an error', () => {
    expect(() => texts.t('site.skip')).toThrow('there is no text site.skip in en');
    expect(() => texts.t('typo.yes')).toThrow();
  });
});

describe('the account of a day', () => {
  it.each([
    ['en', '3 of the day’s 16\u00a0papers', 'Of 16\u00a0papers, 3 matched; 13 did not.'],
    ['de', '3 von 16\u00a0Papern des Tages', 'Von 16\u00a0Papern passten 3, 13 nicht.'],
  ] as const)('is put as one says it in %s', (language, counted, receipt) => {
    const texts = textsIn(language);
    const account = { offered: 16, matched: 3, days: 1, samples: false, outside: null };
    expect(countedOf(texts, 3, account, false).counted).toBe(counted);
    expect(receiptOf(texts, '2026-02-04', 3, account).receipt).toBe(receipt);
  });
});

describe('the name of a topic', () => {
  it('is the one that a text was kept with, whatever the topic is called since', () => {
    const kept = new Texts('de', { ...topicNameTexts(textsIn('de')), 'topic named Agents of old': 'Alte Agenten' });
    expect(kept.find('topic.agents')).toBe('KI-Agenten');
    expect(kept.find('topic named Agents of old')).toBe('Alte Agenten');
  });
});
