import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withProgress } from '../../src/commands/progress.js';

let shown = '';
const terminal = process.stderr.isTTY;
beforeEach(() => {
  shown = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    shown += String(text);
    return true;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  process.stderr.isTTY = terminal;
});

describe('on a terminal', () => {
  beforeEach(() => {
    process.stderr.isTTY = true;
  });

  it('a bar tells how far the work is, and is gone when that ends', async () => {
    const result = await withProgress(
      'planning',
      async () => 200,
      async ({ at }) => {
        at(100);
        return 'planned';
      },
    );
    expect(result).toBe('planned');
    expect(shown).toMatch(/planning .*50 %/);
  });

  it('the total may be known later', async () => {
    await withProgress('reading', 1, async ({ at }) => at(1, 4));
    expect(shown).toMatch(/reading .*25 %/);
  });

  it('work may tell by itself', async () => {
    vi.useFakeTimers();
    const work = () => vi.advanceTimersByTimeAsync(1_000);
    await withProgress('sending', 4, work, () => 3);
    expect(shown).toMatch(/sending .*75 %/);
  });

  it('the bar ends where the work fails, with its error', async () => {
    const work = withProgress('reading', 1, () => Promise.reject(new Error('it answered 503')));
    await expect(work).rejects.toThrow('it answered 503');
  });
});

it('elsewhere nothing is shown, and nothing is counted for it', async () => {
  process.stderr.isTTY = false;
  const count = vi.fn(async () => 1);
  expect(
    await withProgress(
      'sending',
      count,
      async ({ at }) => at(1),
      () => 1,
    ),
  ).toBeUndefined();
  expect(shown).toBe('');
  expect(count).not.toHaveBeenCalled();
});
