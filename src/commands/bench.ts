import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Argument, Command } from 'commander';
import { benchCompose } from '../bench/compose.js';
import { benchDay, type DayReport, plansOf } from '../bench/day.js';
import { benchDeliver, type DeliverMeasured, type DeliverOptions } from '../bench/deliver.js';
import type { Measured } from '../bench/measured.js';
import { benchPhrases } from '../bench/phrases.js';
import { benchPlan } from '../bench/plan.js';
import { benchFlood, benchSignUps } from '../bench/sign-ups.js';
import { measureRows, type RowBytes } from '../bench/sizes.js';
import { makePapers, makeSubscribers } from '../bench/synthetic.js';
import { throwAwayConfig } from '../bench/throw-away.js';
import { type Context, openContext } from '../context.js';
import { UserError } from '../errors.js';
import { readLabelled } from '../topics/labelled.js';
import { positive } from './options.js';

const parts = ['plan', 'compose', 'deliver'] as const;
type Part = (typeof parts)[number];
type Wanted = Part | 'all' | 'day' | 'phrases' | 'sign-ups' | 'flood';
type BenchReport = { subscribers: number; rowBytes?: RowBytes; day?: DayReport } & Partial<
  Record<Part, Measured & Partial<DeliverMeasured>>
>;

interface Options extends Omit<DeliverOptions, 'roundTripMs' | 'profile'> {
  subscribers: number;
  papers: number;
  every: number;
  history: number;
  roundTrip: number;
  profile?: string;
  labelled?: string;
  phrases: number;
  addresses: number;
  seconds: number;
  json?: boolean;
}

export function benchCommand(): Command {
  return new Command('bench')
    .description(
      'measure planning, composing and delivering on made-up subscribers, or a whole day, in a throw-away database',
    )
    .addArgument(
      new Argument('<what>', 'what to measure').choices([...parts, 'all', 'day', 'phrases', 'sign-ups', 'flood']),
    )
    .option('--subscribers <number>', 'how many', positive, 10_000)
    .option('--papers <number>', 'with plan: how many are on offer', positive, 150)
    .option('--workers <number>', 'with deliver: how many processes', positive, 1)
    .option('--connections <number>', 'with deliver and day: to the server, of each worker', positive, 100)
    .option('--signed', 'with deliver: sign each mail by DKIM, RSA with 2,048 bits', false)
    .option('--round-trip <milliseconds>', 'with deliver: how long one to the server takes', positive, 0)
    .option('--profile <folder>', 'with deliver: where the workers write profiles of their CPU')
    .option('--every <hours>', 'with day: how many hours lie between two plans', positive, 1)
    .option('--history <days>', 'with day: of how many days before digests are on record already', positive, 0)
    .option('--labelled <file>', 'with phrases: papers, as `topics evaluate` takes them')
    .option('--phrases <number>', 'with phrases: how many', positive, 100_000)
    .option('--addresses <number>', 'with sign-ups: how many of each kind', positive, 1_000)
    .option('--seconds <number>', 'with flood: for how long', positive, 300)
    .option('--json', 'print one JSON object')
    .action(async (what: Wanted, options: Options) => {
      const print = (report: object, text: string) =>
        process.stdout.write(`${options.json ? JSON.stringify(report) : text}\n`);
      if (what === 'phrases' || what === 'sign-ups' || what === 'flood') {
        const report = await measureApart(what, options);
        return void print(report, JSON.stringify(report, null, 2));
      }
      const report =
        what === 'day' ? await measureDay(options) : await measure(what === 'all' ? parts : [what], options);
      print(report, benchText(report));
    });
}

