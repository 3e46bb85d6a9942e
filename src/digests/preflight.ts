import { NIL } from 'uuid';
import { z } from 'zod';
import type { Context } from '../context.js';
import type { Queries } from '../database/database.js';
import { buildMessage } from '../mail/message.js';
import { topicNames } from '../topics/topic-name.js';
import { messageWith } from './compose-stored.js';
import { anyReader } from './content.js';
import { firstPlace, type Place, readDue } from './due.js';
import { type Chosen, previewEdition } from './editions.js';
import { openRun } from './plan.js';
import type { DigestTemplatesByLanguage } from './templates.js';

/** What a run of the plan would do. */
export interface Preflight {
  at: string;
  recipients: number;
  noMatch: number;
  /** Different papers in all digests together. */
  papers: number;
  /** On the wire, estimated from a sample. */
  bytes: number;
  /** When delivery would be through, at SEND_RATE or at the rate of the last day; null where neither is known. */
  endsAt: string | null;
  yesterday: { recipients: number };
}

/** Mails that are composed to estimate the size of all. */
const sampleSize = 20;
const batchSize = 5_000;

/**
 * Decides for everyone who is due as the plan would, and writes nothing: no row is locked, no plan is kept waiting. Who
 * comes back from a pause with that very plan is not foreseen.
 * @param onProgress told after each batch how many were looked at
 */
export async function preflight(
  ctx: Context,
  templates: DigestTemplatesByLanguage,
  at: Date,
  onProgress: (done: number) => void = () => {},
): Promise<Preflight> {
  const { prisma } = ctx.db;
  const before = await measure(prisma, at);
  const run = await openRun(ctx, at, true);
  const papers = new Set<number>();
  const samples: Chosen[] = [];
  let recipients = 0;
  let noMatch = 0;
  let done = 0;
  let place: Place | null = firstPlace;
  while (place) {
    const batch: Awaited<ReturnType<typeof readDue>> = await readDue(prisma, at, place, batchSize, false);
    for (const decision of await run.decide(prisma, batch.rows)) {
      if (decision.kind !== 'due' && decision.kind !== 'too-few') continue;
      const { choices } = decision.selection;
      if (choices.length === 0 || decision.kind === 'too-few') {
        noMatch++;
        continue;
      }
      recipients++;
      for (const { paperId } of choices) papers.add(paperId);
      if (samples.length < sampleSize) samples.push(decision.selection);
    }
    place = batch.last;
    done += batch.rows.length;
    onProgress(done);
  }
  const sizes = await Promise.all(samples.map((chosen) => sizeOf(ctx, templates, chosen, at)));
  const mean = sizes.reduce((sum, size) => sum + size, 0) / (sizes.length || 1);
  const rate = ctx.config.sending.rate || before.ratePerSecond;
  return {
    at: at.toISOString(),
    recipients,
    noMatch,
    papers: papers.size,
    bytes: Math.round(mean * recipients),
    endsAt: rate ? new Date(at.getTime() + (recipients / rate) * 1_000).toISOString() : null,
    yesterday: { recipients: before.recipients },
  };
}

async function sizeOf(ctx: Context, templates: DigestTemplatesByLanguage, chosen: Chosen, at: Date): Promise<number> {
  const sample = {
    id: '00000000-0000-8000-8000-000000000000',
    day: at.toISOString().slice(0, 10),
    plannedAt: at,
    abstractLength: 'short',
    subscriberId: 1,
    linkId: NIL,
    tokenEpoch: 0,
    email: 'reader@example.org',
    reader: anyReader,
  } as const;
  const shown = await previewEdition(ctx.db.prisma, chosen, topicNames);
  return (await buildMessage(messageWith(ctx, templates, sample, shown))).length;
}

/** Yesterday's recipients, and how many mails a second the last day's delivery came to. */
async function measure(db: Queries, at: Date) {
  const rows = await db.$queryRaw`
    select
      (select coalesce(sum(planned), 0)::int from plans where day = (${at}::timestamptz at time zone 'UTC')::date - 1) as recipients,
      (
        select count(*) / nullif(extract(epoch from max(sent_at) - min(sent_at)), 0)::float8
        from digests
        where day between (${at}::timestamptz at time zone 'UTC')::date - 2 and (${at}::timestamptz at time zone 'UTC')::date + 1
          and sent_at > ${at}::timestamptz - interval '1 day' and sent_at <= ${at}::timestamptz
      ) as "ratePerSecond"`;
  return z.tuple([z.object({ recipients: z.number(), ratePerSecond: z.number().nullable() })]).parse(rows)[0];
}
