import { z } from 'zod';
import { arrayText } from '../database/array-text.js';
import type { Queries } from '../database/database.js';
import type { Matcher } from './matcher.js';

/** A field of research that subscribers choose. */
export interface Topic {
  slug: string;
  name: string;
  description: string;
}

const paperText = z.object({ id: z.number(), title: z.string(), abstract: z.string(), keywords: z.array(z.string()) });

/** How many matches of a topic came and went. */
export type MatchChanges = Record<string, { gained: number; lost: number }>;

/**
 * Replaces the matches of these papers by what the classifier finds now.
 * @returns what is other than before, by topic
 */
export async function writeMatches(
  tx: Queries,
  { classifier, version }: Matcher,
  paperIds: readonly number[],
): Promise<MatchChanges> {
  const ids = arrayText(paperIds);
  const papers = await tx.$queryRaw`select id, title, abstract, keywords from papers where id = any (${ids}::int[])`;
  const found = z
    .array(paperText)
    .parse(papers)
    .flatMap((paper) => classifier.classify(paper).map((match) => ({ paper_id: paper.id, ...match })));
  const rows = await tx.$queryRaw`
    with found as (
      select * from jsonb_to_recordset(${JSON.stringify(found)}::jsonb)
        as f (paper_id int, topic text, probability real, reason text)
    ), lost as (
      delete from matches m where m.paper_id = any (${ids}::int[])
        and not exists (select from found f where f.paper_id = m.paper_id and f.topic = m.topic)
      returning topic
    ), written as (
      insert into matches as m (paper_id, topic, score, reason) select * from found
      on conflict (topic, paper_id) do update set score = excluded.score, reason = excluded.reason
      returning topic, xmax = 0 as gained
    ), marked as (
      update papers set matched_with = ${version}::int where id = any (${ids}::int[])
    ), changes as (
      select topic, 1 as gained, 0 as lost from written where gained
      union all
      select topic, 0, 1 from lost
    )
    select topic, sum(gained)::int as gained, sum(lost)::int as lost from changes group by topic order by topic`;
  return Object.fromEntries(
    z
      .array(z.object({ topic: z.string(), gained: z.number(), lost: z.number() }))
      .parse(rows)
      .map(({ topic, ...change }) => [topic, change]),
  );
}

/** Papers that are on offer, of days since `oldest`, whose matches were found by another version of the classifier. */
export async function findOutdatedPapers(db: Queries, version: number, oldest: Date, most: number): Promise<number[]> {
  const rows = await db.$queryRaw`
    select p.id from papers p
    where p.matched_with <> ${version}
      and exists (select from listings l where l.paper_id = p.id and l.day >= ${oldest}::date)
    order by p.id desc
    limit ${most}::int`;
  return z
    .array(z.object({ id: z.number() }))
    .parse(rows)
    .map(({ id }) => id);
}

/** Writes the topics, positioned in this order; what is as it should be stays untouched. */
export async function writeTopics(db: Queries, topics: readonly Topic[]): Promise<void> {
  const column = (field: keyof Topic) => topics.map((topic) => topic[field]);
  await db.$executeRaw`
    insert into topics (slug, name, description, position)
    select slug, name, description, ordinality - 1
    from unnest(${column('slug')}::text[], ${column('name')}::text[], ${column('description')}::text[])
      with ordinality as given (slug, name, description, ordinality)
    on conflict (slug) do update set name = excluded.name, description = excluded.description,
      position = excluded.position
    where (topics.name, topics.description, topics.position)
      is distinct from (excluded.name, excluded.description, excluded.position)`;
}

/**
 * Takes topics that are none of these out of the table, and out of what subscribers have chosen: they get those that took
 * their place. Who had chosen nothing else, and gets none, gets what is trending: for no topic at all they would get no mail,
 * and not know why.
 * @param successors slugs that are gone, each with one that took its place
 */
export async function removeOtherTopics(
  db: Queries,
  topics: readonly Topic[],
  successors: readonly { old: string; slug: string }[],
): Promise<void> {
  const slugs = topics.map(({ slug }) => slug);
  const gone = { slug: { notIn: slugs } };
  // Whether there is anything to do is told by few rows; subscribers are many.
  if ((await db.topic.count({ where: gone })) === 0) return;
  await db.$executeRaw`
    update subscribers s set topics = array(
      select known.slug
      from (
        select chosen.slug, min(chosen.place) as place
        from (
          select coalesce(given.slug, old.slug) as slug, old.place
          from unnest(s.topics) with ordinality as old (slug, place)
            left join jsonb_to_recordset(${JSON.stringify(successors)}::jsonb) as given (old text, slug text)
              on given.old = old.slug
        ) chosen
        where chosen.slug = any (${slugs})
        group by chosen.slug
      ) known
      order by known.place, known.slug
    )
    where not topics <@ ${slugs}::text[]`;
  // Last: what is cut off before is done again.
  await db.topic.deleteMany({ where: gone });
}
