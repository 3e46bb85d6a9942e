import { z } from 'zod';
import { utcDay } from '../calendar-day.js';
import type { Queries } from '../database/database.js';
import type { DigestEntry } from './content.js';
import { loadEdition } from './editions.js';

const pastDigests = z.array(
  z.object({
    id: z.string(),
    /** Local calendar day, YYYY-MM-DD. */
    day: z.string(),
    sentAt: z.coerce.date(),
    papers: z.array(z.object({ title: z.string(), identifier: z.string(), discussionUrl: z.string().nullable() })),
  }),
);
/** A digest that was sent, and what was in it. */
export type PastDigest = z.output<typeof pastDigests>[number];

/**
 * What was sent to a subscriber, newest first.
 * @param before only digests of earlier days than this, YYYY-MM-DD
 */
export async function listPastDigests(
  db: Queries,
  subscriberId: number,
  limit: number,
  before: string | null = null,
): Promise<PastDigest[]> {
  const rows = await db.$queryRaw`
    select d.id, d.day::text, d.sent_at as "sentAt", (
      select coalesce(jsonb_agg(jsonb_build_object(
        'title', s.content ->> 'title', 'identifier', s.content ->> 'identifier', 'discussionUrl', s.content ->> 'discussionUrl'
      ) order by chosen.place), '[]')
      from unnest(e.snapshot_ids) with ordinality as chosen (id, place) join paper_snapshots s on s.id = chosen.id
    ) as papers
    from digests_of(${subscriberId}, '-infinity', coalesce(${before}::date - 1, 'infinity')) d join editions e on e.id = d.edition_id
    where d.status = 'sent'
    order by d.day desc
    limit ${limit}`;
  return pastDigests.parse(rows);
}

/** The id of the newest digest of a subscriber, whatever became of it; null where there is none. */
export async function findNewestDigest(db: Queries, subscriberId: number): Promise<string | null> {
  const rows = await db.$queryRaw`
    select id from digests_of(${subscriberId}, '-infinity', 'infinity') order by day desc limit 1`;
  return z.array(z.object({ id: z.string() })).parse(rows)[0]?.id ?? null;
}

/**
 * What anybody may see of a digest: its day and its papers, as they were frozen.
 * @returns null where it does not exist or is no longer anybody's
 */
export async function findSharedDigest(
  db: Queries,
  digestId: string,
): Promise<{ day: string; papers: DigestEntry[] } | null> {
  const digest = await db.digest.findUnique({ where: { id: digestId } });
  if (!digest || digest.subscriberId === null) return null;
  return { day: utcDay(digest.day), papers: await loadEdition(db, digest.editionId) };
}
