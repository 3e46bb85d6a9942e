import type { Queries } from '../database/database.js';

/** Much longer than a digest tells of them. */
const keepNewsDays = 60;
/** Much longer than the time within which an event is taken in. */
const keepEventsDays = 30;
/** How long what was sent stays readable in a subscriber's history. */
const keepDigestsDays = 400;
/**
 * How much longer editions and snapshots are kept. A digest takes an edition that is there already, and an edition a
 * snapshot, only of papers that are on offer, which is for 31 days; so none of these is referred to any more.
 */
const onOfferDays = 62;

/**
 * Deletes digests past their time, with the account of their day, and then what they were made of. A paper can not come
 * again for that: cursors stand behind it.
 */
export async function pruneDigests(
  db: Queries,
  now: Date,
): Promise<{ digests: number; editions: number; snapshots: number }> {
  const oldest = new Date(now.getTime() - keepDigestsDays * 86_400_000);
  const digests = await db.$executeRaw`
    delete from digests where day < ${oldest}::date and status not in ('queued', 'sending')`;
  await db.$executeRaw`
    delete from plans p where day < ${oldest}::date and not exists (select from digests d where d.day = p.day)`;
  const unused = new Date(oldest.getTime() - onOfferDays * 86_400_000);
  const editions = await db.$executeRaw`delete from editions where created_at < ${unused}`;
  // Of digests from when it was last used none is left.
  await db.$executeRaw`delete from layouts where used_at < ${unused}`;
  const snapshots =
    await db.$executeRaw`delete from paper_snapshots where created_at < ${new Date(unused.getTime() - onOfferDays * 86_400_000)}`;
  await db.$executeRaw`delete from paper_news where noticed_at < ${new Date(now.getTime() - keepNewsDays * 86_400_000)}`;
  await db.$executeRaw`delete from webhook_events where received_at < ${new Date(now.getTime() - keepEventsDays * 86_400_000)}`;
  await db.$executeRaw`delete from domain_pauses where until < ${new Date(now.getTime() - 86_400_000)}`;
  await db.$executeRaw`
    delete from cursor_exceptions e where not exists (select from subscribers s where s.id = e.subscriber_id)`;
  return { digests, editions, snapshots };
}
