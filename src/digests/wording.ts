import { localDay } from '../database/time-zones.js';
import type { Texts } from '../languages/texts.js';
import { slotMark } from '../mail/templates.js';
import type { PaperContent } from '../papers/paper.js';
import { clamp, firstSentences, shortName } from '../papers/presentation.js';
import { topicName, topicNames } from '../topics/topic-name.js';
import type { Account, DigestContent, DigestEntry, Reader } from './content.js';

/** What a digest says beside its papers, in plain text. */

const longest = { subjectTitle: 120, firstTitle: 45, names: 60, preheader: 140, topics: 3, reasons: 2 };
const mostNames = 3;
/** Characters of a paper's title where nothing else limits it. */
export const longestTitle = 300;
/** From so many papers on there is a list of contents. */
const listedFrom = 4;

/** Where only titles are shown the papers are the list. */
export function hasList({ papers, abstractLength }: Pick<DigestContent, 'papers' | 'abstractLength'>): boolean {
  return papers.length >= listedFrom && abstractLength !== 'none';
}

/** Whether its reader has chosen neither topics nor anything of their own: then the most voted papers are the digest. */
export function choosesNothing({ reader }: Pick<DigestContent, 'reader'>): boolean {
  return reader.topics.length + reader.own === 0;
}

/** What stands behind a title where the paper has votes. */
export function votesOf(texts: Texts, { upvotes }: PaperContent): string {
  return upvotes > 0 ? ` (${texts.t('digest.votes', { count: upvotes })})` : '';
}

/**
 * A subject that can be read on a phone: the papers' short names, as far as these go. "EnvHarness, FACET, 4DAnyone + 5 more papers".
 */
export function subjectOf(texts: Texts, { papers, account }: Pick<DigestContent, 'papers' | 'account'>): string {
  const subject = named(
    texts,
    papers.map(({ paper }) => paper.title),
  );
  return account?.samples ? texts.t('digest.sample', { subject }) : subject;
}

