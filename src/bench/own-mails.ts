import pg from 'pg';
import type { Context } from '../context.js';
import { name as superuser, worker } from '../database/embedded/cluster.js';
import { messageWith } from '../digests/compose-stored.js';
import { snapshotPapers } from '../digests/editions.js';
import { Snapshots } from '../digests/snapshots.js';
import { loadDigestTemplates } from '../digests/templates.js';
import type { Message } from '../mail/message.js';
import { digestNumber } from './synthetic.js';

const papers = 1_500;
/** As many as make a mail of 35 to 45 KB: the size that listmonk was measured with. */
const papersPerDigest = 8;

/** Puts so many digests into an empty database that wait to be sent: each is for another subscriber, and has a choice of papers of its own. */
export async function makeOwnDigests(ctx: Pick<Context, 'db'>, count: number): Promise<void> {
  const { pool } = ctx.db;
  const snapshots = await makeLongPapers(ctx);
  await pool.query(
    `insert into subscribers (email, email_key, status, created_at, confirmed_at)
     select 's' || n || '@example.org', 's' || n || '@example.org', 'active', now(), now() from generate_series(1, $1::int) n`,
    [count],
  );
  await pool.query(
    `insert into editions (id, paper_ids, snapshot_ids, topics, created_at)
     select md5(n::text)::uuid, chosen.ids, chosen.ids, chosen.topics, now()
     from generate_series(1, $1::int) n, lateral (
       select array_agg(($2::int[])[1 + (n * 31::bigint + i * 97 + n / 7 * i) % $3::int]) as ids,
         jsonb_agg(jsonb_build_array('Topic ' || i % 5, 'Topic ' || n % 40)) as topics
       from generate_series(1, $4::int) i
     ) chosen`,
    [count, snapshots, snapshots.length, papersPerDigest],
  );
  await pool.query(
    `insert into digests (id, subscriber_id, day, edition_id, planned_at, not_before, abstract_length)
     select ('01900000-0000-7000-8000-' || lpad(to_hex(id), 12, '0'))::uuid, id, current_date, md5(id::text)::uuid, now(), now(), 'short'
     from subscribers`,
  );
  await pool.query('vacuum analyze');
  await checkpoint(ctx);
}

/** The mail of the first of these digests, which is as long as that of any other. */
export async function ownMail(ctx: Context): Promise<Message> {
  const { rows } = await ctx.db.pool.query<{ editionId: string; snapshotIds: number[]; topics: string[][] }>(
    `select id as "editionId", snapshot_ids as "snapshotIds", topics from editions where id = md5('1')::uuid`,
  );
  const shown = await new Snapshots(ctx.db.pool).shownBy({ account: null, ...(rows[0] as (typeof rows)[0]) });
  return messageWith(ctx, await loadDigestTemplates(), digestNumber(1), shown);
}

/** Papers with abstracts of real length, no two alike. @returns the ids of their snapshots */
async function makeLongPapers({ db }: Pick<Context, 'db'>): Promise<number[]> {
  await db.pool.query(
    `insert into papers (identifier, title, abstract, summary, authors, organization, published_at, upvotes, comments,
       code_url, code_stars, discussion_url, created_at, updated_at)
     select '2602.' || lpad(n::text, 5, '0'), 'On ' || left(words, 70), words, left(words, 200),
       '{Ada Lovelace,Alan Turing,Émilie du Châtelet,Grace Hopper}', 'Institute ' || n % 50, '2026-02-01', n % 200, n % 20,
       'https://github.com/example/' || n, n, 'https://huggingface.co/papers/2602.' || lpad(n::text, 5, '0'), now(), now()
     from generate_series(1, $1::int) n, lateral (
       select string_agg(substr(md5(n::text || '-' || i::text), 1, 3 + (n + i) % 7), ' ') as words from generate_series(1, 170) i
     ) text`,
    [papers],
  );
  const { rows } = await db.pool.query<{ id: number }>('select id from papers');
  const ids = rows.map(({ id }) => id);
  return [...(await snapshotPapers(db.prisma, ids, new Date())).values()];
}

/** Brings to the disk what was written so far, so that it is nobody's lot in what is measured. Only the superuser may ask for it. */
export async function checkpoint({ db }: Pick<Context, 'db'>): Promise<void> {
  const client = new pg.Client(db.url.replace(`//${worker}:`, `//${superuser}:`));
  await client.connect();
  await client.query('checkpoint').finally(() => client.end());
}
