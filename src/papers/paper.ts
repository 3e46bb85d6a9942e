import { z } from 'zod';

/** A paper as a source tells of it, cleaned. What a source does not tell is null or empty. */
export interface Paper {
  /** arXiv id without version ("2602.02276", "math.GT/0309136"), else the source's own id. */
  identifier: string;
  title: string;
  abstract: string;
  /** A machine-made summary of one or two sentences. */
  summary: string | null;
  authors: string[];
  organization: string | null;
  keywords: string[];
  /** Of arXiv, like cs.CL. */
  categories: string[];
  /** Null where the source does not tell: then it is when the paper was first seen. */
  publishedAt: Date | null;
  /** Null where the source has no votes: not the same as none. */
  upvotes: number | null;
  comments: number | null;
  thumbnailUrl: string | null;
  /** The page where people talk about it, or the source's own page of it. */
  discussionUrl: string | null;
  codeUrl: string | null;
  codeStars: number | null;
  projectUrl: string | null;
}

/** A paper of which a source tells nothing but its text. */
export const untold = {
  summary: null,
  authors: [],
  organization: null,
  keywords: [],
  categories: [],
  publishedAt: null,
  upvotes: null,
  comments: null,
  thumbnailUrl: null,
  discussionUrl: null,
  codeUrl: null,
  codeStars: null,
  projectUrl: null,
} satisfies Partial<Paper>;

/** A paper as pages and mails show it: the content of the view `current_papers`, and of `paper_snapshots` once frozen. */
export const paperContent = z.object({
  identifier: z.string(),
  title: z.string(),
  authors: z.array(z.string()),
  organization: z.string().nullable(),
  publishedAt: z.coerce.date(),
  abstract: z.string(),
  summary: z.string().nullable(),
  upvotes: z.number(),
  comments: z.number(),
  thumbnailUrl: z.string().nullable(),
  discussionUrl: z.string().nullable(),
  codeUrl: z.string().nullable(),
  codeStars: z.number().nullable(),
  projectUrl: z.string().nullable(),
});
export type PaperContent = z.infer<typeof paperContent>;

/** More than any honest paper has; beyond these a page, a mail or the search index would suffer. In code points. */
const longest = { title: 2_000, text: 50_000, name: 300, url: 2_000 };
const most = { authors: 2_000, keywords: 100, categories: 100 };

/**
 * A paper with each field cut to a bearable size, whatever a source sends. A text is cut between code points, never inside
 * one: half a character can be stored nowhere.
 */
export function clampPaper(paper: Paper): Paper {
  const names = (given: string[], count: number) => given.slice(0, count).map((name) => cut(name, longest.name));
  const url = (given: string | null) => (given !== null && given.length > longest.url ? null : given);
  return {
    ...paper,
    title: cut(paper.title, longest.title),
    abstract: cut(paper.abstract, longest.text),
    summary: paper.summary && cut(paper.summary, longest.text),
    authors: names(paper.authors, most.authors),
    organization: paper.organization && cut(paper.organization, longest.name),
    keywords: names(paper.keywords, most.keywords),
    categories: names(paper.categories, most.categories),
    thumbnailUrl: url(paper.thumbnailUrl),
    discussionUrl: url(paper.discussionUrl),
    codeUrl: url(paper.codeUrl),
    projectUrl: url(paper.projectUrl),
  };
}

/** The first so many code points of a text. */
function cut(text: string, count: number): string {
  return text.length <= count ? text : [...text.slice(0, 2 * count)].slice(0, count).join('');
}

/** https://info.arxiv.org/help/arxiv_identifier.html: since April 2007 YYMM.NNNN(N), before that archive(.SUBJECT)/YYMMNNN. */
const newStyle = /^\d{2}(0[1-9]|1[0-2])\.\d{4,5}$/;
const oldStyle = /^[a-z-]+(\.[A-Z]{2})?\/\d{2}(0[1-9]|1[0-2])\d{3}$/;

/** Whether the identifier is an arXiv id, without version. */
export function isArxivId(identifier: string): boolean {
  return newStyle.test(identifier) || oldStyle.test(identifier);
}

/**
 * Finds the arXiv id in an id, a versioned id, an OAI id or an address of arxiv.org.
 * @returns the id without version, or null where there is none
 */
export function findArxivId(text: string): string | null {
  const [, id] =
    /^(?:oai:arXiv\.org:|arXiv:|https?:\/\/(?:[a-z-]+\.)?arxiv\.org\/(?:abs|pdf|html)\/)?(\S+?)(?:v\d+)?(?:\.pdf)?$/i.exec(
      text.trim(),
    ) ?? [];
  return id !== undefined && isArxivId(id) ? id : null;
}

/** Address of the paper's page on arXiv; null where it is not an arXiv paper. */
export function arxivUrl(identifier: string): string | null {
  return isArxivId(identifier) ? `https://arxiv.org/abs/${identifier}` : null;
}

/** Address of the paper's PDF on arXiv; null where it is not an arXiv paper. */
export function pdfUrl(identifier: string): string | null {
  return isArxivId(identifier) ? `https://arxiv.org/pdf/${identifier}` : null;
}
