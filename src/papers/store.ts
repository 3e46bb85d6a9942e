import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { utcDay } from '../calendar-day.js';
import type { Queries } from '../database/database.js';
import { Prisma } from '../generated/prisma/client.js';
import { mergePaper, newPaper, type StoredPaper } from './merge.js';
import { findArxivId, type Paper, paperContent } from './paper.js';
import { trendingOrder } from './trending.js';

export interface WrittenPaper {
  id: number;
  /** Not known before. */
  isNew: boolean;
  /** Title, abstract or keywords are others than before: what it is about may have changed. */
  textChanged: boolean;
}

/** What a source lists for a day, YYYY-MM-DD. */
export interface SourceList {
  source: string;
  day: string;
  papers: Paper[];
  /** Leave out of the list what the source has listed before. */
  listedOnce?: boolean;
  /** The list is complete once it is read, whatever the day. */
  completeWhenRead?: boolean;
}

/** Lets one transaction at a time write papers, lists and offers: two readings of a list wait for each other, and the log for both. */
export async function lockPapers(tx: Queries): Promise<void> {
  await tx.$executeRaw`select pg_advisory_xact_lock(hashtext('offprint papers'))`;
}

/** What more is, Prisma would split into statements that it sends over one connection at once. */
const insertedAtOnce = 1_000;

/**
 * Writes the papers of a source's list of `day`: new ones in, known ones updated. The caller holds the lock of `lockPapers`.
 * @param list no paper twice
 * @param onlyKnown leaves papers out that are not known yet
 * @returns the papers that are new or have changed; a row that stays as it was is not among them
 */
export async function writePapers(
  tx: Queries,
  { source, day, papers }: SourceList,
  now: Date,
  onlyKnown = false,
): Promise<WrittenPaper[]> {
  const rows = await tx.paper.findMany({
    where: { identifier: { in: papers.map(({ identifier }) => identifier) } },
    include: { listings: { select: { source: true, day: true } } },
    omit: { createdAt: true, updatedAt: true, matchedWith: true },
  });
  const known = new Map(rows.map((row) => [row.identifier, row]));
  const written: WrittenPaper[] = [];
  for (const paper of papers) {
    const row = known.get(paper.identifier);
    if (!row) continue;
    const { id, listings, ...before } = row;
    const merged = mergePaper(before, paper, {
      shared: listings.some((listing) => listing.source !== source),
      outdated: listings.some((listing) => listing.source === source && utcDay(listing.day) > day),
    });
    if (isDeepStrictEqual(merged, before)) continue;
    await tx.paper.update({ where: { id }, data: { ...merged, updatedAt: now }, select: { id: true } });
    written.push({ id, isNew: false, textChanged: !isDeepStrictEqual(textOf(merged), textOf(before)) });
  }
  const unknown = onlyKnown ? [] : papers.filter(({ identifier }) => !known.has(identifier));
  for (let at = 0; at < unknown.length; at += insertedAtOnce) {
    const data = unknown
      .slice(at, at + insertedAtOnce)
      .map((paper) => ({ ...newPaper(paper, now), createdAt: now, updatedAt: now }));
    for (const { id } of await tx.paper.createManyAndReturn({ data, select: { id: true } }))
      written.push({ id, isNew: true, textChanged: true });
  }
  return written;
}

/** What the topics of a paper are found in. */
function textOf({ title, abstract, keywords }: StoredPaper) {
  return { title, abstract, keywords };
}

/**
 * How long after a day's end its list may wait to be read once more. Then it counts as complete as it is: nobody waits for
 * a source that is read by hand.
 */
const lastReadMinutes = 30;

/**
 * Records that the list of a day was read in full, and which papers stand on it. From when on they may be offered: at
 * once where the list is complete when it is read; else when it is read after its day's end (UTC), or half an hour later.
 */
export async function writeList(
  tx: Queries,
  { source, day, papers, listedOnce = false, completeWhenRead = false }: SourceList,
  now: Date,
): Promise<void> {
  const identifiers = papers.map((paper) => paper.identifier);
  const dayEnd = new Date(Date.parse(day) + 86_400_000);
  const atDayEnd = now < dayEnd ? now : dayEnd;
  const deadline = new Date(dayEnd.getTime() + lastReadMinutes * 60_000);
  const readyAt = completeWhenRead || now >= dayEnd ? atDayEnd : deadline;
  const known = await tx.sourceDay.findUnique({ where: { source_day: { source, day: new Date(day) } } });
  // A list that is first read after its day was as it is when the day ended.
  const addedAt = known?.fetchedAt ? now : atDayEnd;
  await tx.$executeRaw`
    insert into source_days (source, day, fetched_at, ready_at) values (${source}, ${day}::date, ${now}, ${readyAt})
    on conflict (source, day) do update set fetched_at = excluded.fetched_at, failed_at = null, error = null,
      ready_at = least(source_days.ready_at, excluded.ready_at)`;
  const added = await tx.$executeRaw`
    insert into listings (source, day, paper_id, added_at)
    select ${source}, ${day}::date, p.id, ${addedAt} from papers p
    where identifier = any (${identifiers})
      and not (${listedOnce} and exists (select from listings l where l.source = ${source} and l.paper_id = p.id))
    on conflict do nothing`;
  if (added > 0)
    await tx.$executeRaw`update source_days set offered = false where source = ${source} and day = ${day}::date`;
}

/** Records that a day could not be read, and why. What was read of it before stays. */
export async function writeFailure(
  db: Queries,
  failure: { source: string; day: string; error: string },
  now: Date,
): Promise<void> {
  await db.$executeRaw`
    insert into source_days (source, day, failed_at, error)
    values (${failure.source}, ${failure.day}::date, ${now}, ${failure.error})
    on conflict (source, day) do update set failed_at = excluded.failed_at, error = excluded.error`;
}

