import { z } from 'zod';
import type { Queries } from '../database/database.js';

const sourceState = z.object({
  source: z.string(),
  /** The newest day whose list was read in full, YYYY-MM-DD; null where none was. */
  newestDay: z.string().nullable(),
  /** When a list was last read in full. */
  readAt: z.date().nullable(),
  /** What last went wrong since then; null where nothing did. */
  error: z.string().nullable(),
});
export type SourceState = z.output<typeof sourceState>;

/** How the reading of each source goes, by the lists of the `days` before `now`. */
export async function readSourceStates(db: Queries, now: Date, days: number): Promise<SourceState[]> {
  const rows = await db.$queryRaw`
    with recent as (
      select * from source_days where day >= (${now}::timestamptz at time zone 'UTC')::date - ${days}::int
    ), reads as (
      select source, max(day) filter (where fetched_at is not null)::text as "newestDay", max(fetched_at) as "readAt"
      from recent group by source
    )
    select reads.*, (
      select error from recent r
      where r.source = reads.source and r.failed_at > coalesce(reads."readAt", '-infinity')
      order by r.failed_at desc limit 1) as error
    from reads order by source`;
  return z.array(sourceState).parse(rows);
}
