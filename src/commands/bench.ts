import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Argument, Command } from 'commander';
import { benchCompose } from '../bench/compose.js';
import { benchDay, type DayReport, plansOf } from '../bench/day.js';
import { benchDeliver } from '../bench/deliver.js';
import type { Measured } from '../bench/measured.js';
import { benchPlan } from '../bench/plan.js';
import { measureRows, type RowBytes } from '../bench/sizes.js';
import { makePapers, makeSubscribers } from '../bench/synthetic.js';
import { throwAwayConfig } from '../bench/throw-away.js';
import { type Context, openContext } from '../context.js';
import { positive } from './options.js';

const parts = ['plan', 'compose', 'deliver'] as const;
type Part = (typeof parts)[number];
type Wanted = Part | 'all' | 'day';
type BenchReport = { subscribers: number; rowBytes?: RowBytes; day?: DayReport } & Partial<Record<Part, Measured>>;

export function benchCommand(): Command {
  return new Command('bench')
    .description(
      'measure planning, composing and delivering on made-up subscribers, or a whole day, in a throw-away database',
    )
    .addArgument(new Argument('<what>', 'what to measure').choices([...parts, 'all', 'day']))
    .option('--subscribers <number>', 'how many', positive, 10_000)
    .option('--every <hours>', 'with day: how many hours lie between two plans', positive, 1)
    .option('--json', 'print one JSON object')
    .action(async (what: Wanted, options: { subscribers: number; every: number; json?: boolean }) => {
      const result = await bench(what, options.subscribers, options.every);
      process.stdout.write(`${options.json ? JSON.stringify(result) : benchText(result)}\n`);
    });
}

async function bench(wanted: Wanted, subscribers: number, everyHours: number): Promise<BenchReport> {
  const dataDir = await mkdtemp(join(tmpdir(), 'offprint-bench-'));
  try {
    const ctx = await openContext(throwAwayConfig(dataDir));
    try {
      const report =
        wanted === 'day'
          ? await measureDay(ctx, subscribers, everyHours)
          : await measure(ctx, wanted === 'all' ? parts : [wanted], subscribers);
      return { ...report, rowBytes: await measureRows(ctx.db.pool) };
    } finally {
      await ctx.db.close();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function measure(ctx: Context, wanted: readonly Part[], subscribers: number): Promise<BenchReport> {
  // What is delivered was planned, whether or not anybody asked how long that takes.
  // Composing comes first: once they are planned nobody is due any more.
  const steps = (['compose', 'plan', 'deliver'] as const).filter(
    (part) => wanted.includes(part) || (part === 'plan' && wanted.includes('deliver')),
  );
  const work: [what: string, run: () => Promise<unknown>][] = [
    ['making papers', () => makePapers(ctx)],
    ['making subscribers', () => makeSubscribers(ctx, subscribers)],
  ];
  const report: BenchReport = { subscribers };
  const measurements: Record<Part, () => Promise<Measured>> = {
    plan: () => benchPlan(ctx),
    compose: () => benchCompose(ctx, subscribers),
    deliver: () => benchDeliver(ctx),
  };
  for (const part of steps)
    work.push([
      `measuring ${part}`,
      async () => {
        const measured = await measurements[part]();
        if (wanted.includes(part)) report[part] = measured;
      },
    ]);
  const bar = startBar(work.length);
  try {
    for (const [what, run] of work) {
      bar.begin(what);
      await run();
    }
  } finally {
    bar.stop();
  }
  return report;
}

/** An import, a plan after it, a list of papers, and what ends a day: audit, counts, pruning. */
const stepsBesidePlans = 6;

async function measureDay(ctx: Context, subscribers: number, everyHours: number): Promise<BenchReport> {
  const bar = startBar(stepsBesidePlans + 2 * plansOf(everyHours).length);
  try {
    return { subscribers, day: await benchDay(ctx, subscribers, everyHours, bar.begin) };
  } finally {
    bar.stop();
  }
}

function startBar(total: number): { begin: (what: string) => void; stop: () => void } {
  const bar = new SingleBar({ format: '{bar} {value}/{total} {what}', noTTYOutput: false, clearOnComplete: true });
  let done = 0;
  bar.start(total, done, { what: '' });
  return { begin: (what) => bar.update(done++, { what }), stop: () => bar.stop() };
}

function benchText({ subscribers, rowBytes, day, ...measured }: BenchReport): string {
  const lines = Object.entries(measured).map(([part, { count, seconds, perSecond, peakMb, baseline, ratio, limit }]) =>
    [
      `${part}: ${count.toLocaleString('en')} in ${seconds} s, ${perSecond.toLocaleString('en')} a second, ${peakMb} MB`,
      `  ${ratio} times ${baseline.name} (${baseline.perSecond.toLocaleString('en')} a second)`,
      ...(limit ? [`  ${limit.ratio} times ${limit.name} (${limit.perSecond.toLocaleString('en')} a second)`] : []),
    ].join('\n'),
  );
  const sizes = Object.entries(rowBytes ?? {}).flatMap(([row, bytes]) =>
    bytes === null ? [] : [`${bytes.toLocaleString('en')} a ${row === 'paperSnapshot' ? 'paper snapshot' : row}`],
  );
  const disk = sizes.length > 0 ? [`on disk, in bytes with indexes: ${sizes.join(', ')}`] : [];
  return [`${subscribers.toLocaleString('en')} subscribers`, ...lines, ...(day ? dayLines(day) : []), ...disk].join(
    '\n',
  );
}

function dayLines({ steps, pages, secondsADay, microsecondsEach }: DayReport): string[] {
  const lines = Object.entries(steps).map(
    ([step, { count, seconds, peakMb }]) =>
      `${step}: ${count.toLocaleString('en')} in ${Number(seconds.toPrecision(3))} s, ${peakMb} MB`,
  );
  const { requests, failed, p50Ms, p99Ms } = pages;
  return [
    ...lines,
    `pages meanwhile: ${requests.toLocaleString('en')} asked for, ${failed} failed, half within ${p50Ms} ms, 99 of 100 within ${p99Ms} ms`,
    `a day: ${secondsADay} s, ${microsecondsEach} microseconds a subscriber`,
  ];
}
