import type { Listing, Match, Paper, Subscriber } from '../../src/generated/prisma/client.js';

type ListedPaper = Paper & { listings: Listing[]; matches: Match[] };

const mostDaysBack = 31;
const mostHoursLate = 12;

/**
 * What the plan ought to write when it is asked at these instants, oldest first: papers by subscriber and digest day.
 * Worked out person by person and paper by paper, with the time zones of ICU instead of PostgreSQL's.
 */
export function foretellDigests(
  subscribers: Subscriber[],
  papers: ListedPaper[],
  instants: Date[],
): Map<string, number[]> {
  const best = papers.toSorted((a, b) => b.upvotes - a.upvotes || b.comments - a.comments || a.id - b.id);
  const listed = [...new Set(papers.flatMap(daysOf))].toSorted();
  const digests = new Map<string, number[]>();
  for (const subscriber of subscribers.filter(({ status }) => status === 'active')) {
    const given = new Set<number>();
    let lastPlanned = '';
    let covered: string | null = null;
    for (const instant of instants) {
      const local = localTime(instant, subscriber.timezone);
      const hoursLate = local.hour - subscriber.hour;
      const missed = shift(local.day, -1);
      const isLate = hoursLate < 0 && hoursLate + 24 < mostHoursLate && lastPlanned !== '' && lastPlanned < missed;
      const turn = hoursLate < 0 ? missed : local.day;
      if (turn === lastPlanned || (hoursLate < 0 && !isLate) || !comesOn(subscriber, turn)) continue;
      lastPlanned = turn;
      const newest = listed.findLast((day) => day < dayOf(instant));
      if (newest === undefined) continue;
      const after: string = covered ?? shift(newest, -1);
      const inWindow = (day: string) => day > after && day <= newest && day > shift(newest, -mostDaysBack);
      const chosen = best
        .filter((paper) => !given.has(paper.id) && daysOf(paper).some(inWindow) && fits(paper, subscriber.topics))
        .slice(0, subscriber.papersPerDigest);
      covered = newest;
      if (chosen.length === 0) continue;
      for (const paper of chosen) given.add(paper.id);
      digests.set(
        `subscriber ${subscriber.id} on ${turn}`,
        chosen.map((paper) => paper.id),
      );
    }
  }
  return digests;
}

function fits(paper: ListedPaper, topics: string[]): boolean {
  return topics.length === 0 || paper.matches.some((match) => topics.includes(match.topic));
}

function comesOn({ frequency }: Subscriber, day: string): boolean {
  const weekday = new Date(day).getUTCDay();
  if (frequency === 'weekly') return weekday === 1;
  return frequency === 'daily' || (weekday !== 6 && weekday !== 0);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function localTime(instant: Date, timeZone: string): { day: string; hour: number } {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('en-CA', { timeZone, ...fields, hourCycle: 'h23' });
  formats.set(timeZone, format);
  const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
  return {
    day: `${parts['year']}-${parts['month']}-${parts['day']}`,
    hour: Number(parts['hour']),
  };
}

const fields = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit' } as const;

function daysOf(paper: ListedPaper): string[] {
  return paper.listings.map((listing) => dayOf(listing.day));
}

function dayOf(instant: Date): string {
  return instant.toISOString().slice(0, 10);
}

function shift(day: string, days: number): string {
  return dayOf(new Date(Date.parse(day) + days * 86_400_000));
}
