import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Argument, Command } from 'commander';
import { benchCompose } from '../bench/compose.js';
import { benchDeliver } from '../bench/deliver.js';
import type { Measured } from '../bench/measured.js';
import { benchPlan } from '../bench/plan.js';
import { measureRows, type RowBytes } from '../bench/sizes.js';
import { makePapers, makeSubscribers } from '../bench/synthetic.js';
import { type Config, loadConfig } from '../config.js';
import { type Context, openContext } from '../context.js';
import { positive } from './options.js';

const parts = ['plan', 'compose', 'deliver'] as const;
type Part = (typeof parts)[number];
type BenchReport = { subscribers: number; rowBytes?: RowBytes } & Partial<Record<Part, Measured>>;

export function benchCommand(): Command {
  return new Command('bench')
    .description('measure planning, composing and delivering on made-up subscribers, in a throw-away database')
    .addArgument(new Argument('<what>', 'what to measure').choices([...parts, 'all']))
    .option('--subscribers <number>', 'how many', positive, 10_000)
    .option('--json', 'print one JSON object')
    .action(async (what: Part | 'all', options: { subscribers: number; json?: boolean }) => {
      const result = await bench(what === 'all' ? parts : [what], options.subscribers);
      process.stdout.write(`${options.json ? JSON.stringify(result) : benchText(result)}\n`);
    });
}

async function bench(wanted: readonly Part[], subscribers: number): Promise<BenchReport> {
  const dataDir = await mkdtemp(join(tmpdir(), 'offprint-bench-'));
  try {
    const ctx = await openContext(throwAway(loadConfig(), dataDir));
    try {
      const report = await measure(ctx, wanted, subscribers);
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
  const bar = new SingleBar({ format: '{bar} {value}/{total} {what}', noTTYOutput: false, clearOnComplete: true });
  bar.start(work.length, 0, { what: '' });
  try {
    for (const [i, [what, run]] of work.entries()) {
      bar.update(i, { what });
      await run();
    }
  } finally {
    bar.stop();
  }
  return report;
}

/** The configuration with an own data directory and database, and nothing said but of failures. */
function throwAway(config: Config, dataDir: string): Config {
  return {
    ...config,
    database: { url: null, dataDir },
    secretKeys: null,
    log: { ...config.log, level: 'error' },
  };
}

function benchText({ subscribers, rowBytes, ...measured }: BenchReport): string {
  const lines = Object.entries(measured).map(([part, { count, seconds, perSecond, peakMb, baseline, ratio }]) =>
    [
      `${part}: ${count.toLocaleString('en')} in ${seconds} s, ${perSecond.toLocaleString('en')} a second, ${peakMb} MB`,
      `  ${ratio} times ${baseline.name} (${baseline.perSecond.toLocaleString('en')} a second)`,
    ].join('\n'),
  );
  const sizes = Object.entries(rowBytes ?? {}).flatMap(([row, bytes]) =>
    bytes === null ? [] : [`${bytes.toLocaleString('en')} a ${row === 'paperSnapshot' ? 'paper snapshot' : row}`],
  );
  const disk = sizes.length > 0 ? [`on disk, in bytes with indexes: ${sizes.join(', ')}`] : [];
  return [`${subscribers.toLocaleString('en')} subscribers`, ...lines, ...disk].join('\n');
}
