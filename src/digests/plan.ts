import { z } from 'zod';
import type { Context } from '../context.js';
import type { Queries } from '../database/database.js';
import { addJob } from '../database/queue.js';
import { Prisma } from '../generated/prisma/client.js';

/** How long digests wait for a source that fails, counted from the subscriber's hour. */
const holdHours = 4;
/**
 * How long the plan waits, after a day's end in UTC, for its list to be read once more. Then it takes what there is: a
 * source that is read by hand is not read again.
 */
const lastReadMinutes = 30;
/** How late a digest may still come when its hour was missed, as by a stop over midnight: later it is yesterday's news. */
const lateHours = 12;
/** How many days of lists a digest reaches back at the most, after a pause or an outage. */
const catchUpDays = 31;
/** How many days of lists the first digest looks through for the newest in which something matches. */
const welcomeDays = 7;
/** Digests a delivery job stands for: enough jobs for all workers to share, few enough to cost nothing. */
const digestsPerJob = 500;

const plannedDay = z.object({
  /** Local calendar day, YYYY-MM-DD. */
  day: z.string(),
  due: z.number(),
  planned: z.number(),
  noMatch: z.number(),
});

/** What a run of the plan did for one digest day: due = planned + no match. */
export type PlannedDay = z.infer<typeof plannedDay>;

/**
 * Writes the digests that are due at `at` and asks for their delivery. Idempotent: who was planned for their local day
 * is not due again on it, and the database refuses a second digest for a day and a paper that was sent before.
 * @returns one entry a digest day: at any instant there are two or three calendar days on Earth
 */
export async function planDue(ctx: Pick<Context, 'db' | 'clock'>, at: Date): Promise<PlannedDay[]> {
  return ctx.db.prisma.$transaction((tx) => planDueIn(tx, at, ctx.clock()), { timeout: 600_000, maxWait: 30_000 });
}

/** `planDue` inside a transaction of the caller's. */
export async function planDueIn(tx: Queries, at: Date, now: Date): Promise<PlannedDay[]> {
  await resumePaused(tx, at);
  const days = await writeDigests(tx, at, now, 'complete', dueByClock(at));
  await requestDelivery(
    tx,
    days.reduce((sum, day) => sum + day.planned, 0),
  );
  return days;
}

/**
 * Writes the digest that follows a confirmation at once: from the newest list in which something matches.
 * @returns whether there is one to send
 */
export async function planWelcome(tx: Queries, now: Date, subscriberId: number): Promise<boolean> {
  const days = await writeDigests(tx, now, now, 'with-the-running-day', dueByConfirmation(now, subscriberId));
  const planned = days.reduce((sum, day) => sum + day.planned, 0);
  await requestDelivery(tx, planned);
  return planned > 0;
}

async function requestDelivery(tx: Queries, planned: number): Promise<void> {
  const jobs = Math.ceil(planned / digestsPerJob);
  for (let shard = 0; shard < jobs; shard++) await addJob(tx, 'deliver', {}, { key: `deliver-${shard}` });
}

async function resumePaused(tx: Queries, at: Date): Promise<void> {
  await tx.$executeRaw`
    update subscribers set status = 'active', paused_until = null,
      planned_day = greatest(planned_day, (${at}::timestamptz at time zone timezone)::date - 1)
    where status = 'paused' and paused_until <= (${at}::timestamptz at time zone timezone)::date`;
}

/**
 * Who is due by the clock: active, at or past their hour on a day of theirs, and not planned for that day yet. Local
 * time comes from PostgreSQL's time zones; an hour that a clock change skips is due right after it, one that it repeats
 * is due once. Who was planned before and whose hour was missed, as by a stop over midnight, is still due for that day, up
 * to `lateHours`. While a source fails they wait, up to `holdHours`. The window of lists starts after the last one offered.
 */
function dueByClock(at: Date): Prisma.Sql {
  return Prisma.sql`
    select s.id, turn.day, s.topics, s.papers_per_digest, s.abstract_length,
      greatest(
        case when s.covered_through <= newest.day then s.covered_through else newest.day - 1 end,
        newest.day - ${catchUpDays}::int
      ) as after_day
    from subscribers s
      cross join newest
      cross join lateral (select ${at}::timestamptz at time zone s.timezone as time) local
      cross join lateral (select local.time::date - (extract(hour from local.time) < s.hour)::int as day) turn
    where s.status = 'active'
      and not newest.unread
      and not exists (select from digests d where d.subscriber_id = s.id and d.day = turn.day)
      and case s.frequency
        when 'daily' then true
        when 'weekdays' then extract(isodow from turn.day) <= 5
        when 'weekly' then extract(isodow from turn.day) = 1
      end
      and case
        when turn.day = local.time::date then
          s.planned_day is distinct from turn.day
          and (not newest.failing or extract(hour from local.time) >= least(s.hour + ${holdHours}::int, 23))
        else
          s.planned_day < turn.day
          and ${at}::timestamptz < (turn.day + make_interval(hours => s.hour::int)) at time zone s.timezone
            + make_interval(hours => ${lateHours}::int)
      end
    for update of s skip locked`;
}

