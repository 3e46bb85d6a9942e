import { Segment } from '../mail/segment.js';
import { clamp, linksOf, safeUrl } from '../papers/presentation.js';
import type { DigestContent } from './content.js';
import { wrapTo } from './shared-segments.js';
import type { DigestTemplates, NewsLine } from './templates.js';

/** What became of papers of earlier digests: a reader's own part of a mail, empty where there is nothing to tell. */

const longestTitle = 120;
const nothing = new Segment('');

export function sinceHtml(templates: DigestTemplates, digest: DigestContent): Segment {
  if (digest.since.length === 0) return nothing;
  return new Segment(templates.since({ news: newsOf(templates, digest) }));
}

export function sinceText(templates: DigestTemplates, digest: DigestContent): Segment {
  if (digest.since.length === 0) return nothing;
  const { t } = templates.texts;
  const lines = newsOf(templates, digest).map(({ what, title, href }) => {
    return `${wrapTo(`${what}: ${title}`)}\n${href ? `${href}\n` : ''}`;
  });
  return new Segment(`\n${wrapTo(`${t('digest.since')} ${t('digest.sinceWhat')}`)}\n${lines.join('')}`);
}

function newsOf({ texts }: DigestTemplates, { since }: DigestContent): NewsLine[] {
  return since.map(({ paper, kind, votes, codeUrl }) => ({
    what: texts.t(`digest.news.${kind}`, { votes: texts.t('digest.votes', { count: votes ?? 0 }) }),
    title: clamp(paper.title, longestTitle),
    href: safeUrl(codeUrl) ?? linksOf(texts, paper)[0]?.href ?? null,
  }));
}
