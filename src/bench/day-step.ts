import { resourceUsage } from 'node:process';
import { type Context, openContext } from '../context.js';
import { auditDay } from '../digests/audit.js';
import { deliver } from '../digests/deliver.js';
import { planDue } from '../digests/plan.js';
import { pruneDigests } from '../digests/prune.js';
import { RefusalBudget } from '../digests/refusal-budget.js';
import { collectStats } from '../digests/stats.js';
import { loadDigestTemplates } from '../digests/templates.js';
import { ingest } from '../ingest/ingest.js';
import { relaysOf } from '../mail/relay.js';
import { importSubscribers } from '../subscribers/import.js';
import { vocabulary } from '../topics/vocabulary.js';
import { throwAwayConfig } from './throw-away.js';

// One step of a day, in a process of its own, as it is when Offprint runs: so its memory is its own, too. Reads what to do from its
// argument and tells whoever started it what came of it.

/** What to do. */
export interface StepOrder {
  step: StepName;
  /** The time that it is for the step. */
  at: string;
  /** A file or a day that it works on, where it works on one. */
  given: string;
  dataDir: string;
  smtpPort: number;
  /** To the server. */
  connections: number;
}

/** What came of a step. */
export interface StepReport {
  /** How many rows, papers, subscribers or mails. */
  count: number;
  seconds: number;
  /** The largest resident memory of the process, in MB. */
  peakMb: number;
}

export type StepName = 'import' | 'ingest' | 'plan' | 'deliver' | 'audit' | 'stats' | 'prune';

const steps: Record<StepName, (ctx: Context, given: string) => Promise<number>> = {
  import: async (ctx, file) => {
    const slugs = vocabulary.map(({ slug }) => slug);
    return (await importSubscribers(ctx, file, slugs)).imported;
  },
  ingest: async (ctx, file) => (await ingest(ctx, { sources: [{ kind: 'file', path: file }] })).fetched,
  plan: async (ctx) => (await planDue(ctx, ctx.clock())).days.reduce((sum, { due }) => sum + due, 0),
  deliver: async (ctx) => {
    const templates = await loadDigestTemplates();
    const relays = relaysOf(ctx.config, null);
    const delivery = { ctx, relays, templates, refusals: new RefusalBudget() };
    return (await deliver(delivery, new AbortController().signal)).sent;
  },
  audit: async (ctx, day) => {
    const audit = await auditDay(ctx.db.prisma, day, ctx.clock());
    if (!audit.balanced) throw new Error(`the account of ${day} does not add up: ${audit.problems}`);
    return audit.due;
  },
  stats: async (ctx) => (await collectStats(ctx.db.prisma, ctx.clock())).digests.sent,
  prune: async (ctx) => (await pruneDigests(ctx.db.prisma, ctx.clock())).digests,
};

const order = JSON.parse(process.argv[2] ?? '') as StepOrder;
const config = throwAwayConfig(order.dataDir, order.smtpPort);
const sending = { ...config.sending, connections: order.connections };
const ctx = await openContext({ ...config, sending }, () => new Date(order.at));
// What a process does once is not a matter of how many subscribers there are.
await ctx.db.prisma.$queryRaw`select 1`;
const started = performance.now();
const count = await steps[order.step](ctx, order.given);
const seconds = (performance.now() - started) / 1_000;
await ctx.db.close();
const report: StepReport = { count, seconds, peakMb: Math.round(resourceUsage().maxRSS / 1_000) };
process.send?.(report, () => process.exit());
