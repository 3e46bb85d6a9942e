import { z } from 'zod';
import type { Context } from '../context.js';
import type { Queries } from '../database/database.js';
import { rehearse } from '../database/rehearse.js';
import { buildMessage } from '../mail/message.js';
import type { MailTemplates } from '../mail/templates.js';
import { messageOf } from './compose-stored.js';
import { planDueIn } from './plan.js';
import { countPapersJustWritten, findJustWritten } from './store.js';

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

/** Runs the real plan and takes it back: what it tells is what would happen. Writes nothing. */
export async function preflight(ctx: Context, templates: MailTemplates, at: Date): Promise<Preflight> {
  return rehearse(ctx.db.prisma, (tx) => examine(ctx, tx, templates, at));
}

async function examine(ctx: Context, tx: Queries, templates: MailTemplates, at: Date): Promise<Preflight> {
  const before = await measure(tx, at);
  const days = await planDueIn(tx, at, ctx.clock());
  const recipients = days.reduce((sum, day) => sum + day.planned, 0);
  const noMatch = days.reduce((sum, day) => sum + day.noMatch, 0);
  const sizes: number[] = [];
  for (const digest of await findJustWritten(tx, sampleSize))
    sizes.push(buildMessage(await messageOf(ctx, tx, templates, digest)).length);
  const mean = sizes.reduce((sum, size) => sum + size, 0) / (sizes.length || 1);
  const rate = ctx.config.sending.rate || before.ratePerSecond;
  return {
    at: at.toISOString(),
    recipients,
    noMatch,
    papers: await countPapersJustWritten(tx),
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
