import { z } from 'zod';
import type { Queries } from '../database/database.js';
import { Prisma } from '../generated/prisma/client.js';
import { lockPapers } from './store.js';

/** How many days of lists a digest reaches back at the most, after a pause or an outage. */
const mostDaysBack = 31;

/** The papers that are ready at an instant and not in the log yet, with what places them there. For the head of a statement. */
const ready = (now: Date) => Prisma.sql`
  ready as (
    select l.paper_id, max(l.day) as day, min(greatest(d.ready_at, l.added_at)) as ready_at
    from source_days d join listings l using (source, day)
    where not d.offered and d.ready_at <= ${now}
      and not exists (select from offers o where o.paper_id = l.paper_id)
    group by l.paper_id
  )`;
const logOrder = Prisma.sql`ready_at, day, paper_id`;

/**
 * Appends to the log of offers what has become ready and is not in it: the papers of lists that are complete, and those
 * that a complete list has gained since. One writer at a time, until the caller's transaction ends.
 * @returns how many papers were appended
 */
export async function appendOffers(tx: Queries, now: Date): Promise<number> {
  if (!(await isAnyListReady(tx, now))) return 0;
  // The lock of whoever writes papers: a list that gains some meanwhile must not be noted as offered without them.
  await lockPapers(tx);
  const appended = await tx.$executeRaw`
    with ${ready(now)}
    insert into offers (paper_id, day, ready_at) select paper_id, day, ready_at from ready order by ${logOrder}`;
  await tx.$executeRaw`update source_days set offered = true where not offered and ready_at <= ${now}`;
  return appended;
}

async function isAnyListReady(db: Queries, now: Date): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`select from source_days where not offered and ready_at <= ${now} limit 1`;
  return rows.length > 0;
}

const offer = z
  .tuple([
    z.number(),
    z.number(),
    z.string(),
    z.number(),
    z.number(),
    z.number(),
    z.array(z.tuple([z.string(), z.number()])),
  ])
  .transform(([seq, paperId, day, upvotes, comments, publishedAt, matches]) => {
    return { seq, paperId, day, upvotes, comments, publishedAt, matches: new Map(matches) };
  });

/** A paper of the log, with all that decides for whom it is and how high it stands. */
export interface Offer {
  /** Its place in the log. */
  seq: number;
  paperId: number;
  /** The list that it stood on, YYYY-MM-DD. */
  day: string;
  upvotes: number;
  comments: number;
  /** Milliseconds since 1970. */
  publishedAt: number;
  /** Scores by topic. */
  matches: ReadonlyMap<string, number>;
}

/** What can be offered at an instant: the log's end as it was then, and its last 31 days. */
export interface OffersAt {
  /** The last place in the log; 0 where it is empty. */
  end: number;
  offers: Offer[];
}

/**
 * Reads what can be offered at `at`.
 * @param foresee with what is ready but in no log yet, as if it were appended now
 */
export async function readOffers(db: Queries, at: Date, foresee = false): Promise<OffersAt> {
  const rows = await db.$queryRaw`
    with ${ready(at)}, log as (
      select coalesce((select min(seq) - 1 from offers where ready_at > ${at}), (select max(seq) from offers), 0) as "end"
    ), visible as (
      select seq, paper_id, day from offers, log where seq <= log."end"
      union all
      select log."end" + row_number() over (order by ${logOrder}), paper_id, day from ready, log where ${foresee}
    )
    select log."end", coalesce((
      select json_agg(${offerRow(Prisma.sql`v.seq`, Prisma.sql`v.day`)} order by v.seq)
      from visible v join papers p on p.id = v.paper_id
      where v.day > (select max(day) from visible) - ${mostDaysBack}::int
    ), '[]') as offers
    from log`;
  return z.tuple([z.object({ end: z.number(), offers: z.array(offer) })]).parse(rows)[0];
}

/** A paper `p` as `offer` reads it. */
const offerRow = (seq: Prisma.Sql, day: Prisma.Sql) => Prisma.sql`
  json_build_array(${seq}, p.id, ${day}, p.upvotes, p.comments, extract(epoch from p.published_at) * 1000,
    array(select json_build_array(m.topic, m.score) from matches m where m.paper_id = p.id))`;

/** The papers on the lists of `day` and of the days before it, whether in the log (`seq`) or not (`seq` beyond its end). */
export async function readListed(db: Queries, day: string, days: number): Promise<Offer[]> {
  const rows = await db.$queryRaw`
    select coalesce(
      json_agg(${offerRow(Prisma.sql`coalesce(o.seq, ${notInLog}::int)`, Prisma.sql`list.day`)} order by p.id), '[]'
    ) as offers
    from (
      select paper_id, max(day) as day from listings
      where day <= ${day}::date and day > (select max(day) from listings where day <= ${day}::date) - ${days}::int
      group by paper_id
    ) list
      join papers p on p.id = list.paper_id
      left join offers o on o.paper_id = p.id`;
  return z.tuple([z.object({ offers: z.array(offer) })]).parse(rows)[0].offers;
}

const findable = z.object({
  id: z.number(),
  title: z.string(),
  abstract: z.string(),
  keywords: z.array(z.string()),
  authors: z.array(z.string()),
  categories: z.array(z.string()),
});
/** A paper with all that a subscriber's own interests are about. */
export type FindablePaper = z.output<typeof findable>;

/** Reads these papers for whoever looks for interests in them. */
export async function readFindable(db: Queries, paperIds: readonly number[]): Promise<FindablePaper[]> {
  if (paperIds.length === 0) return [];
  const rows = await db.$queryRaw`
    select id, title, abstract, keywords, authors, categories from papers where id = any (${[...paperIds]}) order by id`;
  return z.array(findable).parse(rows);
}

const notInLog = 2 ** 31 - 1;

/** The last place in the log; 0 where it is empty. */
export async function findLogEnd(db: Queries): Promise<number> {
  const rows = await db.$queryRaw`select coalesce(max(seq), 0) as "end" from offers`;
  return z.tuple([z.object({ end: z.number() })]).parse(rows)[0].end;
}

/**
 * Which of these sources have not yet come with the list of the day that has just ended, though they may any moment: the
 * last try failed, or the last read was before the day's end and nobody has waited long for the next. One that has been
 * failing for two days is not expected any more.
 * @param sources names of those that list by day
 */
export async function findLateSources(db: Queries, sources: readonly string[], at: Date): Promise<string[]> {
  const rows = await db.$queryRaw`
    select d.source
    from source_days d
    where d.source = any (${sources}::text[]) and d.day = (${at}::timestamptz at time zone 'UTC')::date - 1
      and (d.fetched_at is null or d.fetched_at < (d.day + 1)::timestamp at time zone 'UTC')
      and (d.failed_at is not null or d.ready_at > ${at})
      and exists (
        select from source_days r where r.source = d.source and r.fetched_at > ${at}::timestamptz - interval '2 days'
      )`;
  return z
    .array(z.object({ source: z.string() }))
    .parse(rows)
    .map(({ source }) => source);
}
