import type { Context } from '../context.js';

const editionsADay = 100;
const papersEach = 8;

/**
 * Puts a digest on record that was sent to each subscriber on each of the days before `day`, of papers that are on offer no
 * longer. The indexes are made afterwards, which is ten times as fast.
 * @param day YYYY-MM-DD
 */
export async function makeHistory({ db }: Pick<Context, 'db'>, day: string, days: number): Promise<void> {
  if (days === 0) return;
  await db.pool.query(
    `insert into editions (id, paper_ids, snapshot_ids, topics, created_at)
     select md5(n || '-' || i)::uuid, array(select -(n * 1000 + i * 10 + k) from generate_series(1, $4::int) k), '{}', '[]',
       $1::date - n
     from generate_series(1, $2::int) n, generate_series(0, $3::int - 1) i`,
    [day, days, editionsADay, papersEach],
  );
  const { rows: indexes } = await db.pool.query<{ name: string; definition: string }>(
    `select indexname as name, indexdef as definition from pg_indexes
     where tablename = 'digests' and indexname not like '%_pkey'`,
  );
  for (const { name } of indexes) await db.pool.query(`drop index "${name}"`);
  // A day at a time, as they came.
  for (let before = days; before > 0; before--)
    await db.pool.query(
      `insert into digests (id, subscriber_id, day, edition_id, status, planned_at, not_before, abstract_length, attempts, sent_at,
         last_reply, begun)
       select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7000800000' || lpad(to_hex(s.id), 10, '0'))::uuid,
         s.id, at::date, md5($2 || '-' || s.id % $3::int)::uuid, 'sent', at, at, 'short', 1, at + interval '1 minute',
         '250 2.0.0 Ok: queued as 4F7C8120', true
       from subscribers s, lateral (select ($1::date - $2::int)::timestamptz as at) past`,
      [day, before, editionsADay],
    );
  await db.pool.query(
    `insert into plans (planned_at, day, due, planned, no_match)
     select day, day, count(*), count(*), 0 from digests group by day`,
  );
  for (const { definition } of indexes) await db.pool.query(definition);
  await db.pool.query('vacuum (analyze) digests');
}
