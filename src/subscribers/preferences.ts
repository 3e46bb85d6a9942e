import { z } from 'zod';
import type { Context } from '../context.js';
import type { Queries } from '../database/database.js';
import { localDay, type TimeZones } from '../database/time-zones.js';
import { AbstractLength, Frequency, type Subscriber } from '../generated/prisma/client.js';
import { type Interests, interestFields } from '../interests/interests.js';
import { parseAddress } from './address.js';
import { reschedule, resume } from './lifecycle.js';
import { confirmedStatuses } from './status.js';

/** More papers than anyone reads in a morning; the mail stays far below the size at which Gmail clips it. */
export const mostPapers = 20;

const address = z.string('Please enter an e-mail address.').transform((text, issues) => {
  // Blanks around it come from copying; browsers drop them too.
  const parsed = parseAddress(text.replace(/^[ \t]+|[ \t]+$/g, ''));
  if (parsed.ok) return parsed.address;
  issues.addIssue(parsed.reason);
  return z.NEVER;
});

const timezone = (zones: TimeZones) =>
  z.string('Please choose a time zone, like Europe/Berlin.').transform((text, issues) => {
    const zone = zones.find(text);
    if (zone) return zone;
    issues.addIssue(`“${text.slice(0, 64)}” is not a time zone that we know. One is for example Europe/Berlin.`);
    return z.NEVER;
  });

const topics = (slugs: readonly string[]) =>
  z
    .array(z.string(), 'Topics must be a list, like ["agents", "robotics"].')
    .transform((chosen) => [...new Set(chosen)])
    .superRefine((chosen, issues) => {
      const unknown = chosen.find((slug) => !slugs.includes(slug));
      if (unknown !== undefined) issues.addIssue(`“${unknown.slice(0, 64)}” is not one of the topics.`);
    });

const wholeNumber = (min: number, max: number, message: string) => z.int(message).min(min, message).max(max, message);

const hour = wholeNumber(0, 23, 'The hour must be a whole number from 0 to 23.');
const frequency = z.enum(Frequency, 'The frequency must be daily, weekdays or weekly.');

const papersPerDigest = wholeNumber(1, mostPapers, `The number of papers must be from 1 to ${mostPapers}.`);
const abstractLength = z.enum(AbstractLength, 'The abstract must be none, short or full.');
const pictures = z.boolean('Pictures must be true or false.');
const leastPapers = wholeNumber(1, mostPapers, `The least number of papers must be from 1 to ${mostPapers}.`);
const weekDay = wholeNumber(1, 7, 'The day of the week must be from 1, Monday, to 7, Sunday.');
const pausedUntil = z.iso
  .date('The day must be a date, like 2026-08-31.')
  .refine((day) => day < '2200', 'Please choose a day in this century.')
  .nullable();

/** A sign-up as it comes from outside; everything but the address may be missing. */
export const signUpSchema = (slugs: readonly string[], zones: TimeZones) =>
  z.object({
    email: address,
    topics: topics(slugs).default([]),
    timezone: timezone(zones).default('UTC'),
  });

/** One row of an import; everything but the address may be missing. */
export const importSchema = (slugs: readonly string[], zones: TimeZones) =>
  signUpSchema(slugs, zones).extend({
    hour: hour.default(8),
    frequency: frequency.default('daily'),
    papersPerDigest: papersPerDigest.default(8),
    abstractLength: abstractLength.default('short'),
    pictures: pictures.default(false),
    leastPapers: leastPapers.default(1),
    weekDay: weekDay.default(1),
    pausedUntil: pausedUntil.default(null),
    phrases: interestFields.phrases.default([]),
    mutedPhrases: interestFields.mutedPhrases.default([]),
    authors: interestFields.authors.default([]),
    categories: interestFields.categories.default([]),
  });

/**
 * All that a subscriber chooses. The form and JSON take the same.
 * @param slugs of the topics there are
 * @param zones that can be chosen
 * @param stored what was chosen before
 * @param now to tell whether a pause ends in the future, on the subscriber's calendar
 */
export const preferencesSchema = (
  slugs: readonly string[],
  zones: TimeZones,
  now: Date,
  stored: Pick<Preferences, 'pausedUntil'> = { pausedUntil: null },
) =>
  z
    .object({
      topics: topics(slugs),
      ...interestFields,
      timezone: timezone(zones),
      hour,
      frequency,
      papersPerDigest,
      abstractLength,
      pictures,
      leastPapers,
      weekDay,
      pausedUntil,
    })
    .superRefine(({ pausedUntil: until, timezone: zone, leastPapers: least, papersPerDigest: most }, issues) => {
      if (least > most && most > 0) {
        const message = `The least number of papers must not be more than the most, ${most}.`;
        issues.addIssue({ code: 'custom', path: ['leastPapers'], message });
      }
      // A pause that ends today is over with the next plan: who changes something else meanwhile is not to be told off.
      if (until !== null && until !== stored.pausedUntil && until <= localDay(now, zone)) {
        issues.addIssue({ code: 'custom', path: ['pausedUntil'], message: 'The pause must end after today.' });
      }
    });
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
  /** The first day on which digests come again, YYYY-MM-DD. */
  pausedUntil: string | null;
}

/** What a subscriber has chosen so far. */
export function preferencesOf(subscriber: Subscriber): Preferences {
  const { topics, phrases, mutedPhrases, authors, categories } = subscriber;
  const { timezone, hour, frequency, papersPerDigest, abstractLength, pictures, leastPapers, weekDay } = subscriber;
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
