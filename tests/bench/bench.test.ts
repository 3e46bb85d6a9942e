import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../helpers/program.js';

const run = (...args: string[]) => runProgram(['bench', ...args], {});

const measured = {
  count: expect.any(Number),
  seconds: expect.any(Number),
  perSecond: expect.any(Number),
  peakMb: expect.any(Number),
  baseline: { name: expect.any(String), perSecond: expect.any(Number) },
  ratio: expect.any(Number),
};

describe('bench', () => {
  it('measures all three on made-up subscribers, each beside its baseline, the delivery signed and over a slow link', async () => {
    const { status, stdout, stderr } = await run(
      ...['all', '--subscribers', '300', '--papers', '300', '--json'],
      ...['--signed', '--round-trip', '20', '--workers', '2', '--connections', '10'],
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const result = JSON.parse(stdout);
    const rowBytes = Object.fromEntries(
      ['subscriber', 'digest', 'edition', 'paperSnapshot'].map((row) => [row, expect.any(Number)]),
    );
    const { limit, cpuMsEach, postgresCpuMsEach, roundTripsEach, mailBytes, ...deliver } = result.deliver;
    expect({ ...result, deliver }).toEqual({
      subscribers: 300,
      plan: measured,
      compose: measured,
      deliver: measured,
      rowBytes,
    });
    // Only where Postfix's smtp-source is installed.
    if (limit)
      expect(limit).toEqual({ name: expect.any(String), perSecond: expect.any(Number), ratio: expect.any(Number) });
    // Only where the system tells it, as Linux does.
    if (cpuMsEach) expect(postgresCpuMsEach).toBeLessThan(cpuMsEach);
    expect(deliver.baseline.name).toContain('signed');
    expect(roundTripsEach).toBeGreaterThan(1);
    expect(mailBytes).toBeGreaterThan(35_000);
    expect(mailBytes).toBeLessThan(45_000);
    // More than the bare columns, and no more than a page a row.
    expect(result.rowBytes.digest).toBeGreaterThan(100);
    expect(result.rowBytes.digest).toBeLessThan(8_192);
    // One in fifty is paused, a tenth weekly and of these most not today.
    expect(result.plan.count).toBeGreaterThan(250);
    expect(result.plan.count).toBeLessThan(294);
    expect(result.compose.count).toBe(300);
    expect(result.deliver.count).toBeGreaterThan(200);
    expect(result.compose.ratio).toBeGreaterThan(20);
  }, 60_000);

  it('measures a delivery that is over before it can be looked at twice', async () => {
    const { stdout } = await run('deliver', '--subscribers', '1', '--json');
    expect(JSON.parse(stdout).deliver).toMatchObject({ ...measured, count: 1 });
  }, 60_000);

  it('measures a whole day, each step in a process of its own, and pages meanwhile', async () => {
    const { status, stdout, stderr } = await run(
      'day',
      '--subscribers',
      '200',
      '--every',
      '12',
      '--history',
      '3',
      '--json',
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { day } = JSON.parse(stdout);
    const step = (count: number) => ({ count, seconds: expect.any(Number), peakMb: expect.any(Number) });
    const { deliver } = day.steps;
    expect(day.steps).toEqual({
      import: step(200),
      ingest: step(150),
      // All who are active, but those whose weekly digest is for another day.
      plan: step(day.steps.plan.count),
      deliver: step(deliver.count),
      audit: step(day.steps.audit.count),
      stats: step(deliver.count + 3 * 200),
      prune: step(0),
    });
    expect(day.steps.plan.count).toBeGreaterThan(150);
    expect(day.steps.plan.count).toBeLessThanOrEqual(196);
    expect(deliver.count).toBeGreaterThan(140);
    expect(day.pages.requests).toBeGreaterThan(0);
    expect(day.pages.failed).toBe(0);
  }, 120_000);

  it('holds papers against phrases, beside PostgreSQL', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'offprint-bench-'));
    const file = join(folder, 'papers.jsonl');
    const paper = (i: number) => ({
      title: `On word${i} and word${i + 1}`,
      abstract: `We study word${i}.`,
      keywords: [`word${i}`, `word${i + 1}`],
      topics: [],
    });
    await writeFile(file, Array.from({ length: 40 }, (_, i) => JSON.stringify(paper(i))).join('\n'));
    const { status, stdout, stderr } = await run('phrases', '--labelled', file, '--phrases', '300', '--json');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { phrases } = JSON.parse(stdout);
    expect(phrases).toMatchObject({ papers: 40, phrases: 300, postgresOneByOneRatio: expect.any(Number) });
    expect(phrases.matches).toBeGreaterThan(300);
    const tooMany = await run('phrases', '--labelled', file, '--phrases', '5000');
    expect(tooMany).toMatchObject({ status: 1, stderr: expect.stringContaining('choose fewer by --phrases') });
    await writeFile(file, JSON.stringify({ ...paper(1), keywords: [] }));
    expect(await run('phrases', '--labelled', file, '--phrases', '1')).toMatchObject({ status: 1 });
    expect(await run('phrases')).toMatchObject({ status: 1, stderr: expect.stringContaining('--labelled FILE') });
    await rm(folder, { recursive: true });
  }, 60_000);

  it('measures sign-ups of each kind of address, and what a flood of them does', async () => {
    const timing = await run('sign-ups', '--addresses', '20', '--json');
    expect(timing).toMatchObject({ status: 0, stderr: '' });
    const distances = { pending: expect.any(Number), active: expect.any(Number), unsubscribed: expect.any(Number) };
    const measurement = { medianMs: expect.any(Number), distanceToNew: expect.objectContaining(distances) };
    expect(JSON.parse(timing.stdout).signUps).toMatchObject({ idle: measurement, busy: measurement });
    const { flood } = JSON.parse((await run('flood', '--seconds', '3', '--json')).stdout);
    expect(flood.sent).toBeGreaterThan(100);
    expect(flood.statuses).toMatchObject({ 202: expect.any(Number) });
    expect(flood.honest.got).toBe(flood.honest.tries);
  }, 60_000);

  it('says it to people in a few lines, and refuses what it cannot measure', async () => {
    const { stdout } = await run('compose', '--subscribers', '50');
    expect(stdout).toMatch(/^50 subscribers\ncompose: 50 in .* a second, \d+ MB\n {2}.* times mjml2html for each mail/);
    expect(stdout).toMatch(/\non disk, in bytes with indexes: [\d,]+ a subscriber\n$/);
    expect((await run('nothing')).status).toBe(2);
    expect((await run('plan', '--subscribers', 'many')).status).toBe(2);
  }, 60_000);
});
