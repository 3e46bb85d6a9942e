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

/** https://info.arxiv.org/help/arxiv_identifier.html: since April 2007 YYMM.NNNN(N), before that archive(.SUBJECT)/YYMMNNN. */
const newStyle = /^\d{2}(0[1-9]|1[0-2])\.\d{4,5}$/;
const oldStyle = /^[a-z-]+(\.[A-Z]{2})?\/\d{2}(0[1-9]|1[0-2])\d{3}$/;

/** Whether the identifier is an arXiv id, without version. */
function isArxivId(identifier: string): boolean {
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
