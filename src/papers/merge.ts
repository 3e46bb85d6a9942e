import type { Paper } from './paper.js';

/** A paper as it is stored: what no source tells of has its least value. */
export type StoredPaper = Omit<Paper, 'publishedAt' | 'upvotes' | 'comments'> & {
  publishedAt: Date;
  upvotes: number;
  comments: number;
};

/** How the list that a paper is read from stands to what is known of the paper. */
export interface Standing {
  /** Other sources list it too: the richer value stays, whichever source comes first. */
  shared: boolean;
  /** The same source lists it on a newer day: this older list only fills gaps. */
  outdated: boolean;
}

/** A paper that is not known yet. One of which no source tells when it was published counts as published now. */
export function newPaper(given: Paper, now: Date): StoredPaper {
  const { publishedAt, upvotes, comments } = given;
  return { ...given, publishedAt: publishedAt ?? now, upvotes: upvotes ?? 0, comments: comments ?? 0 };
}

/**
 * Makes one of what is known of a paper and what a source says of it now. By and large what the source says now holds, but
 * a missing value never replaces one; `standing` says where the known value stays.
 */
export function mergePaper(known: StoredPaper, given: Paper, { shared, outdated }: Standing): StoredPaper {
  const present = <Value>(old: Value, now: Value): Value => (shared || outdated ? (old ?? now) : (now ?? old));
  const longer = <Value extends { length: number }>(old: Value, now: Value): Value =>
    outdated || now.length === 0 || (shared && old.length >= now.length) ? old : now;
  const higher = <Old extends number | null>(old: Old, now: number | null): Old | number => {
    if (old === null || now === null) return now ?? old;
    return shared && !outdated ? Math.max(old, now) : present(old, now);
  };
  return {
    identifier: known.identifier,
    title: longer(known.title, given.title),
    abstract: longer(known.abstract, given.abstract),
    summary: present(known.summary, given.summary),
    authors: longer(known.authors, given.authors),
    organization: present(known.organization, given.organization),
    keywords: longer(known.keywords, given.keywords),
    categories: longer(known.categories, given.categories),
    publishedAt: given.publishedAt && given.publishedAt < known.publishedAt ? given.publishedAt : known.publishedAt,
    upvotes: higher(known.upvotes, given.upvotes),
    comments: higher(known.comments, given.comments),
    thumbnailUrl: present(known.thumbnailUrl, given.thumbnailUrl),
    discussionUrl: present(known.discussionUrl, given.discussionUrl),
    codeUrl: present(known.codeUrl, given.codeUrl),
    codeStars: higher(known.codeStars, given.codeStars),
    projectUrl: present(known.projectUrl, given.projectUrl),
  };
}