/** Does something with a database that is thrown away afterwards. */
async function inThrowAwayDatabase<Result>(work: (ctx: Context) => Promise<Result>): Promise<Result> {
  const dataDir = await mkdtemp(join(tmpdir(), 'offprint-bench-'));
  try {
    const ctx = await openContext(throwAwayConfig(dataDir));
    try {
      return await work(ctx);
    } finally {
      await ctx.db.close();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function measure(wanted: readonly Part[], options: Options): Promise<BenchReport> {
  const { subscribers, papers, roundTrip, profile = null } = options;
  const report: BenchReport = { subscribers };
  const isWanted = (part: Part) => wanted.includes(part);
  const onMadeUpSubscribers = isWanted('compose') || isWanted('plan');
  const bar = startBar((onMadeUpSubscribers ? 2 : 0) + wanted.length);
  try {
    if (onMadeUpSubscribers)
      await inThrowAwayDatabase(async (ctx) => {
        bar.begin('making papers');
        await makePapers(ctx, papers);
        bar.begin('making subscribers');
        await makeSubscribers(ctx, subscribers);
        // Composing comes first: once they are planned nobody is due any more.
        if (isWanted('compose')) {
          bar.begin('measuring compose');
          report.compose = await benchCompose(ctx, subscribers);
        }
        if (isWanted('plan')) {
          bar.begin('measuring plan');
          report.plan = await benchPlan(ctx);
        }
        report.rowBytes = await measureRows(ctx.db.pool);
      });
    if (isWanted('deliver'))
      await inThrowAwayDatabase(async (ctx) => {
        bar.begin('measuring deliver');
        report.deliver = await benchDeliver(ctx, subscribers, {
          ...options,
          roundTripMs: roundTrip,
          profile: profile && resolve(profile),
        });
        report.rowBytes = await measureRows(ctx.db.pool);
      });
  } finally {
    bar.stop();
  }
  return report;
}

/** An import, a history, a plan after it, a list of papers, and what ends a day: audit, counts, pruning. */
const stepsBesidePlans = 7;

async function measureDay({ subscribers, every, history, connections }: Options): Promise<BenchReport> {
  const bar = startBar(stepsBesidePlans + 2 * plansOf(every).length);
  try {
    return await inThrowAwayDatabase(async (ctx) => ({
      subscribers,
      day: await benchDay(ctx, subscribers, every, history, connections, bar.begin),
      rowBytes: await measureRows(ctx.db.pool),
    }));
  } finally {
    bar.stop();
  }
}

/** What has nothing to do with subscribers that are made up. */
async function measureApart(
  what: 'phrases' | 'sign-ups' | 'flood',
  { labelled, phrases, addresses, seconds }: Options,
): Promise<object> {
  const bar = startBar(1);
  bar.begin(`measuring ${what}`);
  try {
    if (what === 'sign-ups') return { signUps: await inThrowAwayDatabase((ctx) => benchSignUps(ctx, addresses)) };
    if (what === 'flood') return { flood: await inThrowAwayDatabase((ctx) => benchFlood(ctx, seconds)) };
    if (!labelled)
      throw new UserError('bench phrases needs --labelled FILE: papers with keywords, a line of JSON each');
    const papers = await readLabelled(labelled);
    return { phrases: await inThrowAwayDatabase((ctx) => benchPhrases(ctx, papers, phrases)) };
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
  const lines = Object.entries(measured).map(([part, each]) => {
    const { count, seconds, perSecond, peakMb, baseline, ratio, limit } = each;
    const { mailBytes, cpuMsEach, postgresCpuMsEach, roundTripsEach } = each;
    return [
      `${part}: ${count.toLocaleString('en')} in ${seconds} s, ${perSecond.toLocaleString('en')} a second, ${peakMb} MB`,
      ...(mailBytes ? [`  mails of ${mailBytes.toLocaleString('en')} bytes`] : []),
      `  ${ratio} times ${baseline.name} (${baseline.perSecond.toLocaleString('en')} a second)`,
      ...(limit ? [`  ${limit.ratio} times ${limit.name} (${limit.perSecond.toLocaleString('en')} a second)`] : []),
      ...(cpuMsEach ? [`  ${cpuMsEach} ms of CPU each, ${postgresCpuMsEach} of it PostgreSQL's`] : []),
      ...(roundTripsEach ? [`  ${roundTripsEach} round trips each`] : []),
    ].join('\n');
  });
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
