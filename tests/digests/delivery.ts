import type { Config } from '../../src/config.js';
import type { Delivery } from '../../src/digests/delivery-run.js';
import { planDue } from '../../src/digests/plan.js';
import { RefusalBudget } from '../../src/digests/refusal-budget.js';
import { loadDigestTemplates } from '../../src/digests/templates.js';
import type { Relay } from '../../src/mail/relay.js';
import type { TestContext } from '../helpers/context.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';

/** When the digests of these tests are planned. */
export const morning = new Date('2026-02-04T08:00:00Z');

const templates = loadDigestTemplates();

/** Empties the database and puts the clock at `morning`. */
export async function startMorning(ctx: TestContext): Promise<void> {
  ctx.time.now = morning;
  await ctx.db.pool.query(
    'truncate subscribers, cursor_exceptions, digests, editions, papers, source_days, plans, mail_outage, domain_pauses restart identity cascade',
  );
  await ctx.db.pool.query("update send_rate set next_at = '-infinity'");
}

/** Plans a digest for each of so many new subscribers, of a paper that is listed the day before; returns their ids. */
export async function planDigests(ctx: TestContext, count: number): Promise<number[]> {
  const { prisma } = ctx.db;
  const readers = [];
  for (let i = 0; i < count; i++) readers.push((await makeSubscriber(prisma)).id);
  await makePaper(prisma, new Date(ctx.time.now.getTime() - 86_400_000).toISOString().slice(0, 10));
  await planDue(ctx, ctx.time.now);
  return readers;
}

/** A delivery to these relays: what `deliver` takes. */
export async function deliveryTo(
  ctx: TestContext,
  relays: Relay[],
  sending: Partial<Config['sending']> = {},
): Promise<Delivery> {
  const config = { ...ctx.config, sending: { ...ctx.config.sending, ...sending } };
  return { ctx: { ...ctx, config }, relays, templates: await templates, refusals: new RefusalBudget() };
}

/** What is on record of every digest, in the order of the subscribers. */
export async function recordedDigests(ctx: TestContext) {
  return ctx.db.prisma.digest.findMany({
    orderBy: { subscriberId: 'asc' },
    select: {
      status: true,
      attempts: true,
      lastReply: true,
      owner: true,
      leaseUntil: true,
      sentAt: true,
      notBefore: true,
    },
  });
}

/** How many rows each table has, those of the job engine included. */
export async function countRows({ db }: TestContext): Promise<Record<string, number>> {
  const { rows: tables } = await db.pool.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname in ('public', 'graphile_worker') order by 1`,
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const { rows } = await db.pool.query<{ count: number }>(`select count(*)::int as count from ${name}`);
    counts[name] = rows[0]?.count ?? -1;
  }
  return counts;
}
