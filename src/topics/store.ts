import type { Queries } from '../database/database.js';

/** A field of research that subscribers choose. */
export interface Topic {
  slug: string;
  name: string;
  description: string;
  /** What finds its papers, in PostgreSQL's web-search syntax. */
  query: string;
}

/**
 * What a hit counts for in PostgreSQL's order of weights, D to A: in nothing, the abstract, the keywords, the title; and
 * how much belongs to a topic. So the title is enough, and so are two keywords, a keyword and two places in the abstract, or
 * four places in the abstract; a passing mention is not.
 */
const weights = [0, 0.3, 0.6, 1];
const enough = 1;

/** Replaces the matches of these papers by what the topics' queries find now. */
export async function writeMatches(tx: Queries, topics: readonly Topic[], paperIds: number[]): Promise<void> {
  const slugs = topics.map((topic) => topic.slug);
  const queries = topics.map((topic) => topic.query);
  await tx.$executeRaw`delete from matches where paper_id = any (${paperIds})`;
  await tx.$executeRaw`
    insert into matches (paper_id, topic, score, reason)
    select p.id, topic.slug, hit.score,
      case
        when ts_filter(p.search, '{a}') @@ topic.query then 'title'
        when ts_filter(p.search, '{b}') @@ topic.query then 'keywords'
        else 'abstract'
      end
    from papers p
      join (
        select slug, websearch_to_tsquery('english', words) as query
        from unnest(${slugs}::text[], ${queries}::text[]) as given (slug, words)
      ) topic on p.search @@ topic.query
      cross join lateral (select ts_rank_cd(${weights}::real[], p.search, topic.query) as score) hit
    where p.id = any (${paperIds}) and hit.score >= ${enough}`;
}

/**
 * Writes the topics, positioned in this order; what is as it should be stays untouched.
 * @returns whether anything was another
 */
export async function writeTopics(db: Queries, topics: readonly Topic[]): Promise<boolean> {
  const column = (field: keyof Topic) => topics.map((topic) => topic[field]);
  const written = await db.$executeRaw`
    insert into topics (slug, name, description, query, position)
    select slug, name, description, query, ordinality - 1
    from unnest(${column('slug')}::text[], ${column('name')}::text[], ${column('description')}::text[], ${column('query')}::text[])
      with ordinality as given (slug, name, description, query, ordinality)
    on conflict (slug) do update set name = excluded.name, description = excluded.description, query = excluded.query,
      position = excluded.position
    where (topics.name, topics.description, topics.query, topics.position)
      is distinct from (excluded.name, excluded.description, excluded.query, excluded.position)`;
  const others = await db.topic.count({ where: { slug: { notIn: topics.map(({ slug }) => slug) } } });
  return written > 0 || others > 0;
}

/**
 * Takes topics that are none of these out of the table, and out of what subscribers have chosen. Who had chosen nothing else
 * gets what is trending: for no topic at all they would get no mail, and not know why.
 */
export async function removeOtherTopics(db: Queries, topics: readonly Topic[]): Promise<void> {
  const slugs = topics.map(({ slug }) => slug);
  await db.topic.deleteMany({ where: { slug: { notIn: slugs } } });
  await db.$executeRaw`
    update subscribers set topics = array(select slug from unnest(topics) as slug where slug = any (${slugs}))
    where not topics <@ ${slugs}::text[]`;
}
