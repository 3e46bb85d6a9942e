import { createHash } from 'node:crypto';
import { z } from 'zod';
import { arrayText } from '../database/array-text.js';
import type { Queries } from '../database/database.js';
import { paperContent } from '../papers/paper.js';
import type { Choice, Reckoning } from './choose.js';
import type { DigestEntry, StoredAccount } from './content.js';
import { topicReason } from './reason.js';
import { accountOf, type Shown } from './snapshots.js';

/** One distinct choice of papers, in order, with the reasons. */
export interface Edition {
  /** A hash of its content: the same choice has the same id, whoever makes it. */
  id: string;
  paperIds: number[];
  snapshotIds: number[];
  /** For each paper why it is here, as it is shown: the subscriber's interests, then the topics that matched, best first. */
  topics: string[][];
  account: StoredAccount;
}

/** What was chosen, and what became of the rest of what was on offer. */
export interface Chosen {
  choices: readonly Choice[];
  reckoning: Reckoning;
  /** Whether only the sample papers are there. */
  samples: boolean;
}

/** The papers that an edition of this needs as they are now. */
export function papersOf({ choices, reckoning: { outside } }: Chosen): number[] {
  return [...choices.map(({ paperId }) => paperId), ...(outside ? [outside.paperId] : [])];
}

/** How the topics of papers are shown, by paper and slug: the name, and the words that decided: "AI agents (tool use)". */
export type TopicLabels = ReadonlyMap<number, ReadonlyMap<string, string>>;

const matches = z.array(z.object({ paperId: z.number(), slug: z.string(), name: z.string(), reason: z.string() }));

/** Reads how the topics of these papers are shown. */
export async function loadTopicLabels(
  db: Queries,
  paperIds: readonly number[],
): Promise<Map<number, Map<string, string>>> {
  const rows = await db.$queryRaw`
    select m.paper_id as "paperId", t.slug, t.name, m.reason
    from matches m join topics t on t.slug = m.topic
    where m.paper_id = any (${arrayText(paperIds)}::int[])`;
  const labels = new Map(paperIds.map((id) => [id, new Map<string, string>()]));
  for (const { paperId, slug, name, reason } of matches.parse(rows)) {
    const words = /^\w+: (.+)$/.exec(reason)?.[1];
    labels.get(paperId)?.set(slug, topicReason(name, words));
  }
  return labels;
}

function labelsOf({ paperId, topics, interests }: Choice, labels: TopicLabels): string[] {
  return [...interests, ...topics.map((slug) => labels.get(paperId)?.get(slug) ?? slug)];
}

/**
 * Freezes papers as they are now; one that was frozen as it is keeps its snapshot.
 * @returns the snapshots' ids by paper
 */
export async function snapshotPapers(
  tx: Queries,
  paperIds: readonly number[],
  now: Date,
): Promise<Map<number, number>> {
  if (paperIds.length === 0) return new Map();
  const ids = [...paperIds];
  // Two statements: what another transaction has written meanwhile is seen by the second only.
  await tx.$executeRaw`
    insert into paper_snapshots (paper_id, hash, content, created_at)
    select paper_id, hash, content, ${now} from current_papers where paper_id = any (${ids}) order by paper_id
    on conflict (paper_id, hash) do nothing`;
  const rows = await tx.$queryRaw`
    select paper_id as "paperId", s.id
    from current_papers p join paper_snapshots s using (paper_id, hash)
    where paper_id = any (${ids})`;
  const found = z.array(z.object({ paperId: z.number(), id: z.number() })).parse(rows);
  return new Map(found.map(({ paperId, id }) => [paperId, id]));
}

/**
 * Makes the edition of what was chosen.
 * @param snapshots ids by paper, of all papers that it needs
 * @param topicNames by slug
 */
