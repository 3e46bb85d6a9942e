import type { PaperContent } from '../papers/paper.js';
import {
  authorsLine,
  firstSentences,
  isOld,
  linksOf,
  longDay,
  metadataOf,
  pictureUrl,
} from '../papers/presentation.js';

const charactersShown = 300;

/**
 * A paper as pages show it: text, and links that are https.
 * @param paper.day on whose list it stands, or on which it was mailed, YYYY-MM-DD
 */
export function paperView(
  paper: PaperContent & { day: string; topics?: readonly { slug: string; name: string }[]; why?: readonly string[] },
) {
  const links = linksOf(paper);
  return {
    title: paper.title,
    href: links[0]?.href ?? null,
    authorsLine: authorsLine(paper.authors),
    metadata: metadataOf(paper, isOld(paper, paper.day)),
    thumbnail: pictureUrl(paper.thumbnailUrl),
    ...shortened(paper.summary, paper.abstract),
    byModel: Boolean(paper.summary),
    links,
    listed: `listed ${longDay(paper.day)}`,
    topics: paper.topics ?? [],
    why: paper.why ?? [],
  };
}

/** What is shown at once, and, where there is more, what is shown on request. */
function shortened(summary: string | null, abstract: string): { summary: string; more: string | null } {
  if (summary) return { summary, more: abstract || null };
  if (abstract.length <= charactersShown * 1.2) return { summary: abstract, more: null };
  return { summary: firstSentences(abstract, charactersShown), more: abstract };
}
