import { beforeEach, describe, expect, it } from 'vitest';
import { textsIn } from '../../src/languages/texts.js';
import { fieldErrors } from '../../src/subscribers/field-error.js';
import {
  importSchema,
  type Preferences,
  preferencesOf,
  preferencesSchema,
  savePreferences,
  signUpSchema,
} from '../../src/subscribers/preferences.js';
import { useContext } from '../helpers/context.js';

const context = useContext();
const slugs = ['agents', 'robotics'];
const now = new Date('2026-02-04T12:00:00Z');
const zones = () => context().timeZones;

const chosen: Preferences = {
  topics: ['agents'],
  phrases: ['"world model" OR simulator -driving'],
  mutedPhrases: ['blockchain'],
  authors: ['Yoshua Bengio'],
  categories: ['cs.CL'],
  timezone: 'Europe/Berlin',
  hour: 7,
  frequency: 'weekdays',
  papersPerDigest: 12,
  abstractLength: 'full',
  pictures: true,
  leastPapers: 2,
  weekDay: 5,
  language: 'de',
  pausedUntil: null,
};
const errorsOf = (changes: Record<string, unknown>) => {
  const parsed = preferencesSchema(textsIn('en'), slugs, zones(), now).safeParse({ ...chosen, ...changes });
  return parsed.success ? [] : fieldErrors(parsed.error);
};

describe('preferences', () => {
  it('are taken as they are when all is well', () => {
    expect(preferencesSchema(textsIn('en'), slugs, zones(), now).parse(chosen)).toEqual(chosen);
  });

  it('take a topic once and a time zone by its canonical name', () => {
    const parsed = preferencesSchema(textsIn('en'), slugs, zones(), now).parse({
      ...chosen,
      topics: ['agents', 'agents'],
      timezone: 'europe/berlin',
    });
    expect(parsed).toMatchObject({ topics: ['agents'], timezone: 'Europe/Berlin' });
  });

  it('take interests in the form in which they are looked up, and each once', () => {
    const parsed = preferencesSchema(textsIn('en'), slugs, zones(), now).parse({
      ...chosen,
      phrases: [' “World   model”\0 ', '"world model"', ''],
      authors: ['Yoshua  Bengio'],
      categories: ['CS.cl', 'cs.CL'],
    });
    expect(parsed).toMatchObject({ phrases: ['"world model"'], authors: ['Yoshua Bengio'], categories: ['cs.CL'] });
  });

  it.each([
    ['topics', ['astrology'], '“astrology” is not one of the topics.'],
    ['topics', 'agents', 'Topics must be a list, like ["agents", "robotics"].'],
    ['timezone', 'Mars/Olympus', '“Mars/Olympus” is not a time zone that we know. One is for example Europe/Berlin.'],
    ['timezone', '+02:00', '“+02:00” is not a time zone that we know. One is for example Europe/Berlin.'],
    ['timezone', undefined, 'Please choose a time zone, like Europe/Berlin.'],
    ['hour', 24, 'The hour must be a whole number from 0 to 23.'],
    ['hour', -1, 'The hour must be a whole number from 0 to 23.'],
    ['hour', 7.5, 'The hour must be a whole number from 0 to 23.'],
    ['hour', 'eight', 'The hour must be a whole number from 0 to 23.'],
    ['frequency', 'hourly', 'The frequency must be daily, weekdays or weekly.'],
    ['papersPerDigest', 0, 'The number of papers must be from 1 to 20.'],
    ['papersPerDigest', 21, 'The number of papers must be from 1 to 20.'],
    ['abstractLength', 'long', 'The abstract must be none, short or full.'],
    ['phrases', 'world model', 'Phrases must be a list, like ["world model"].'],
    [
      'phrases',
      ['fine', '"world model'],
      '“"world model” has a quotation mark without its partner, like "world model.',
    ],
    [
      'phrases',
      ["'); drop"],
      `“'); drop” has a ), which means nothing here. There are words, "words in quotes", OR, and - before a word.`,
    ],
    ['mutedPhrases', ['of the'], '“of the” has no word to look for: it needs one that not every text has.'],
    ['phrases', Array.from({ length: 21 }, (_, i) => `phrase ${i}`), 'There may be 20 at the most.'],
    ['authors', ['<b>'], '“<b>” is not a name as papers write it, like Yoshua Bengio or Y. Bengio.'],
    [
      'categories',
      ['cs.XX'],
      '“cs.XX” is not a category of arXiv. Some are cs.CL, cs.LG and stat.ML; cs is all of computer science.',
    ],
    ['pausedUntil', 'tomorrow', 'The day must be a date, like 2026-08-31.'],
    ['pausedUntil', '2026-02-30', 'The day must be a date, like 2026-08-31.'],
    ['pausedUntil', '9999-01-01', 'Please choose a day in this century.'],
    ['pausedUntil', '2026-02-04', 'The pause must end after today.'],
  ])('refuse %s = %j and say why', (field, value, message) => {
    expect(errorsOf({ [field]: value })).toEqual([{ field, message }]);
  });

  it('know what day it is where the subscriber is', () => {
    expect(errorsOf({ pausedUntil: '2026-02-05', timezone: 'Europe/Berlin' })).toEqual([]);
    // At noon UTC it is past one in the morning of the next day on Kiritimati.
    expect(errorsOf({ pausedUntil: '2026-02-05', timezone: 'Pacific/Kiritimati' })).toHaveLength(1);
  });

  it('name every field that is wrong, once', () => {
    expect(errorsOf({ hour: 99, topics: ['x', 'y'], frequency: '' }).map(({ field }) => field)).toEqual([
      'topics',
      'hour',
      'frequency',
    ]);
  });
});

