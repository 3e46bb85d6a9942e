import { z } from 'zod';
import type { Context } from '../context.js';
import type { Queries } from '../database/database.js';
import { localDay, type TimeZones } from '../database/time-zones.js';
import { AbstractLength, Frequency, type Subscriber } from '../generated/prisma/client.js';
import { type Interests, interestFields } from '../interests/interests.js';
import { type Language, languages, storedLanguage } from '../languages/language.js';
import type { Texts } from '../languages/texts.js';
import { parseAddress } from './address.js';
import { reschedule, resume } from './lifecycle.js';
import { confirmedStatuses } from './status.js';

/** More papers than anyone reads in a morning; the mail stays far below the size at which Gmail clips it. */
export const mostPapers = 20;

const address = ({ t }: Texts) =>
  z.string(t('check.email')).transform((text, issues) => {
    // Blanks around it come from copying; browsers drop them too.
    const parsed = parseAddress(text.replace(/^[ \t]+|[ \t]+$/g, ''));
    if (parsed.ok) return parsed.address;
    issues.addIssue(t(parsed.reason));
    return z.NEVER;
  });

const timezone = ({ t }: Texts, zones: TimeZones) =>
  z.string(t('check.timezone')).transform((text, issues) => {
    const zone = zones.find(text);
    if (zone) return zone;
    issues.addIssue(t('check.timezone.unknown', { text: text.slice(0, 64) }));
    return z.NEVER;
  });

const topics = ({ t }: Texts, slugs: readonly string[]) =>
  z
    .array(z.string(), t('check.topics'))
    .transform((chosen) => [...new Set(chosen)])
    .superRefine((chosen, issues) => {
      const unknown = chosen.find((slug) => !slugs.includes(slug));
      if (unknown !== undefined) issues.addIssue(t('check.topics.unknown', { text: unknown.slice(0, 64) }));
    });

const wholeNumber = (min: number, max: number, message: string) => z.int(message).min(min, message).max(max, message);

/** What a form has one value of. */
const choiceFields = ({ t }: Texts) => ({
  hour: wholeNumber(0, 23, t('check.hour')),
  frequency: z.enum(Frequency, t('check.frequency')),
  papersPerDigest: wholeNumber(1, mostPapers, t('check.papersPerDigest', { most: mostPapers })),
  abstractLength: z.enum(AbstractLength, t('check.abstractLength')),
  pictures: z.boolean(t('check.pictures')),
  leastPapers: wholeNumber(1, mostPapers, t('check.leastPapers', { most: mostPapers })),
  weekDay: wholeNumber(1, 7, t('check.weekDay')),
  language: language(t),
  pausedUntil: z.iso
    .date(t('check.pausedUntil'))
    .refine((day) => day < '2200', t('check.pausedUntil.century'))
    .nullable(),
});

const language = (t: Texts['t']) => z.enum(languages, t('check.language', { languages: languages.join(', ') }));

/** A sign-up as it comes from outside; everything but the address may be missing, and the language is then that of the texts. */
export const signUpSchema = (texts: Texts, slugs: readonly string[], zones: TimeZones) =>
  z.object({
    email: address(texts),
    topics: topics(texts, slugs).default([]),
    timezone: timezone(texts, zones).default('UTC'),
    language: language(texts.t).default(texts.language),
  });

/** One row of an import; everything but the address may be missing. */
export const importSchema = (texts: Texts, slugs: readonly string[], zones: TimeZones) => {
  const fields = choiceFields(texts);
  const interests = interestFields(texts);
  return signUpSchema(texts, slugs, zones).extend({
    hour: fields.hour.default(8),
    frequency: fields.frequency.default('daily'),
    papersPerDigest: fields.papersPerDigest.default(8),
    abstractLength: fields.abstractLength.default('short'),
    pictures: fields.pictures.default(false),
    leastPapers: fields.leastPapers.default(1),
    weekDay: fields.weekDay.default(1),
    pausedUntil: fields.pausedUntil.default(null),
    phrases: interests.phrases.default([]),
    mutedPhrases: interests.mutedPhrases.default([]),
    authors: interests.authors.default([]),
    categories: interests.categories.default([]),
  });
};

