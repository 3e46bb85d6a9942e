import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import { z } from 'zod';
import { type PaperContent, paperContent } from '../papers/paper.js';
import type { DigestEntry } from './compose.js';

/** More than are on offer at any time; at some 20 KB each, with what compose makes of them. */
const mostKept = 3_000;

const rows = z.array(z.object({ id: z.number(), content: paperContent }));

/** The papers of digests as they were frozen. They never change, so those used last are kept. */
export class Snapshots {
  readonly #db: Pick<Pool, 'query'>;
  readonly #papers = new LRUCache<number, PaperContent>({ max: mostKept });

  constructor(db: Pick<Pool, 'query'>) {
    this.#db = db;
  }

  /** What a digest shows: its papers in their order, and the names of the topics that matched each. */
  async entriesOf(digest: { snapshotIds: number[]; topics: string[][] }): Promise<DigestEntry[]> {
    const { snapshotIds, topics } = digest;
    await this.#load(snapshotIds.filter((id) => !this.#papers.has(id)));
    return snapshotIds.flatMap((id, i) => {
      const paper = this.#papers.get(id);
      return paper ? { paper, topics: topics[i] ?? [] } : [];
    });
  }

  async #load(ids: number[]): Promise<void> {
    if (ids.length === 0) return;
    const found = await this.#db.query('select id, content from paper_snapshots where id = any ($1)', [ids]);
    for (const { id, content } of rows.parse(found.rows)) if (!this.#papers.has(id)) this.#papers.set(id, content);
  }
}
