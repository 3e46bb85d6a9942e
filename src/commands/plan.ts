import { Command } from 'commander';
import type { Context } from '../context.js';
import { countDue } from '../digests/due.js';
import { planDue } from '../digests/plan.js';
import { type Preflight, preflight } from '../digests/preflight.js';
import { loadDigestTemplates } from '../digests/templates.js';
import { report } from './command.js';
import { counted } from './counted.js';
import { instant } from './options.js';
import { withProgress } from './progress.js';

interface PlanOptions {
  at?: Date;
  dryRun?: boolean;
  json?: boolean;
}

export function planCommand(): Command {
  return new Command('plan')
    .description('write the digests that are due')
    .option('--at <time>', 'plan as at this time, like 2026-02-04T08:00:00Z (default: now)', instant)
    .option('--dry-run', 'say what would be planned, and write nothing')
    .option('--json', 'print one JSON object')
    .action((options: PlanOptions) =>
      options.dryRun
        ? report(options, { run: (ctx) => dryRun(ctx, options.at), text: preflightText })
        : report(options, { run: (ctx) => plan(ctx, options.at), text: planText }),
    );
}

async function plan(ctx: Context, at: Date = ctx.clock()) {
  const { days, skipped } = await withProgress(
    'planning',
    () => countDue(ctx.db.prisma, at),
    (progress) => planDue(ctx, at, progress.at),
  );
  const total = (count: 'due' | 'planned' | 'noMatch') => days.reduce((sum, day) => sum + day[count], 0);
  return {
    at: at.toISOString(),
    due: total('due'),
    planned: total('planned'),
    noMatch: total('noMatch'),
    skipped: skipped.length,
    days,
  };
}

function planText({ at, due, planned, noMatch, skipped, days }: Awaited<ReturnType<typeof plan>>): string {
  return [
    `${at}: ${due} due, ${planned} planned, ${noMatch} without a match`,
    ...(skipped > 0 ? [`${skipped} skipped: the database does not know their time zone`] : []),
    ...days.map((day) => `  digest day ${day.day}: ${day.due} due, ${day.planned} planned`),
  ].join('\n');
}

async function dryRun(ctx: Context, at: Date = ctx.clock()): Promise<Preflight> {
  const templates = await loadDigestTemplates();
  return withProgress(
    'looking',
    () => countDue(ctx.db.prisma, at),
    (progress) => preflight(ctx, templates, at, progress.at),
  );
}

function preflightText({ at, recipients, noMatch, papers, bytes, endsAt, yesterday }: Preflight): string {
  const change = recipients - yesterday.recipients;
  const changed = change === 0 ? 'no change' : `${change > 0 ? '+' : ''}${change}`;
  return [
    `${at}: ${counted(recipients, 'recipient')}, ${counted(papers, 'paper')}, ${Math.ceil(bytes / 1_000).toLocaleString('en')} KB; ${noMatch} without a match.`,
    `Yesterday: ${yesterday.recipients} (${changed}).`,
    endsAt === null
      ? 'Send time unknown: nothing was sent in the last day.'
      : `At today's rate it would end at ${endsAt}.`,
    'Nothing was written.',
  ].join('\n');
}
