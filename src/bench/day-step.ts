import { resourceUsage } from 'node:process';
import { type Context, openContext } from '../context.js';
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

type Step = (ctx: Context, given: string) => Promise<number>;

/** Each loads what it needs and no more, as its command does. */
const steps: Record<StepName, () => Promise<Step>> = {
  import: async () => {
    const { importSubscribers } = await import('../subscribers/import.js');
    const { vocabulary } = await import('../topics/vocabulary.js');
    const slugs = vocabulary.map(({ slug }) => slug);
    return async (ctx, file) => (await importSubscribers(ctx, file, slugs)).imported;
  },
  ingest: async () => {
    const { ingest } = await import('../ingest/ingest.js');
    return async (ctx, path) => (await ingest(ctx, { sources: [{ kind: 'file', path }] })).fetched;
  },
  plan: async () => {
    const { planDue } = await import('../digests/plan.js');
    return async (ctx) => (await planDue(ctx, ctx.clock())).days.reduce((sum, { due }) => sum + due, 0);
  },
  deliver: async () => {
    const { deliver } = await import('../digests/deliver.js');
    const { RefusalBudget } = await import('../digests/refusal-budget.js');
    const { loadDigestTemplates } = await import('../digests/templates.js');
    const { relaysOf } = await import('../mail/relay.js');
    return async (ctx) => {
      const templates = await loadDigestTemplates();
      const relays = relaysOf(ctx.config, null);
      const delivery = { ctx, relays, templates, refusals: new RefusalBudget() };
      return (await deliver(delivery, new AbortController().signal)).sent;
    };
  },
  audit: async () => {
    const { auditDay } = await import('../digests/audit.js');
    return async (ctx, day) => {
      const audit = await auditDay(ctx.db.prisma, day, ctx.clock());
      if (!audit.balanced) throw new Error(`the account of ${day} does not add up: ${audit.problems}`);
      return audit.due;
    };
  },
  stats: async () => {
    const { collectStats } = await import('../digests/stats.js');
    return async (ctx) => (await collectStats(ctx.db.prisma, ctx.clock())).digests.sent;
  },
  prune: async () => {
    const { pruneDigests } = await import('../digests/prune.js');
    return async (ctx) => (await pruneDigests(ctx.db.prisma, ctx.clock())).digests;
  },
};

const order = JSON.parse(process.argv[2] ?? '') as StepOrder;
const config = throwAwayConfig(order.dataDir, order.smtpPort);
const sending = { ...config.sending, connections: order.connections };
const ctx = await openContext({ ...config, sending }, () => new Date(order.at));
// What a process does once is not a matter of how many subscribers there are.
const step = await steps[order.step]();
await ctx.db.prisma.$queryRaw`select 1`;
const started = performance.now();
const count = await step(ctx, order.given);
const seconds = (performance.now() - started) / 1_000;
await ctx.db.close();
const report: StepReport = { count, seconds, peakMb: Math.round(resourceUsage().maxRSS / 1_000) };
process.send?.(report, () => process.exit());
