import { readFileSync } from 'node:fs';
import { escapeUTF8 } from 'entities';
import { IntlMessageFormat } from 'intl-messageformat';
import { LRUCache } from 'lru-cache';
import type english from '../../locales/en.json';
import { projectPath } from '../project.js';
import type { Language } from './language.js';

/** What locales/en.json, which is complete, has a text for. */
export type TextKey = keyof typeof english;
type Values = Record<string, string | number>;

/** A text and what stands in it, to be put into a language later. */
export interface Said {
  key: TextKey;
  values?: Values;
}

/** For some texts the locale must say more than a language: which order a date has. */
const locales: Record<Language, string> = { en: 'en-GB', de: 'de-DE' };

const dateStyles = {
  /** 4 February 2026 */
  long: { dateStyle: 'long' },
  /** Tuesday 24 November */
  weekdayAndDay: { weekday: 'long', day: 'numeric', month: 'long' },
  /** 4 Feb */
  short: { day: 'numeric', month: 'short' },
  /** Tuesday */
  weekday: { weekday: 'long' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

/**
 * The texts of one language, in ICU message syntax (https://unicode-org.github.io/icu/userguide/format_parse/messages/), and how it
 * writes dates and numbers.
 */
export class Texts {
  readonly language: Language;
  readonly #messages: Readonly<Record<string, string>>;
  readonly #locale: string;
  readonly #compiled = new Map<string, IntlMessageFormat>();
  readonly #dates = new Map<string, Intl.DateTimeFormat>();
  readonly #numbers: Intl.NumberFormat;
  /** To format takes ten times as long as to look up, and a day's mails say the same numbers again and again. */
  readonly #said = new LRUCache<string, string>({ max: 2_000 });

  /** @param messages by key */
  constructor(language: Language, messages: Readonly<Record<string, string>>) {
    this.language = language;
    this.#messages = messages;
    this.#locale = locales[language];
    this.#numbers = new Intl.NumberFormat(this.#locale);
  }

  /** A text, with these values. @throws Error where one is missing */
  readonly t = (key: TextKey, values?: Values): string => {
    const message = this.#message(key);
    // Most have nothing to put in, and no syntax.
    if (!/['{<]/.test(message)) return message;
    const call = `${key} ${JSON.stringify(values)}`;
    const said = this.#said.get(call) ?? String(this.#compile(key, message).format(values));
    this.#said.set(call, said);
    return said;
  };

  /** Something that was said elsewhere. */
  readonly say = ({ key, values }: Said): string => this.t(key, values);

  /**
   * A text as HTML: the values are escaped, and what the text has between `<name>` and `</name>` gets the tag of that name.
   * @param tags as they open, like `<a href="/">`; null leaves the tag out
   */
  readonly rich = (key: TextKey, values: Values, tags: Record<string, string | null>): string => {
    const shown = Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' ? escapeUTF8(value) : value,
    ]);
    const wrapped = Object.entries(tags).map(([name, open]) => [
      name,
      (inner: string[]) => (open === null ? inner.join('') : `${open}${inner.join('')}</${/\w+/.exec(open)?.[0]}>`),
    ]);
    return String(this.#compile(key, this.#message(key)).format(Object.fromEntries([...shown, ...wrapped])));
  };

  /** A text that not every language has of its own; null where this has none. */
  find(key: string): string | null {
    return this.#messages[key] ?? null;
  }

  /** Those of its texts whose key begins with one of these. */
  only(prefixes: readonly string[]): Record<string, string> {
    const wanted = Object.entries(this.#messages).filter(([key]) => prefixes.some((prefix) => key.startsWith(prefix)));
    return Object.fromEntries(wanted);
  }

  readonly number = (value: number): string => this.#numbers.format(value);

  /** A calendar day (YYYY-MM-DD) or an instant, as its day in UTC. */
  readonly date = (day: string | Date, style: keyof typeof dateStyles): string => {
    return this.#dateFormat(style, { ...dateStyles[style], timeZone: 'UTC' }).format(new Date(day));
  };

  /** The time of day there: 08:00. */
  readonly time = (instant: Date, timeZone: string): string => {
    return this.#dateFormat(`time ${timeZone}`, { timeStyle: 'short', timeZone }).format(instant);
  };

  #dateFormat(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    const format = this.#dates.get(name) ?? new Intl.DateTimeFormat(this.#locale, options);
    this.#dates.set(name, format);
    return format;
  }

  #message(key: TextKey): string {
    const message = this.#messages[key];
    if (message === undefined) throw new Error(`there is no text ${key} in ${this.language}`);
    return message;
  }

  #compile(key: string, message: string): IntlMessageFormat {
    const compiled = this.#compiled.get(key) ?? new IntlMessageFormat(message, this.#locale);
    this.#compiled.set(key, compiled);
    return compiled;
  }
}

/** What a template has of a language as attributes: its own, and, within another, that of papers, which are in English (WCAG 3.1.2). */
export function languageMarks({ language }: Texts): { language: Language; english: string } {
  return { language, english: language === 'en' ? '' : ' lang="en"' };
}

const loaded = new Map<Language, Texts>();

/** The texts of a language, as locales/ has them. */
export function textsIn(language: Language): Texts {
  const texts = loaded.get(language) ?? new Texts(language, read(language));
  loaded.set(language, texts);
  return texts;
}

function read(language: Language): Record<string, string> {
  return JSON.parse(readFileSync(projectPath(`locales/${language}.json`), 'utf8'));
}
