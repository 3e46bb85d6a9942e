import type { Subscriber } from '../../src/generated/prisma/client.js';

/** A paper as the reckoning knows it: what it is, and from when on it can be offered. */
export interface ReckonedPaper {
  id: number;
  upvotes: number;
  comments: number;
  publishedAt: Date;
  /** Scores by topic. */
  topics: Map<string, number>;
  /** The list that it stands on, YYYY-MM-DD. */
  day: string;
  readyAt: Date;
}

export interface ForetoldDigest {
  paperIds: number[];
  /** When it is planned. */
  at: string;
}

const hour = 3_600_000;
const mostDaysBack = 31;
const mostHoursLate = 12;
const mostHoursOfWaiting = 4;
const looksAgainAfter = 5 * 60_000;

/**
 * What the plan ought to write when it is asked at these instants, oldest first: papers by subscriber and digest day.
 * Worked out person by person and paper by paper, without log or cursor, with the time zones of ICU instead of PostgreSQL's.
 * @param isSourceLate whether at an instant a list is missing that is still expected
 */
export function foretellDigests(
  subscribers: Subscriber[],
  papers: ReckonedPaper[],
  instants: Date[],
  isSourceLate: (instant: Date) => boolean = () => false,
): Map<string, ForetoldDigest> {
  const digests = new Map<string, ForetoldDigest>();
  for (const subscriber of subscribers.filter(({ status }) => status === 'active')) {
    /** Papers that were there when a plan last looked for this reader, taken or not. */
    const seen = new Set<number>();
    let looked = false;
    let lastPlanned = '';
    let notBefore = 0;
    for (const instant of instants) {
      const turn = turnAt(subscriber, instant, lastPlanned);
      if (turn === null || instant.getTime() < notBefore) continue;
      const there = papers.filter(({ readyAt }) => readyAt <= instant);
      const newest = there.map(({ day }) => day).reduce((a, b) => (a > b ? a : b), '');
      const oldest = looked ? shift(newest, -mostDaysBack + 1) : newest;
      const unseen = there.filter((paper) => !seen.has(paper.id) && paper.day >= oldest);
      const chosen = choosePapers(unseen, subscriber);
      const deadline = turn.struckAt + mostHoursOfWaiting * hour;
      if (chosen.length < subscriber.papersPerDigest && isSourceLate(instant) && instant.getTime() < deadline) {
        notBefore = Math.min(instant.getTime() + looksAgainAfter, deadline);
        continue;
      }
      lastPlanned = turn.day;
      if (there.length > 0) looked = true;
      for (const paper of there) seen.add(paper.id);
      if (chosen.length === 0) continue;
      const paperIds = chosen.map((paper) => paper.id);
      digests.set(`subscriber ${subscriber.id} on ${turn.day}`, { paperIds, at: instant.toISOString() });
    }
  }
  return digests;
}

/**
 * Paper by paper the one that is worth most: (1 + votes + comments)^0.3, halved each fortnight, times how likely it is wanted for
 * one of the topics, times 0.9 for each paper that was taken for the same topic. Who has no topics is offered each paper for its
 * strongest. What is worth the same stands by votes, newer list, newer paper, smaller id.
 */
function choosePapers(unseen: ReckonedPaper[], { topics, papersPerDigest }: Subscriber): ReckonedPaper[] {
  const newest = Math.max(...unseen.map(({ day }) => Date.parse(day)));
  const worthFor = new Map<string, number>();
  const offers = (paper: ReckonedPaper) => {
    const trending =
      (1 + paper.upvotes + paper.comments) ** 0.3 * 2 ** (-(newest - Date.parse(paper.day)) / (24 * hour) / 14);
    if (topics.length === 0) return [{ paper, topic: strongest(paper), value: trending }];
    return topics.flatMap((topic) => {
      const likely = paper.topics.get(topic);
      return likely === undefined ? [] : [{ paper, topic, value: trending * likely }];
    });
  };
  let left = unseen.flatMap(offers);
  const chosen: ReckonedPaper[] = [];
  while (chosen.length < papersPerDigest && left.length > 0) {
    const keys = ({ paper, topic, value }: (typeof left)[number]) => [
      -value * (worthFor.get(topic) ?? 1),
      -paper.upvotes,
      -Date.parse(paper.day),
      -paper.publishedAt.getTime(),
      paper.id,
    ];
    const [best] = left
      .map((offer) => ({ offer, keys: keys(offer) }))
      .toSorted((a, b) => {
        const place = a.keys.findIndex((key, i) => key !== b.keys[i]);
        return (a.keys[place] ?? 0) - (b.keys[place] ?? 0);
      });
    if (!best) break;
    const { paper, topic } = best.offer;
    chosen.push(paper);
    worthFor.set(topic, (worthFor.get(topic) ?? 1) * 0.9);
    left = left.filter((offer) => offer.paper !== paper);
  }
  return chosen;
}

function strongest({ topics }: ReckonedPaper): string {
  return [...topics].toSorted(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))[0]?.[0] ?? '';
}

/** The digest day whose hour has struck by an instant, today's or, not for too long, yesterday's. */
function turnAt(subscriber: Subscriber, instant: Date, lastPlanned: string): { day: string; struckAt: number } | null {
  const today = localTime(instant.getTime(), subscriber.timezone).day;
  for (const day of [today, shift(today, -1)]) {
    if (day <= lastPlanned || !comesOn(subscriber, day)) continue;
    const struckAt = strikes(day, subscriber.hour, subscriber.timezone);
    if (struckAt > instant.getTime()) continue;
    const inTime = lastPlanned !== '' && instant.getTime() < struckAt + mostHoursLate * hour;
    if (day === today || inTime) return { day, struckAt };
  }
  return null;
}

const struck = new Map<string, number>();

/** The first quarter of an hour at which a clock on the wall there shows that hour of the day, or a later one. */
function strikes(day: string, wanted: number, timeZone: string): number {
  const key = `${day} ${wanted} ${timeZone}`;
  const known = struck.get(key);
  if (known !== undefined) return known;
  let instant = Date.parse(day) + (wanted - 15) * hour;
  for (;;) {
    const local = localTime(instant, timeZone);
    if (local.day > day || (local.day === day && local.hour >= wanted)) break;
    instant += hour / 4;
  }
  struck.set(key, instant);
  return instant;
}

function comesOn({ frequency }: Subscriber, day: string): boolean {
  const weekday = new Date(day).getUTCDay();
  if (frequency === 'weekly') return weekday === 1;
  return frequency === 'daily' || (weekday !== 6 && weekday !== 0);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function localTime(instant: number, timeZone: string): { day: string; hour: number } {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('en-CA', { timeZone, ...fields, hourCycle: 'h23' });
  formats.set(timeZone, format);
  const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
  return { day: `${parts['year']}-${parts['month']}-${parts['day']}`, hour: Number(parts['hour']) };
}

const fields = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit' } as const;

function shift(day: string, days: number): string {
  return new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10);
}
