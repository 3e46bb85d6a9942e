import { z } from 'zod';
import type { Context } from '../context.js';
import type { Queries } from '../database/database.js';
import type { MailTemplates } from '../mail/templates.js';
import { composeMessage, type StoredDigest } from './compose-stored.js';
import { planDueIn } from './plan.js';

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

/** Carries the finding out of a transaction that is rolled back on purpose. */
class RolledBack extends Error {
  readonly preflight: Preflight;
  constructor(preflight: Preflight) {
    super('rolled back on purpose');
    this.preflight = preflight;
  }
}

/** Runs the real plan and takes it back: what it tells is what would happen. Writes nothing. */
export async function preflight(ctx: Context, templates: MailTemplates, at: Date): Promise<Preflight> {
  try {
    return await ctx.db.prisma.$transaction(
      async (tx) => {
        throw new RolledBack(await examine(ctx, tx, templates, at));
      },
      { timeout: 600_000, maxWait: 30_000 },
    );
  } catch (error) {
    if (error instanceof RolledBack) return error.preflight;
    throw error;
  }
}

async function examine(ctx: Context, tx: Queries, templates: MailTemplates, at: Date): Promise<Preflight> {
  const before = await measure(tx, at);
  const days = await planDueIn(tx, at, ctx.clock());
  const recipients = days.reduce((sum, day) => sum + day.planned, 0);
  const noMatch = days.reduce((sum, day) => sum + day.noMatch, 0);
  const planned = await findPlanned(
    tx,
    days.map(({ day }) => day),
  );
  const sizes: number[] = [];
  for (const digest of planned.sample) sizes.push((await composeMessage(ctx, tx, templates, digest)).raw.length);
  const mean = sizes.reduce((sum, size) => sum + size, 0) / (sizes.length || 1);
  const rate = ctx.config.sending.rate || before.ratePerSecond;
  return {
    at: at.toISOString(),
    recipients,
    noMatch,
    papers: planned.papers,
    bytes: Math.round(mean * recipients),
    endsAt: rate ? new Date(at.getTime() + (recipients / rate) * 1_000).toISOString() : null,
    yesterday: { recipients: before.recipients },
  };
}

/** Yesterday's recipients, and how many mails a second the last day's delivery came to. */
async function measure(db: Queries, at: Date) {
  const rows = await db.$queryRaw`
    select
      (select coalesce(sum(planned), 0)::int from plans where day = (${at}::timestamptz at time zone 'UTC')::date - 1) as recipients,
      (
        select count(*) / nullif(extract(epoch from max(sent_at) - min(sent_at)), 0)::float8
        from digests where sent_at > ${at}::timestamptz - interval '1 day' and sent_at <= ${at}::timestamptz
      ) as "ratePerSecond"`;
  return z.tuple([z.object({ recipients: z.number(), ratePerSecond: z.number().nullable() })]).parse(rows)[0];
}

/** What the plan has just written, inside its transaction: a row that this transaction made has its own id as xmin. */
async function findPlanned(db: Queries, days: string[]) {
  const rows = await db.$queryRaw`
    select d.id, d.day::text, d.planned_at as "plannedAt", d.abstract_length as "abstractLength",
       s.id as "subscriberId", s.token_epoch as "tokenEpoch", s.email
     from digests d join subscribers s on s.id = d.subscriber_id
     where d.day = any (${days}::date[]) and d.xmin = pg_current_xact_id()::xid
     order by d.id
     limit ${sampleSize}`;
  const counted = await db.$queryRaw`
    select count(distinct paper_id)::int as papers from digest_papers where xmin = pg_current_xact_id()::xid`;
  return {
    sample: z.array(stored).parse(rows) satisfies StoredDigest[],
    papers: z.tuple([z.object({ papers: z.number() })]).parse(counted)[0].papers,
  };
}

const stored = z.object({
  id: z.string(),
  day: z.string(),
  plannedAt: z.date(),
  abstractLength: z.enum(['none', 'short', 'full']),
  subscriberId: z.number(),
  tokenEpoch: z.number(),
  email: z.string(),
});
