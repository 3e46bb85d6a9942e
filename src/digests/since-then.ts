import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import { z } from 'zod';
import { newsKinds } from '../papers/news.js';
import type { MailedDigest } from './claims.js';
import type { SentPaperNews } from './content.js';
import type { Snapshots } from './snapshots.js';

const dayMs = 86_400_000;
/** More would be a digest of their own. */
const mostTold = 4;
/** Papers that were sent longer ago are no news any more. */
const rememberedDays = 35;

const rows = z.array(
  z.object({
    snapshotId: z.number(),
    kind: z.enum(newsKinds),
    votes: z.number().nullable(),
    codeUrl: z.string().nullable(),
  }),
);

/**
 * What became of papers that a subscriber was sent: told by the first digest of each week, of the week before. All of it comes from
 * what is on record and does not change any more, so that a mail that is made again says the same.
 */
export class SinceThen {
  readonly #db: Pick<Pool, 'query'>;
  readonly #snapshots: Snapshots;
  /** Whether there is any news of the week before a Monday. Mostly there is for nobody, or for some; to know costs one look. */
  readonly #weeks = new LRUCache<string, Promise<boolean>>({ max: 10 });

  constructor(db: Pick<Pool, 'query'>, snapshots: Snapshots) {
    this.#db = db;
    this.#snapshots = snapshots;
  }

  /** What a digest tells of it; none where it is not the first of its week. */
  async of({ subscriberId, day, plannedAt }: Pick<MailedDigest, 'subscriberId' | 'day' | 'plannedAt'>) {
    const monday = mondayOf(day);
    if (!(await this.#hasNews(monday))) return [];
    const { rows: found } = await this.#db.query({
      name: 'since-then',
      text: `
        select sent.snapshot_id as "snapshotId", n.kind, n.votes, n.code_url as "codeUrl"
        from digests_of($1, $2::date - ${rememberedDays}, $2::date - 1) d join editions e on e.id = d.edition_id
          cross join lateral unnest(e.paper_ids, e.snapshot_ids) as sent (paper_id, snapshot_id)
          join paper_news n on n.paper_id = sent.paper_id
            and n.noticed_at > d.planned_at and n.noticed_at >= $5 and n.noticed_at < $6
        where d.status = 'sent' and d.sent_at < $3
          and not exists (select from digests_of($1, $4::date, $2::date - 1))
        order by n.kind = 'withdrawn' desc, n.noticed_at, n.paper_id, n.kind
        limit ${mostTold}`,
      values: [subscriberId, day, plannedAt, monday, ...windowOf(monday)],
    });
    return this.#told(rows.parse(found));
  }

  async #told(news: z.output<typeof rows>): Promise<SentPaperNews[]> {
    const papers = await this.#snapshots.papersOf(news.map(({ snapshotId }) => snapshotId));
    return news.flatMap(({ snapshotId, ...told }) => {
      const paper = papers.get(snapshotId);
      return paper ? [{ paper, ...told }] : [];
    });
  }

  #hasNews(monday: string): Promise<boolean> {
    const known = this.#weeks.get(monday) ?? this.#look(monday);
    this.#weeks.set(monday, known);
    known.catch(() => this.#weeks.delete(monday));
    return known;
  }

  async #look(monday: string): Promise<boolean> {
    const { rowCount } = await this.#db.query(
      'select from paper_news where noticed_at >= $1 and noticed_at < $2 limit 1',
      windowOf(monday),
    );
    return (rowCount ?? 0) > 0;
  }
}

/** The Monday of a calendar day's week (ISO 8601). */
function mondayOf(day: string): string {
  const date = Date.parse(day);
  const daysSince = (new Date(date).getUTCDay() + 6) % 7;
  return new Date(date - daysSince * dayMs).toISOString().slice(0, 10);
}

/** The news that a week's first digest tells: seven days that are over wherever it is Monday already. */
function windowOf(monday: string): [Date, Date] {
  const end = Date.parse(monday) - dayMs;
  return [new Date(end - 7 * dayMs), new Date(end)];
}