export const paperSorts = ['trending', 'newest', 'upvoted'] as const;
export type PaperSort = (typeof paperSorts)[number];

const orders: Record<PaperSort, Prisma.Sql> = {
  trending: trendingOrder,
  newest: Prisma.sql`list.day desc, p.published_at desc, p.id desc`,
  upvoted: Prisma.sql`p.upvotes desc, list.day desc, p.id`,
};

const listedPaper = paperContent.extend({
  id: z.number(),
  keywords: z.array(z.string()),
  /** The newest day on whose list it stands, YYYY-MM-DD. */
  day: z.string(),
  /** The topics it matches, best first. */
  topics: z.array(z.object({ slug: z.string(), name: z.string() })),
});
export type ListedPaper = z.infer<typeof listedPaper>;

export interface PaperFilter {
  /** Only what a list of this day names, YYYY-MM-DD. */
  day?: string | undefined;
  /** Only what matches this topic's slug. */
  topic?: string | undefined;
  /** Only what these words find: "a phrase", or, -not; of an arXiv id, or an address that has one, that paper. */
  query?: string | undefined;
  sort: PaperSort;
  limit: number;
}

/** The papers that pass the filter, in its order, with their topics. */
export async function listPapers(db: Queries, filter: PaperFilter): Promise<ListedPaper[]> {
  const { day, topic, sort, limit } = filter;
  const identifier = findArxivId(filter.query ?? '');
  const query = identifier === null ? filter.query : undefined;
  // PostgreSQL has no character 0; hyphens that exclude nothing it piles up until its stack is full.
  const words = query?.replaceAll('\0', ' ').replaceAll(/-+(?=[\s-]|$)/g, ' ');
  // Only what is asked for: a condition that may be left out keeps PostgreSQL from its indexes.
  const conditions = [
    ...(day === undefined ? [] : [Prisma.sql`p.id in (select l.paper_id from listings l where l.day = ${day}::date)`]),
    ...(topic === undefined ? [] : [Prisma.sql`p.id in (select m.paper_id from matches m where m.topic = ${topic})`]),
    ...(identifier === null ? [] : [Prisma.sql`p.identifier = ${identifier}`]),
    ...(words === undefined ? [] : [Prisma.sql`p.search @@ websearch_to_tsquery('english', ${words})`]),
  ];
  const where = conditions.length > 0 ? Prisma.sql`where ${Prisma.join(conditions, ' and ')}` : Prisma.empty;
  const rows = await db.$queryRaw`
    select (select content from current_papers c where c.paper_id = p.id) || jsonb_build_object(
      'id', p.id, 'keywords', p.keywords, 'day', list.day, 'topics', coalesce((
        select jsonb_agg(jsonb_build_object('slug', t.slug, 'name', t.name) order by m.score desc, t.position)
        from matches m join topics t on t.slug = m.topic where m.paper_id = p.id
      ), '[]')
    ) as paper
    from papers p
      join lateral (select max(l.day) as day from listings l where l.paper_id = p.id) list on list.day is not null
    ${where}
    order by ${orders[sort]}
    limit ${limit}`;
  return z
    .array(z.object({ paper: listedPaper }))
    .parse(rows)
    .map(({ paper }) => paper);
}

/** The newest day that lists papers, YYYY-MM-DD; null where there are none at all. */
export async function newestDay(db: Queries): Promise<string | null> {
  const rows = await db.$queryRaw`select max(day)::text as day from listings`;
  return z.tuple([z.object({ day: z.string().nullable() })]).parse(rows)[0].day;
}

/** The source that the bundled sample papers are filed under. */
export const sampleSource = 'samples';

/** Whether no paper is there but the bundled samples. */
export async function holdsOnlySamples(db: Queries): Promise<boolean> {
  return (await db.listing.findFirst({ where: { source: { not: sampleSource } }, select: { paperId: true } })) === null;
}

/** The nearest days before and after `day` that list papers, YYYY-MM-DD. */
export async function daysAround(db: Queries, day: string): Promise<{ previous: string | null; next: string | null }> {
  const rows = await db.$queryRaw`
    select (select max(day)::text from listings where day < ${day}::date) as previous,
      (select min(day)::text from listings where day > ${day}::date) as next`;
  return z.tuple([z.object({ previous: z.string().nullable(), next: z.string().nullable() })]).parse(rows)[0];
}

const weekDays = 7;

/** How many papers of each topic the lists of the newest seven days have, by slug. */
export async function countByTopic(db: Queries): Promise<Map<string, number>> {
  const rows = await db.$queryRaw`
    select m.topic, count(distinct m.paper_id)::int as papers
    from listings l join matches m on m.paper_id = l.paper_id
    where l.day > (select max(day) from listings) - ${weekDays}::int
    group by m.topic`;
  const counts = z.array(z.object({ topic: z.string(), papers: z.number() })).parse(rows);
  return new Map(counts.map(({ topic, papers }) => [topic, papers]));
}

/** How many papers the lists of a day have. */
export async function countListed(db: Queries, day: string): Promise<number> {
  const papers = await db.listing.groupBy({ by: ['paperId'], where: { day: new Date(day) } });
  return papers.length;
}

/** How many papers there are, and on how many days' lists. */
export async function countPapers(db: Queries): Promise<{ papers: number; days: number }> {
  const rows = await db.$queryRaw`
    select count(distinct paper_id)::int as papers, count(distinct day)::int as days from listings`;
  return z.tuple([z.object({ papers: z.number(), days: z.number() })]).parse(rows)[0];
}
