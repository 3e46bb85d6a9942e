import { authorsLine, firstSentences, linksOf, metadataOf, pictureUrl } from '../papers/presentation.js';
import type { ListedPaper } from '../papers/store.js';

const charactersShown = 300;

/** A paper as pages show it: text, and links that are https. */
export function paperView(paper: ListedPaper) {
  const links = linksOf(paper);
  return {
    title: paper.title,
    href: links[0]?.href ?? null,
    authorsLine: authorsLine(paper.authors),
    metadata: metadataOf(paper),
    thumbnail: pictureUrl(paper.thumbnailUrl),
    ...shortened(paper.summary, paper.abstract),
    links,
    topics: paper.topics,
  };
}

/** What is shown at once, and, where there is more, what is shown on request. */
function shortened(summary: string | null, abstract: string): { summary: string; more: string | null } {
  if (summary) return { summary, more: abstract || null };
  if (abstract.length <= charactersShown * 1.2) return { summary: abstract, more: null };
  return { summary: firstSentences(abstract, charactersShown), more: abstract };
}
