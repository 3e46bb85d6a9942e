import type { Queries } from '../database/database.js';

/** How long what was sent stays readable in a subscriber's history. */
const keepDigestsDays = 400;

/**
 * Deletes digests past their time, with their papers and the account of their day, and prints that no digest uses any
 * more. A paper can not come again for that: lists that old are never offered.
 */
export async function pruneDigests(db: Queries, now: Date): Promise<{ digests: number; printings: number }> {
  const digests = await db.$executeRaw`
    delete from digests
    where planned_at < ${now}::timestamptz - make_interval(days => ${keepDigestsDays}::int) and status not in ('queued', 'sending')`;
  await db.$executeRaw`
    delete from plans p
    where planned_at < ${now}::timestamptz - make_interval(days => ${keepDigestsDays}::int)
      and not exists (select from digests d where d.day = p.day)`;
  const printings = await db.$executeRaw`
    delete from printings p where not exists (select from digest_papers d where d.printing_id = p.id)`;
  return { digests, printings };
}