describe('a sign-up form', () => {
  it('needs nothing but an address', () => {
    expect(signUpSchema(textsIn('en'), slugs, zones()).parse({ email: ' ada@example.org ' })).toEqual({
      email: 'ada@example.org',
      topics: [],
      timezone: 'UTC',
      language: 'en',
    });
  });

  it('tells what is wrong with the address', () => {
    const parsed = signUpSchema(textsIn('en'), slugs, zones()).safeParse({ email: 'a@ex.com, b@evil.com' });
    expect(parsed.error && fieldErrors(parsed.error)).toEqual([
      { field: 'email', message: 'The address must not contain spaces or invisible characters.' },
    ]);
  });

  it('reads a row of an import with the defaults of a new subscriber', () => {
    expect(importSchema(textsIn('en'), slugs, zones()).parse({ email: 'a@b.cd' })).toMatchObject({
      hour: 8,
      frequency: 'daily',
      timezone: 'UTC',
    });
  });
});

describe('a pause that ends today', () => {
  it('is no reason to refuse another choice, where it was there before; a new one is', () => {
    const today = { ...chosen, pausedUntil: '2026-02-04' };
    const parse = (stored: string | null) =>
      preferencesSchema(textsIn('en'), slugs, zones(), now, { pausedUntil: stored }).safeParse(today).success;
    expect(parse('2026-02-04')).toBe(true);
    expect(parse(null)).toBe(false);
    expect(parse('2026-03-01')).toBe(false);
  });
});

describe('saving preferences', () => {
  beforeEach(() => context().db.prisma.subscriber.deleteMany());
  const create = (status: 'active' | 'paused' | 'unsubscribed') =>
    context().db.prisma.subscriber.create({
      data: {
        email: 'a@b.cd',
        emailKey: 'a@b.cd',
        status,
        createdAt: now,
        pausedUntil: status === 'paused' ? new Date('2026-03-01') : null,
      },
    });
  const saved = async (status: 'active' | 'paused' | 'unsubscribed', changes: Partial<Preferences>) => {
    const { id } = await create(status);
    await savePreferences(context(), id, { ...chosen, ...changes });
    return context().db.prisma.subscriber.findUniqueOrThrow({ where: { id } });
  };

  it('keeps them all', async () => {
    const subscriber = await saved('active', {});
    expect(preferencesOf(subscriber)).toEqual(chosen);
    expect(subscriber.status).toBe('active');
  });

  it('pauses until a day, and ends the pause', async () => {
    const paused = await saved('active', { pausedUntil: '2026-03-01' });
    expect(paused.status).toBe('paused');
    expect(preferencesOf(paused).pausedUntil).toBe('2026-03-01');
    await savePreferences(context(), paused.id, chosen);
    expect(await context().db.prisma.subscriber.findFirst()).toMatchObject({ status: 'active', pausedUntil: null });
  });

  it('brings nobody back who unsubscribed', async () => {
    const subscriber = await saved('unsubscribed', { pausedUntil: '2026-03-01', hour: 9 });
    expect(subscriber).toMatchObject({ status: 'unsubscribed', pausedUntil: null, hour: 9 });
  });
});