/**
 * All that a subscriber chooses. The form and JSON take the same.
 * @param texts in which what is wrong is said
 * @param slugs of the topics there are
 * @param zones that can be chosen
 * @param stored what was chosen before
 * @param now to tell whether a pause ends in the future, on the subscriber's calendar
 */
export const preferencesSchema = (
  texts: Texts,
  slugs: readonly string[],
  zones: TimeZones,
  now: Date,
  stored: Pick<Preferences, 'pausedUntil'> = { pausedUntil: null },
) =>
  z
    .object({
      topics: topics(texts, slugs),
      ...interestFields(texts),
      timezone: timezone(texts, zones),
      ...choiceFields(texts),
    })
    .superRefine(({ pausedUntil: until, timezone: zone, leastPapers: least, papersPerDigest: most }, issues) => {
      if (least > most && most > 0) {
        const message = texts.t('check.leastPapers.more', { most });
        issues.addIssue({ code: 'custom', path: ['leastPapers'], message });
      }
      // A pause that ends today is over with the next plan: who changes something else meanwhile is not to be told off.
      if (until !== null && until !== stored.pausedUntil && until <= localDay(now, zone)) {
        issues.addIssue({ code: 'custom', path: ['pausedUntil'], message: texts.t('check.pausedUntil.past') });
      }
    });

/** What a subscriber chooses. */
export interface Preferences extends Interests {
  topics: string[];
  timezone: string;
  hour: number;
  frequency: Frequency;
  papersPerDigest: number;
  abstractLength: AbstractLength;
  /** Whether mails show the papers' own pictures. */
  pictures: boolean;
  /** Fewer papers than this are carried over. */
  leastPapers: number;
  /** On which day weekly digests come, 1 (Monday) to 7. */
  weekDay: number;
  /** Of mails and pages. */
  language: Language;
  /** The first day on which digests come again, YYYY-MM-DD. */
  pausedUntil: string | null;
}

/** What a subscriber has chosen so far. */
export function preferencesOf(subscriber: Subscriber): Preferences {
  const { topics, phrases, mutedPhrases, authors, categories } = subscriber;
  const { timezone, hour, frequency, papersPerDigest, abstractLength, pictures, leastPapers, weekDay } = subscriber;
  const language = storedLanguage.parse(subscriber.language);
  const pausedUntil = subscriber.pausedUntil?.toISOString().slice(0, 10) ?? null;
  return {
    topics,
    phrases,
    mutedPhrases,
    authors,
    categories,
    timezone,
    hour,
    frequency,
    papersPerDigest,
    abstractLength,
    pictures,
    leastPapers,
    weekDay,
    language,
    pausedUntil,
  };
}

/**
 * Stores a subscriber's choice. A pause turns an active subscription into a paused one, and its end back; no other status
 * changes. The next plan looks at their hour anew.
 */
export async function savePreferences(
  ctx: Pick<Context, 'db' | 'clock'>,
  id: number,
  chosen: Preferences,
): Promise<void> {
  const { pausedUntil, ...rest } = chosen;
  await ctx.db.prisma.$transaction(async (tx) => {
    await tx.subscriber.updateMany({ where: { id }, data: rest });
    await reschedule(tx, id);
    await setPause(tx, id, pausedUntil, ctx.clock());
  });
}

/** Adds a topic to what a subscriber has chosen; one that is there already is there once. @param slug of a topic there is */
export async function addTopic(ctx: Pick<Context, 'db'>, id: number, slug: string): Promise<void> {
  await ctx.db.prisma.$executeRaw`
    update subscribers set topics = array_append(topics, ${slug}) where id = ${id} and not (${slug} = any (topics))`;
}

/**
 * Pauses a subscription, or ends its pause.
 * @param until the first day on which digests come again, YYYY-MM-DD; null ends the pause
 */
export async function pause(ctx: Pick<Context, 'db' | 'clock'>, id: number, until: string | null): Promise<void> {
  await ctx.db.prisma.$transaction((tx) => setPause(tx, id, until, ctx.clock()));
}

async function setPause(tx: Queries, id: number, until: string | null, now: Date): Promise<void> {
  if (until === null) return resume(tx, id, now);
  await tx.subscriber.updateMany({
    where: { id, status: { in: confirmedStatuses } },
    data: { status: 'paused', pausedUntil: new Date(until) },
  });
}
