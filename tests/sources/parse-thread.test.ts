import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { cleanText } from '../../src/sources/clean.js';
import { htmlToText } from '../../src/sources/html.js';
import { parseApart } from '../../src/sources/parse-thread.js';
import { SourceError } from '../../src/sources/source.js';

const about = { name: 'https://example.org/feed', day: '2026-02-04' };
const nested = `${'<a>'.repeat(90)}x${'</a>'.repeat(90)}`;
const item = `<item><title>T</title><guid>g</guid><description>${nested}</description></item>`;
/** A feed of so many MB, deep enough to take much longer than it looks. */
const deepFeed = (megabytes: number) =>
  `<rss version="2.0"><channel>${item.repeat(Math.round((megabytes * 1e6) / item.length))}</channel></rss>`;

describe('finding 3: an answer of a source', () => {
  it('that is made to be slow keeps nothing waiting, is given up, and costs the next ones nothing', async () => {
    const feed = deepFeed(7.9);
    const delay = monitorEventLoopDelay({ resolution: 10 });
    delay.enable();
    const answers = await Promise.allSettled([1, 2].map(() => parseApart('feed', feed, about)));
    delay.disable();
    for (const answer of answers) {
      if (answer.status === 'fulfilled') continue;
      expect(answer.reason).toBeInstanceOf(SourceError);
      expect(answer.reason.message).toMatch(/^its answer takes too (much memory|long) to read$/);
    }
    // Read here, it would be seconds at a stretch.
    expect(delay.max / 1e6).toBeLessThan(1_000);
    expect(await parseApart('daily-papers', '[]', null)).toEqual({ entries: [], rejected: [], error: null });
  }, 60_000);

  it('row 46: with a million numeric entities is refused in a moment, and the next one is read', async () => {
    const feed = (entities: number) =>
      `<rss version="2.0"><channel><item><title>T</title><guid>g</guid><description>${'&#65;'.repeat(entities)}</description></item></channel></rss>`;
    await parseApart('daily-papers', '[]', null);
    // Of the processor, the thread's included: others may keep it waiting. Half a second on an idle machine, five times as
    // much on one whose cores are shared; what is quadratic takes all of the ten seconds that a thread has.
    const started = process.cpuUsage();
    await expect(parseApart('feed', feed(1e6), about)).rejects.toThrow('its answer takes too much memory to read');
    expect(process.cpuUsage(started).user / 1_000).toBeLessThan(5_000);
    const { lists } = await parseApart('feed', feed(1e5), about);
    expect(lists[0]?.papers[0]?.abstract).toMatch(/^A{40000,50000}$/);
  });

  it('row 50: that ends in the middle is no feed, and nothing of it is used', async () => {
    await expect(parseApart('feed', deepFeed(0.1).slice(0, -200), about)).rejects.toThrow(/^its answer is no XML/);
  });

  it('that is no list is told of as ever', async () => {
    await expect(parseApart('feed', '<html></html>', about)).rejects.toThrow(SourceError);
    expect(await parseApart('daily-papers', '<html>', null)).toMatchObject({ error: 'it is a page of HTML, not JSON' });
  });
});

describe('cleaning', () => {
  const pieces =
    '^{;, ;, \\frac{ { } $ \\" \\textbf{ \\cite [ ] ~ \\begin \\\\ ^ _{ \\href{http: \\( & < <a &# $a \\a{ \\H \\ref{'.split(
      ' ',
    );
  const pairs = pieces.flatMap((one) => pieces.map((other) => one + other));

  /** The least time of the processor in three tries, in milliseconds. */
  const time = (work: () => unknown) => {
    const times = [1, 2, 3].map(() => {
      const started = process.cpuUsage();
      work();
      return process.cpuUsage(started).user / 1_000;
    });
    return Math.min(...times);
  };

  it.each([
    ['TeX', cleanText, 2_500],
    ['HTML', htmlToText, 40_000],
  ])(
    'finding 3: takes time in proportion to the text, whatever is in it: %s',
    (_what, clean, times) => {
      const isSlow = (pair: string) => {
        const twice = time(() => clean(pair.repeat(2 * times)));
        // Of what is fast twice the time tells nothing.
        return twice > 25 && twice > 3 * time(() => clean(pair.repeat(times)));
      };
      // Measured again: machines have other things to do.
      const quadratic = pairs.filter(isSlow).filter(isSlow).filter(isSlow);
      expect(quadratic).toEqual([]);
    },
    60_000,
  );
});
