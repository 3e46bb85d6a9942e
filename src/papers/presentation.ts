import { arxivUrl, pdfUrl } from './paper.js';

/** How a paper is put before a reader, on a page and in a mail alike. */

const namesShown = 3;
const longestName = 80;

/** The first authors and how many more there are. */
export function authorsLine(authors: readonly string[]): string {
  const names = authors.slice(0, namesShown).map((name) => clamp(name, longestName));
  const others = authors.length - namesShown;
  return others > 0 ? `${names.join(', ')} and ${others} more` : names.join(', ');
}

/** A count and its noun, with a no-break space, so that no line begins with the noun. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')}\u00a0${noun}${count === 1 ? '' : 's'}`;
}

const dateFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });

/** A calendar day (YYYY-MM-DD) or an instant, as its day in UTC: 4 February 2026. */
export function longDay(day: string | Date): string {
  return dateFormat.format(new Date(day));
}

/** What is told of a paper beside its authors: where it is from, when it came out, what people think of it. */
export function metadataOf(paper: {
  organization: string | null;
  publishedAt: Date;
  upvotes: number;
  comments: number;
}): string[] {
  const { organization, publishedAt, upvotes, comments } = paper;
  const metadata = [longDay(publishedAt), counted(upvotes, 'vote'), counted(comments, 'comment')];
  return organization ? [clamp(organization, longestName), ...metadata] : metadata;
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

/** Where there is more about a paper, its discussion first. */
export function linksOf(paper: {
  identifier: string;
  discussionUrl: string | null;
  codeUrl: string | null;
  codeStars: number | null;
  projectUrl: string | null;
}): PaperLink[] {
  const { identifier, codeStars } = paper;
  const links = [
    { label: 'Discussion', href: safeUrl(paper.discussionUrl) },
    { label: 'arXiv', href: arxivUrl(identifier) },
    { label: 'PDF', href: pdfUrl(identifier) },
    { label: codeStars ? `Code (${counted(codeStars, 'star')})` : 'Code', href: safeUrl(paper.codeUrl) },
    { label: 'Project', href: safeUrl(paper.projectUrl) },
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
