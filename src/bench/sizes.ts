import type { Pool } from 'pg';
import { z } from 'zod';

/** What a row takes on disk, in bytes, with its part of the indexes; null where there is none. */
export interface RowBytes {
  /** With their place in the plan's calendar. */
  subscriber: number | null;
  digest: number | null;
  edition: number | null;
  paperSnapshot: number | null;
}

const sizes = z.tuple([
  z.object({
    subscriber: z.number().nullable(),
    digest: z.number().nullable(),
    edition: z.number().nullable(),
    paperSnapshot: z.number().nullable(),
  }),
]);

/** Measures what rows take, once what has been changed and deleted is tidied up as autovacuum does. */
export async function measureRows(pool: Pool): Promise<RowBytes> {
  await pool.query('vacuum (analyze) subscribers, schedules, digests, editions, paper_snapshots');
  const each = (tables: string[]) =>
    `(${tables.map((table) => `pg_total_relation_size('${table}')`).join(' + ')})::float8 / nullif((select count(*) from ${tables[0]}), 0)`;
  const { rows } = await pool.query(`
    select round(${each(['subscribers', 'schedules'])}) as subscriber, round(${each(['digests'])}) as digest,
      round(${each(['editions'])}) as edition, round(${each(['paper_snapshots'])}) as "paperSnapshot"`);
  return sizes.parse(rows)[0];
}