function named(texts: Texts, titles: readonly string[]): string {
  const [first = ''] = titles;
  if (titles.length === 1) return clamp(first, longest.subjectTitle);
  const names = firstNames(titles);
  const shown = names.length > 0 ? names.join(', ') : clamp(first, longest.firstTitle);
  const count = titles.length - Math.max(1, names.length);
  if (count === 0) return shown;
  // Ordinary spaces: a subject in ASCII needs no encoding. With a mark instead of the names the text is known already.
  const mark = slotMark('names');
  return texts.t('digest.subjectMore', { names: mark, count }).replace(mark, () => shown);
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

/**
 * What the subject lacks: of one paper its beginning, of several what they are about and how much they are talked about.
 * @param papers with the first of their reasons, in that language
 */
export function preheaderOf(
  texts: Texts,
  papers: readonly { paper: PaperContent; reason: { first: string } }[],
): string {
  const [first] = papers;
  if (first && papers.length === 1)
    return firstSentences(first.paper.summary || first.paper.abstract, longest.preheader);
  const counts = new Map<string, number>();
  for (const { reason } of papers) counts.set(reason.first, (counts.get(reason.first) ?? 0) + 1);
  const about = [...counts].sort(([, a], [, b]) => b - a).slice(0, longest.topics);
  const most = Math.max(...papers.map(({ paper }) => paper.upvotes));
  const top = most > 0 ? ` · ${texts.t('digest.top', { votes: texts.t('digest.votes', { count: most }) })}` : '';
  return clamp(about.map(([name, count]) => `${name} ${count}`).join(', ') + top, longest.preheader);
}

/** The reasons that are told of a paper, and how many more there are. */
export function shownReasons({ topics }: Pick<DigestEntry, 'topics'>): { shown: readonly string[]; more: number } {
  return { shown: topics.slice(0, longest.reasons), more: Math.max(0, topics.length - longest.reasons) };
}

/** Tuesday, 24 November. */
export function dayName(texts: Texts, day: string | Date): string {
  // British English puts no comma there.
  return texts.date(day, 'weekdayAndDay').replace(/^(\p{L}+) /u, '$1, ');
}

/** How many papers these are, and of how many: "4 of the day’s 17 papers" that "match what you chose". */
export function countedOf(
  texts: Texts,
  shown: number,
  account: Account | null,
  choosesNothing: boolean,
): { counted: string; match: string } {
  if (!account) {
    const match = texts.t(choosesNothing ? 'digest.popular' : 'digest.forYou');
    return { counted: texts.t('digest.papers', { count: shown }), match };
  }
  const { offered, days } = account;
  if (choosesNothing && shown === offered)
    return { counted: texts.t(days > 1 ? 'digest.allOfDays' : 'digest.allOfDay', { offered, days }), match: '' };
  return {
    counted: texts.t(days > 1 ? 'digest.ofDays' : 'digest.ofDay', { shown, offered, days }),
    match: choosesNothing ? texts.t('digest.mostPopular') : texts.t('digest.matches', { count: shown }),
  };
}

/** The day's receipt: what became of all its papers. */
export function receiptOf(
  texts: Texts,
  day: string,
  best: number,
  account: Account | null,
): { end: string; receipt: string } {
  const end = texts.t('digest.end', { weekday: texts.date(day, 'weekday') });
  if (!account) return { end, receipt: '' };
  const { offered, matched } = account;
  const others = offered - matched;
  const isBest = matched > best;
  if (others === 0) return { end, receipt: isBest ? texts.t('digest.receiptBest', { offered, best }) : '' };
  const key = isBest ? 'digest.receiptWithBest' : 'digest.receipt';
  return { end, receipt: texts.t(key, { offered, matched, best, others }) };
}

/** What a digest says of its papers as a whole. */
export interface Summary {
  day: string;
  counted: string;
  match: string;
  end: string;
  receipt: string;
}

/** The day, how many papers these are and of how many, and what became of the rest. */
export function summaryOf(texts: Texts, digest: Pick<DigestContent, 'day' | 'papers' | 'account' | 'reader'>): Summary {
  const { day, papers, account } = digest;
  return {
    day: dayName(texts, day),
    ...countedOf(texts, papers.length, account, choosesNothing(digest)),
    ...receiptOf(texts, day, papers.length, account),
  };
}

/** When a subscriber's digests come: "daily at 08:00, Berlin". */
export function rhythmOf(
  texts: Texts,
  { frequency, weekDay, hour, timezone }: Pick<Reader, 'frequency' | 'weekDay' | 'hour' | 'timezone'>,
): string {
  const place = timezone.split('/').at(-1)?.replaceAll('_', ' ') ?? '';
  return texts.t(`digest.${frequency}`, { day: weekDay, time: `${String(hour).padStart(2, '0')}:00`, place });
}

const mostTopicsNamed = 6;

/** The state of a subscription: what was chosen, and when it comes. */
export function stateOf(texts: Texts, reader: Reader): string {
  const { topics, own } = reader;
  const names = topics.slice(0, mostTopicsNamed).map((slug) => topicName(texts, slug, topicNames[slug] ?? slug));
  const others = topics.length - names.length;
  const parts = [
    ...names,
    ...(others > 0 ? [texts.t('digest.moreTopics', { count: others })] : []),
    ...(own > 0 ? [texts.t('digest.ownInterests', { count: own })] : []),
  ];
  const rhythm = rhythmOf(texts, reader);
  return parts.length > 0
    ? texts.t('digest.chose', { choice: parts.join(', '), rhythm })
    : texts.t('digest.choseNothing', { rhythm });
}

/** When something comes, for whoever lives by that time zone: "today at 08:00", "tomorrow at 08:00", "on Monday at 08:00". */
export function whenOf(texts: Texts, instant: Date, now: Date, timeZone: string): string {
  const day = localDay(instant, timeZone);
  const daysAway = (Date.parse(day) - Date.parse(localDay(now, timeZone))) / 86_400_000;
  const time = texts.time(instant, timeZone);
  if (daysAway === 0) return texts.t('when.today', { time });
  if (daysAway === 1) return texts.t('when.tomorrow', { time });
  return texts.t('when.day', { weekday: texts.date(day, 'weekday'), time });
}