export function editionOf(
  { choices, reckoning, samples }: Chosen,
  snapshots: ReadonlyMap<number, number>,
  labels: TopicLabels,
  topicNames: Readonly<Record<string, string>>,
): Edition {
  const snapshotOf = (paperId: number) => {
    const snapshot = snapshots.get(paperId);
    if (snapshot === undefined) throw new Error(`paper ${paperId} has no snapshot`);
    return snapshot;
  };
  const paperIds = choices.map(({ paperId }) => paperId);
  const snapshotIds = paperIds.map(snapshotOf);
  const topics = choices.map((choice) => labelsOf(choice, labels));
  const { offered, matched, days, outside } = reckoning;
  const topic = outside?.topic ? { slug: outside.topic, name: topicNames[outside.topic] ?? outside.topic } : null;
  const account = { offered, matched, days, samples, outside: outside && snapshotOf(outside.paperId), topic };
  return { id: contentId({ snapshotIds, topics, account }), paperIds, snapshotIds, topics, account };
}

/** A UUID of version 8 (RFC 9562 §5.8): 122 bits of the content's SHA-256. */
function contentId(content: unknown): string {
  const bytes = createHash('sha256').update(JSON.stringify(content)).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Writes editions; those that are there stay as they are. */
export async function writeEditions(tx: Queries, editions: readonly Edition[], now: Date): Promise<void> {
  if (editions.length === 0) return;
  // In one order everywhere, so that two plans that write the same ones cannot wait for each other in a circle.
  const rows = editions.map(({ id, paperIds, snapshotIds, topics, account }) => ({
    id,
    paper_ids: `{${paperIds}}`,
    snapshot_ids: `{${snapshotIds}}`,
    topics,
    account,
  }));
  await tx.$executeRaw`
    insert into editions (id, paper_ids, snapshot_ids, topics, account, created_at)
    select id, paper_ids::int[], snapshot_ids::int[], topics, account, ${now}
    from json_to_recordset(${JSON.stringify(rows)}::json)
      as given (id uuid, paper_ids text, snapshot_ids text, topics jsonb, account jsonb)
    order by id
    on conflict (id) do nothing`;
}

const entries = z.array(z.object({ paper: paperContent, topics: z.array(z.string()) }));

/** The papers of an edition in their order, as they were frozen, with the topics that matched. */
export async function loadEdition(db: Queries, id: string) {
  const rows = await db.$queryRaw`
    select s.content as paper, e.topics -> (place - 1)::int as topics
    from editions e
      cross join lateral unnest(e.snapshot_ids) with ordinality as chosen (id, place)
      join paper_snapshots s on s.id = chosen.id
    where e.id = ${id}::uuid
    order by place`;
  return entries.parse(rows);
}

/** What an edition of this would show of papers as they are now. Writes nothing. */
export async function previewEdition(
  db: Queries,
  { choices, reckoning, samples }: Chosen,
  topicNames: Readonly<Record<string, string>>,
): Promise<Shown> {
  const { outside, ...counts } = reckoning;
  const papers = await previewPapers(db, choices);
  const [left] = outside ? await previewPapers(db, [{ paperId: outside.paperId, topics: [], interests: [] }]) : [];
  const topic = outside?.topic ? { slug: outside.topic, name: topicNames[outside.topic] ?? outside.topic } : null;
  return {
    papers,
    account: accountOf({ ...counts, samples, outside: null, topic }, left?.paper),
    since: [],
    prepared: null,
  };
}

/** The papers of a choice as they are now, with why each is here. */
export async function previewPapers(db: Queries, choices: readonly Choice[]): Promise<DigestEntry[]> {
  const paperIds = choices.map(({ paperId }) => paperId);
  const labels = await loadTopicLabels(db, paperIds);
  const rows = await db.$queryRaw`
    select content as paper, '[]'::json as topics
    from unnest(${arrayText(paperIds)}::int[]) with ordinality as chosen (paper_id, place)
      join current_papers using (paper_id)
    order by place`;
  return entries.parse(rows).map(({ paper }, i) => ({ paper, topics: labelsOf(choices[i] as Choice, labels) }));
}
