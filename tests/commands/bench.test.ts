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
  it('measures all three on made-up subscribers, each beside its baseline', async () => {
    const { status, stdout, stderr } = await run('all', '--subscribers', '300', '--json');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const result = JSON.parse(stdout);
    const rowBytes = Object.fromEntries(
      ['subscriber', 'digest', 'edition', 'paperSnapshot'].map((row) => [row, expect.any(Number)]),
    );
    expect(result).toEqual({ subscribers: 300, plan: measured, compose: measured, deliver: measured, rowBytes });
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

  it('says it to people in a few lines, and refuses what it cannot measure', async () => {
    const { stdout } = await run('compose', '--subscribers', '50');
    expect(stdout).toMatch(/^50 subscribers\ncompose: 50 in .* a second, \d+ MB\n {2}.* times mjml2html for each mail/);
    expect(stdout).toMatch(/\non disk, in bytes with indexes: [\d,]+ a subscriber\n$/);
    expect((await run('nothing')).status).toBe(2);
    expect((await run('plan', '--subscribers', 'many')).status).toBe(2);
  }, 60_000);
});
