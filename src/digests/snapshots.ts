import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import { z } from 'zod';
import { type PaperContent, paperContent } from '../papers/paper.js';
import type { PreparedDigests } from './compose.js';
import type { Account, DigestEntry, SentPaperNews, StoredAccount } from './content.js';

/** More papers than are on offer at any time, at some 20 KB each with what compose makes of them; an edition takes some 40 KB with that. */
const mostKept = { papers: 3_000, editions: 150, seen: 10_000 };

/** What a digest shows, as the plan froze it. */
export interface Shown {
  papers: readonly DigestEntry[];
  account: Account | null;
  /** What became of papers of earlier digests, which differs from one subscriber to the next. */
  since: readonly SentPaperNews[];
  /** What compose has made of it, kept for the next mail that shows it; null where there may be none. */
  prepared: PreparedDigests | null;
}

const rows = z.array(z.object({ id: z.number(), content: paperContent }));

/** The papers of digests as they were frozen. They never change, so those used last are kept. */
export class Snapshots {
  readonly #db: Pick<Pool, 'query'>;
  readonly #papers = new LRUCache<number, PaperContent>({ max: mostKept.papers });
  readonly #editions = new LRUCache<string, Shown>({ max: mostKept.editions });
  /** Editions that were shown once. Many are for one subscriber, and to keep these would cost the collector of garbage more than all else. */
  readonly #seen = new LRUCache<string, true>({ max: mostKept.seen });

  constructor(db: Pick<Pool, 'query'>) {
    this.#db = db;
  }

  /** What a digest shows: its papers in their order with why each is here, and what became of the others. */
  async shownBy(digest: {
    editionId: string;
    snapshotIds: number[];
    topics: string[][];
    account: StoredAccount | null;
  }): Promise<Shown> {
    const { editionId, snapshotIds, topics, account } = digest;
    const known = this.#editions.get(editionId);
    if (known) return known;
    const outside = account?.outside ?? null;
    const ids = outside === null ? snapshotIds : [...snapshotIds, outside];
    const missing = ids.filter((id) => !this.#papers.has(id));
    if (missing.length > 0) await this.#load(missing);
    const papers: DigestEntry[] = [];
    for (const [i, id] of snapshotIds.entries()) {
      const paper = this.#papers.get(id);
      if (paper) papers.push({ paper, topics: topics[i] ?? [] });
    }
    const isAgain = this.#seen.has(editionId);
    const shown = {
      papers,
      account: account && accountOf(account, this.#papers.get(outside ?? 0)),
      since: [],
      prepared: isAgain ? new Map() : null,
    };
    if (papers.length > 0 && isAgain) this.#editions.set(editionId, shown);
    else if (papers.length > 0) this.#seen.set(editionId, true);
    return shown;
  }

  /** Papers as they were frozen, by the id of their snapshot. */
  async papersOf(ids: readonly number[]): Promise<ReadonlyMap<number, PaperContent>> {
    const missing = ids.filter((id) => !this.#papers.has(id));
    if (missing.length > 0) await this.#load(missing);
    return new Map(ids.flatMap((id) => [[id, this.#papers.get(id)] as const]).filter(isKept));
  }

  async #load(ids: number[]): Promise<void> {
    const found = await this.#db.query('select id, content from paper_snapshots where id = any ($1)', [ids]);
    for (const { id, content } of rows.parse(found.rows)) if (!this.#papers.has(id)) this.#papers.set(id, content);
  }
}

function isKept(entry: readonly [number, PaperContent | undefined]): entry is [number, PaperContent] {
  return entry[1] !== undefined;
}

/** An account with the paper that it names. */
export function accountOf({ topic, ...account }: StoredAccount, outside: PaperContent | undefined): Account {
  return { ...account, outside: outside ? { paper: outside, topic } : null };
}
