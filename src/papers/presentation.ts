import type { Texts } from '../languages/texts.js';
import { arxivUrl, isArxivId, pdfUrl } from './paper.js';

/** How a paper is put before a reader, on a page and in a mail alike. */

const longestName = 80;

/** Up to three authors; of more the first two, the last, whom researchers look for, and how many there are. */
export function authorsLine(authors: readonly string[]): string {
  const names = authors.map((name) => clamp(name, longestName));
  if (names.length <= 3) return names.join(', ');
  return `${names.slice(0, 2).join(', ')}, …, ${names.at(-1)} (${names.length})`;
}

const dayMs = 86_400_000;
/** For so many days a date needs no year. */
const yearlessDays = 300;

/** Whether the date of a paper needs its year, for whoever reads on that day (YYYY-MM-DD). */
export function isOld({ publishedAt }: { publishedAt: Date }, day: string): boolean {
  return Date.parse(day) - publishedAt.getTime() > yearlessDays * dayMs;
}

/**
 * What is told of a paper beside its authors: where it is from, when it came out, what people think of it.
 * @param withYear see `isOld`
 */
export function metadataOf(
  texts: Texts,
  paper: { identifier: string; organization: string | null; publishedAt: Date; upvotes: number; comments: number },
  withYear: boolean,
): string[] {
  const { organization, publishedAt, upvotes, comments } = paper;
  const date = texts.date(publishedAt, withYear ? 'long' : 'short');
  return [
    ...(organization ? [clamp(organization, longestName)] : []),
    isArxivId(paper.identifier) ? `arXiv\u00a0${date.replaceAll(' ', '\u00a0')}` : date,
    ...(upvotes > 0 ? [texts.t('digest.votes', { count: upvotes })] : []),
    ...(comments > 0 ? [texts.t('digest.comments', { count: comments })] : []),
  ];
}

const longestShortName = 25;

/** What a title calls its subject, before a colon: "EnvHarness"; null where there is nothing so short. */
export function shortName(title: string): string | null {
  const [, name] = /^([^:]+):\s/.exec(title) ?? [];
  return name !== undefined && name.length <= longestShortName ? name.trim() : null;
}

/** Cuts a text at the end of a word, with an ellipsis, where it is longer than that many characters. */
export function clamp(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const cut = text.slice(0, longest).replace(/[\ud800-\udbff]$/, '');
  return `${cut.replace(/\s+\S*$/, '')} …`;
}

const sentences = new Intl.Segmenter('en', { granularity: 'sentence' });

/** As many whole sentences as fit into that many characters; where not even one does, its beginning. */
export function firstSentences(text: string, longest: number): string {
  let end = 0;
  for (const { index, segment } of sentences.segment(text)) {
    if (index + segment.trimEnd().length > longest) break;
    end = index + segment.length;
  }
  return end > 0 ? text.slice(0, end).trimEnd() : clamp(text, longest);
}

export interface PaperLink {
  label: string;
  href: string;
}

/** Fewer stars than this tell nothing. */
const leastStars = 10;

/** Where there is more about a paper, the paper itself first. */
export function linksOf(
  texts: Texts,
  paper: {
    identifier: string;
    discussionUrl: string | null;
    codeUrl: string | null;
    codeStars: number | null;
    projectUrl: string | null;
  },
): PaperLink[] {
  const { identifier, codeStars } = paper;
  const stars = codeStars !== null && codeStars >= leastStars ? ` ★\u00a0${texts.number(codeStars)}` : '';
  const links = [
    { label: 'arXiv', href: arxivUrl(identifier) },
    { label: 'PDF', href: pdfUrl(identifier) },
    { label: `${texts.t('digest.code')}${stars}`, href: safeUrl(paper.codeUrl) },
    { label: texts.t('digest.project'), href: safeUrl(paper.projectUrl) },
    { label: texts.t('digest.discussion'), href: safeUrl(paper.discussionUrl) },
  ];
  return links.filter((link): link is PaperLink => link.href !== null);
}

const longestUrl = 2_000;

/** Where pictures of papers come from: whoever a source names elsewhere would learn the addresses of all who read. */
export const pictureHosts: readonly string[] = ['huggingface.co'];

/** The address of a picture as a page or a mail may load it; null for one of any other host. */
export function pictureUrl(url: string | null): string | null {
  const safe = safeUrl(url);
  const host = safe === null ? '' : new URL(safe).host;
  return pictureHosts.some((known) => host === known || host.endsWith(`.${known}`)) ? safe : null;
}

/** An address as a link or an image may have it; null for one that is not https, whatever a source may say. */
export function safeUrl(url: string | null): string | null {
  const safe = url !== null && url.length <= longestUrl && URL.canParse(url) && new URL(url).protocol === 'https:';
  return safe ? new URL(url).href : null;
}
