import { arxivUrl, pdfUrl } from '../papers/paper.js';
import type { ListedPaper } from '../papers/store.js';
import { longDay } from './dates.js';

const namesShown = 3;
const charactersShown = 300;

/** A paper as pages show it: text, and links that are https. */
export function paperView(paper: ListedPaper) {
  const arxiv = arxivUrl(paper.identifier);
  const discussion = httpsOnly(paper.discussionUrl);
  const { codeStars, organization } = paper;
  const links = [
    { label: 'Discussion', href: discussion },
    { label: 'arXiv', href: arxiv },
    { label: 'PDF', href: pdfUrl(paper.identifier) },
    { label: codeStars ? `Code (${counted(codeStars, 'star')})` : 'Code', href: httpsOnly(paper.codeUrl) },
    { label: 'Project', href: httpsOnly(paper.projectUrl) },
  ].filter(({ href }) => href !== null);
  return {
    title: paper.title,
    href: discussion ?? arxiv ?? links[0]?.href ?? null,
    byline: byline(paper.authors),
    facts: [
      organization,
      longDay(paper.publishedAt),
      counted(paper.upvotes, 'vote'),
      counted(paper.comments, 'comment'),
    ].filter(Boolean),
    thumbnail: httpsOnly(paper.thumbnailUrl),
    ...shortened(paper.summary, paper.abstract),
    links,
    topics: paper.topics,
  };
}

function byline(authors: string[]): string {
  const names = authors.slice(0, namesShown).join(', ');
  const others = authors.length - namesShown;
  return others > 0 ? `${names} and ${others} more` : names;
}

function counted(count: number, noun: string): string {
  // With a no-break space, so that no line begins with the noun.
  return `${count.toLocaleString('en')}\u00a0${noun}${count === 1 ? '' : 's'}`;
}

/** What is shown at once, and, where there is more, what is shown on request. */
function shortened(summary: string | null, abstract: string): { summary: string; more: string | null } {
  if (summary) return { summary, more: abstract || null };
  if (abstract.length <= charactersShown * 1.2) return { summary: abstract, more: null };
  const cut = abstract.slice(0, charactersShown).replace(/\s+\S*$/, '');
  return { summary: `${cut} …`, more: abstract };
}

/** A link of a paper; null for one that is not https, whatever a source may say. */
function httpsOnly(url: string | null): string | null {
  return url && URL.canParse(url) && new URL(url).protocol === 'https:' ? url : null;
}
