import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Context } from '../context.js';
import { heapGrowth, workerNodeOptions } from '../heap.js';
import { projectPath } from '../project.js';
import type { StepName, StepOrder, StepReport } from './day-step.js';
import { makeHistory } from './history.js';
import { type PageTimes, watchPages } from './page-times.js';
import { startSink } from './sink.js';
import { csvOfSubscribers, dailyPapers } from './synthetic.js';

/** What a whole day took, step by step, and how pages answered while mail went out. */
export interface DayReport {
  steps: Record<StepName, StepReport>;
  pages: PageTimes;
  /** All but the import, which is not of every day. */
  secondsADay: number;
  /** Of these for each subscriber. */
  microsecondsEach: number;
}

const yesterday = '2026-02-03';
const today = '2026-02-04';
const hoursADay = 24;

/**
 * A day of so many subscribers: they are imported, the day's papers are read and matched, and hour by hour the digests that are due are
 * planned and delivered to a server that takes all; then the day is audited, counted and tidied up. Each step is a process.
 * @param everyHours how many hours lie between two plans
 * @param historyDays of how many days before digests are on record already
 * @param connections to the server that takes all
 * @param onStep hears what begins
 */
export async function benchDay(
  ctx: Pick<Context, 'config' | 'db' | 'timeZones'>,
  subscribers: number,
  everyHours: number,
  historyDays: number,
  connections: number,
  onStep: (what: string) => void,
): Promise<DayReport> {
  const { dataDir } = ctx.config.database;
  const csv = join(dataDir, 'subscribers.csv');
  const papers = join(dataDir, `${yesterday}.json`);
  await pipeline(Readable.from(csvOfSubscribers(ctx.timeZones.list(), subscribers)), createWriteStream(csv));
  await writeFile(papers, JSON.stringify(await dailyPapers(yesterday)));
  const sink = await startSink();
  const web = fork(projectPath('dist/src/bench/web-process.js'), [dataDir]);
  try {
    const [webPort] = (await once(web, 'message')) as [number];
    const run = (step: StepName, at: Date | string, given = '') => {
      onStep(`${step}, ${typeof at === 'string' ? at : at.toISOString().slice(11, 16)}`);
      return runStep({ step, at: new Date(at).toISOString(), given, dataDir, smtpPort: sink.port, connections });
    };
    const imported = await run('import', `${today}T00:00:00Z`, csv);
    if (historyDays > 0) onStep(`making digests of ${historyDays} days`);
    await makeHistory(ctx, today, historyDays);
    // Who has missed their hour today is due at once; so from here on each is due once.
    await run('plan', `${today}T00:05:00Z`);
    const read = await run('ingest', `${today}T00:10:00Z`, papers);
    const planned: StepReport[] = [];
    const delivered: StepReport[] = [];
    const pages = watchPages(`http://127.0.0.1:${webPort}/papers`);
    for (const hour of plansOf(everyHours)) {
      planned.push(await run('plan', hour));
      pages.go();
      delivered.push(await run('deliver', hour));
      pages.pause();
    }
    const night = `${today}T23:59:00Z`;
    const steps = {
      import: imported,
      ingest: read,
      plan: total(planned),
      deliver: total(delivered),
      audit: await run('audit', night, today),
      stats: await run('stats', night),
      prune: await run('prune', night),
    };
    const secondsADay = Object.entries(steps).reduce(
      (sum, [step, { seconds }]) => sum + (step === 'import' ? 0 : seconds),
      0,
    );
    return {
      steps,
      pages: pages.end(),
      secondsADay: Math.round(secondsADay),
      microsecondsEach: Math.round((secondsADay * 1e6) / imported.count),
    };
  } finally {
    await Promise.all([sink.stop(), stop(web)]);
  }
}

/** The instants of a day's plans; the last hour is always planned. */
export function plansOf(everyHours: number): Date[] {
  const begin = Date.parse(`${today}T00:30:00Z`);
  const count = Math.ceil(hoursADay / everyHours);
  return Array.from(
    { length: count },
    (_, i) => new Date(begin + Math.min(hoursADay - 1, (i + 1) * everyHours - 1) * 3_600_000),
  );
}

function total(reports: readonly StepReport[]): StepReport {
  const sum = (pick: (report: StepReport) => number) => reports.reduce((all, report) => all + pick(report), 0);
  return {
    count: sum(({ count }) => count),
    seconds: sum(({ seconds }) => seconds),
    peakMb: Math.max(...reports.map(({ peakMb }) => peakMb)),
  };
}

async function runStep(order: StepOrder): Promise<StepReport> {
  const child = fork(projectPath('dist/src/bench/day-step.js'), [JSON.stringify(order)], {
    execArgv: [...workerNodeOptions, heapGrowth],
  });
  let report: StepReport | null = null;
  child.once('message', (told) => {
    report = told as StepReport;
  });
  await once(child, 'exit');
  if (report === null) throw new Error(`the step ${order.step} at ${order.at} failed`);
  return report;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.disconnect();
  await ended;
}
