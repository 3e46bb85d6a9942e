import { reasonIn } from '../digests/reason.js';
import type { Texts } from '../languages/texts.js';
import type { PaperContent } from '../papers/paper.js';
import { authorsLine, firstSentences, isOld, linksOf, metadataOf, pictureUrl } from '../papers/presentation.js';
import { topicName } from '../topics/topic-name.js';

const charactersShown = 300;

/**
 * A paper as pages show it: text, and links that are https.
 * @param paper.day on whose list it stands, or on which it was mailed, YYYY-MM-DD
 */
export function paperView(
  texts: Texts,
  paper: PaperContent & { day: string; topics?: readonly { slug: string; name: string }[]; why?: readonly string[] },
) {
  const links = linksOf(texts, paper);
  return {
    title: paper.title,
    href: links[0]?.href ?? null,
    authorsLine: authorsLine(paper.authors),
    metadata: metadataOf(texts, paper, isOld(paper, paper.day)),
    thumbnail: pictureUrl(paper.thumbnailUrl),
    ...shortened(paper.summary, paper.abstract),
    byModel: Boolean(paper.summary),
    links,
    listed: texts.t('papers.listed', { day: texts.date(paper.day, 'long') }),
    topics: (paper.topics ?? []).map(({ slug, name }) => ({ slug, name: topicName(texts, slug, name) })),
    why: (paper.why ?? []).map((reason) => reasonIn(texts, reason)),
  };
}

/** What is shown at once, and, where there is more, what is shown on request. */
function shortened(summary: string | null, abstract: string): { summary: string; more: string | null } {
  if (summary) return { summary, more: abstract || null };
  if (abstract.length <= charactersShown * 1.2) return { summary: abstract, more: null };
  return { summary: firstSentences(abstract, charactersShown), more: abstract };
}
