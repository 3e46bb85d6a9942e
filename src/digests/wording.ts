import { LRUCache } from 'lru-cache';
import { localDay } from '../database/time-zones.js';
import { clamp, counted, firstSentences, shortName } from '../papers/presentation.js';
import type { Account, DigestContent, DigestEntry, Reader } from './content.js';

/** What a digest says beside its papers, in plain text. */

const longest = { subjectTitle: 120, firstTitle: 45, names: 60, preheader: 140, topics: 3, reasons: 2 };
const mostNames = 3;

/**
 * A subject that can be read on a phone: the papers' short names, as far as these go. "EnvHarness, FACET, 4DAnyone + 5 more papers".
 */
export function subjectOf({ papers, account }: Pick<DigestContent, 'papers' | 'account'>): string {
  const titles = papers.map(({ paper }) => paper.title);
  return (account?.samples ? '[Sample] ' : '') + named(titles);
}

function named(titles: readonly string[]): string {
  const [first = ''] = titles;
  if (titles.length === 1) return clamp(first, longest.subjectTitle);
  const names = firstNames(titles);
  const shown = names.length > 0 ? names.join(', ') : clamp(first, longest.firstTitle);
  const more = titles.length - Math.max(1, names.length);
  // An ordinary space: a subject in ASCII needs no encoding.
  return more > 0 ? `${shown} + ${more} more ${more === 1 ? 'paper' : 'papers'}` : shown;
}

/** The short names of the first papers that have one, if the very first does: nobody is to look for it in vain. */
function firstNames(titles: readonly string[]): string[] {
  const names: string[] = [];
  for (const title of titles) {
    const name = shortName(title);
    if (name === null && names.length === 0) return [];
    if (name === null || [...names, name].join(', ').length > longest.names) continue;
    names.push(name);
    if (names.length === mostNames) break;
  }
  return names;
}

/** What the subject lacks: of one paper its beginning, of several what they are about and how much they are talked about. */
export function preheaderOf({ papers }: Pick<DigestContent, 'papers'>): string {
  const [first] = papers;
  if (first && papers.length === 1)
    return firstSentences(first.paper.summary || first.paper.abstract, longest.preheader);
  const counts = new Map<string, number>();
  for (const { topics } of papers) {
    const name = topics[0] === undefined ? 'Trending' : splitReason(topics[0]).name;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const about = [...counts].sort(([, a], [, b]) => b - a).slice(0, longest.topics);
  const votes = Math.max(...papers.map(({ paper }) => paper.upvotes));
  const top = votes > 0 ? ` · top: ${counted(votes, 'vote')}` : '';
  return clamp(about.map(([name, count]) => `${name} ${count}`).join(', ') + top, longest.preheader);
}

/** Why a paper is here: "AI agents (tool use)" is its topic and the words that decided. */
export function splitReason(reason: string): { name: string; words: string | null } {
  const [, name, words] = /^(.+?) \((.+)\)$/s.exec(reason) ?? [];
  return name !== undefined && words !== undefined ? { name, words } : { name: reason, words: null };
}

/** The reasons that are told of a paper, and how many more there are. */
export function shownReasons({ topics }: Pick<DigestEntry, 'topics'>): { shown: readonly string[]; more: number } {
  return { shown: topics.slice(0, longest.reasons), more: Math.max(0, topics.length - longest.reasons) };
}

const weekdayAndDay = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  timeZone: 'UTC',
});
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'long', timeZone: 'UTC' });

/** Days by name: at any time there are a few, and many mails. */
const dayNames = new LRUCache<string, { long: string; weekday: string }>({
  max: 1_000,
  memoMethod: (day) => ({
    long: weekdayAndDay.format(new Date(day)).replace(/^(\w+) /, '$1, '),
    weekday: weekday.format(new Date(day)),
  }),
});

/** Tuesday, 24 November. */
export function dayName(day: string): string {
  return dayNames.memo(day).long;
}

/** How many papers these are, and of how many: "4 of the day’s 17 papers" that "match what you chose". */
export function countedOf(
  papers: number,
  account: Account | null,
  choosesNothing: boolean,
): { counted: string; match: string } {
  if (!account)
    return { counted: counted(papers, 'paper'), match: choosesNothing ? 'that people talk about' : 'for you' };
  const { offered, days } = account;
  const of = days > 1 ? `${counted(offered, 'paper')} of ${days} days` : `the day’s ${counted(offered, 'paper')}`;
  const all = papers === offered;
  const match = choosesNothing
    ? all
      ? ''
      : 'that people talk about most'
    : papers === 1
      ? 'matches what you chose'
      : 'match what you chose';
  return {
    counted: all && choosesNothing ? `all ${of.replace(/^the day’s /, 'the day’s ')}` : `${papers} of ${of}`,
    match,
  };
}

/** The day's receipt: what became of all its papers. */
export function receiptOf(day: string, papers: number, account: Account | null): { end: string; receipt: string } {
  const end = `That is all for ${dayNames.memo(day).weekday}.`;
  if (!account) return { end, receipt: '' };
  const { offered, matched } = account;
  const others = offered - matched;
  const best = matched > papers ? `, of which these are the best ${papers}` : '';
  if (others === 0) return { end, receipt: matched > papers ? `There were ${counted(offered, 'paper')}${best}.` : '' };
  return { end, receipt: `Of ${counted(offered, 'paper')}, ${matched} matched${best}; ${others} did not.` };
}

const weekDays = ['Mondays', 'Tuesdays', 'Wednesdays', 'Thursdays', 'Fridays', 'Saturdays', 'Sundays'];

/** When a subscriber's digests come: "daily at 08:00, Berlin". */
export function rhythmOf({ frequency, weekDay, hour, timezone }: Omit<Reader, 'topics' | 'own' | 'pictures'>): string {
  const days = { daily: 'daily', weekdays: 'Monday to Friday', weekly: `on ${weekDays[weekDay - 1] ?? 'Mondays'}` };
  const place = timezone.split('/').at(-1)?.replaceAll('_', ' ');
  return `${days[frequency]} at ${String(hour).padStart(2, '0')}:00, ${place}`;
}

const mostTopicsNamed = 6;

/** The state of a subscription: what was chosen, and when it comes. */
export function stateOf(reader: Reader, topicNames: Readonly<Record<string, string>>): string {
  const { topics, own } = reader;
  const names = topics.slice(0, mostTopicsNamed).map((slug) => topicNames[slug] ?? slug);
  const others = topics.length - names.length;
  const parts = [
    ...names,
    ...(others > 0 ? [counted(others, 'more topic')] : []),
    ...(own > 0 ? [`${counted(own, 'interest')} of your own`] : []),
  ];
  const chosen = parts.length > 0 ? `You chose ${parts.join(', ')}` : 'You get what is trending';
  return `${chosen} · ${rhythmOf(reader)}.`;
}

const timeOfDay = (timeZone: string) => new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone });

/** When something comes, for whoever lives by that time zone: "today at 08:00", "tomorrow at 08:00", "on Monday at 08:00". */
export function whenOf(instant: Date, now: Date, timeZone: string): string {
  const day = localDay(instant, timeZone);
  const daysAway = (Date.parse(day) - Date.parse(localDay(now, timeZone))) / 86_400_000;
  const name = daysAway === 0 ? 'today' : daysAway === 1 ? 'tomorrow' : `on ${weekday.format(new Date(day))}`;
  return `${name} at ${timeOfDay(timeZone).format(instant)}`;
}