function dueByConfirmation(at: Date, subscriberId: number): Prisma.Sql {
  return Prisma.sql`
    select s.id, local.day, s.topics, s.papers_per_digest, s.abstract_length,
      best.day - 1 as after_day
    from subscribers s
      cross join newest
      cross join lateral (select (${at}::timestamptz at time zone s.timezone)::date as day) local
      cross join lateral (
        select max(list.day) as day
        from offered o
          cross join lateral unnest(o.days) as list (day)
          left join matches m on m.paper_id = o.paper_id and m.topic = any (s.topics)
        where list.day > newest.day - ${welcomeDays}::int
          and (cardinality(s.topics) = 0 or m.topic is not null)
          and not exists (select from digest_papers g where g.subscriber_id = s.id and g.paper_id = o.paper_id)
      ) best
    where s.id = ${subscriberId} and s.status = 'active'
      and not exists (select from digests d where d.subscriber_id = s.id and d.day = local.day)
    for update of s`;
}

/**
 * The plan, as one statement: which lists to read (a list is complete when its UTC day is over), who is due, which papers
 * each gets, the frozen print of those papers, the digests, and the account of it all.
 */
async function writeDigests(
  tx: Queries,
  at: Date,
  now: Date,
  lists: 'complete' | 'with-the-running-day',
  due: Prisma.Sql,
): Promise<PlannedDay[]> {
  const rows = await tx.$queryRaw`
    with today as (
      select (${at}::timestamptz at time zone 'UTC')::date as day
    ), readable as (
      select source, source_days.day from source_days, today
      where fetched_at is not null and source_days.day < today.day + ${lists === 'with-the-running-day' ? 1 : 0}::int
    ), unfinished as (
      select source_days.* from source_days, today
      where source_days.day = today.day - 1
        and coalesce(fetched_at, '-infinity') < (source_days.day + 1)::timestamp at time zone 'UTC'
    ), newest as (
      select max(l.day) as day,
        exists (select from unfinished where failed_at is not null) as failing,
        exists (
          select from unfinished
          where fetched_at is not null
            and ${at}::timestamptz < (day + 1)::timestamp at time zone 'UTC' + make_interval(mins => ${lastReadMinutes}::int)
        ) as unread
      from listings l join readable using (source, day)
    ), offered as materialized (
      select p.id as paper_id, array_agg(distinct l.day) as days,
        row_number() over (order by p.upvotes desc, p.comments desc, p.id) as rank
      from papers p join listings l on l.paper_id = p.id join readable using (source, day) cross join newest
      where l.day > newest.day - ${catchUpDays}::int
      group by p.id
    ), due as materialized (
      ${due}
    ), picks as materialized (
      select due.id as subscriber_id, pick.paper_id, pick.topics,
        row_number() over (partition by due.id order by pick.rank) as position
      from due cross join lateral (
        select o.paper_id, o.rank, array_agg(m.topic order by m.score desc, m.topic) as topics
        from offered o
          left join matches m on m.paper_id = o.paper_id and m.topic = any (due.topics)
        where exists (select from unnest(o.days) as list (day) where list.day > due.after_day)
          and (cardinality(due.topics) = 0 or m.topic is not null)
          and not exists (select from digest_papers g where g.subscriber_id = due.id and g.paper_id = o.paper_id)
        group by o.paper_id, o.rank
        order by o.rank
        limit due.papers_per_digest
      ) pick
    ), printed as (
      insert into printings (paper_id, hash, content)
      select p.id, sha256(convert_to(print.content::text, 'UTF8')), print.content
      from papers p cross join lateral (
        select jsonb_build_object(
          'identifier', p.identifier, 'title', p.title, 'authors', p.authors, 'organization', p.organization,
          'publishedAt', p.published_at, 'abstract', p.abstract, 'summary', p.summary,
          'upvotes', p.upvotes, 'comments', p.comments, 'thumbnailUrl', p.thumbnail_url,
          'discussionUrl', p.discussion_url, 'codeUrl', p.code_url, 'codeStars', p.code_stars,
          'projectUrl', p.project_url
        ) as content
      ) print
      where p.id in (select paper_id from picks)
      on conflict (paper_id, hash) do update set hash = excluded.hash
      returning id, paper_id
    ), written as (
      insert into digests (subscriber_id, day, planned_at, not_before, abstract_length)
      select due.id, due.day, ${now}, ${now}, due.abstract_length
      from due where exists (select from picks where picks.subscriber_id = due.id)
      on conflict (subscriber_id, day) do nothing
      returning id, subscriber_id
    ), filled as (
      insert into digest_papers (digest_id, position, printing_id, paper_id, subscriber_id, topics)
      select written.id, picks.position, printed.id, paper_id, subscriber_id, array_remove(picks.topics, null)
      from written join picks using (subscriber_id) join printed using (paper_id)
    ), seen as (
      update subscribers s
      set planned_day = due.day, covered_through = case
        when newest.day is null then s.covered_through
        else greatest(s.covered_through, least(newest.day, today.day - 1))
      end
      from due, newest, today where s.id = due.id
    ), account as (
      insert into plans (planned_at, day, due, planned, no_match)
      select ${now}, due.day, count(*), count(written.id), count(*) - count(written.id)
      from due left join written on written.subscriber_id = due.id
      group by due.day
      returning day, due, planned, no_match
    )
    select day::text, due, planned, no_match as "noMatch" from account order by day`;
  return z.array(plannedDay).parse(rows);
}
