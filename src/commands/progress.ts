import { SingleBar } from 'cli-progress';

/** How far some work is. */
export interface Progress {
  /** @param done of the total, which may be known only now */
  at: (done: number, total?: number) => void;
}

/** How often what counts by itself is looked at, in milliseconds. */
const lookMs = 250;

/**
 * Does what may take longer than somebody waits without a word, with a bar on standard error; on a terminal only.
 * @param total how much there is to do, or what finds that out: asked only where somebody sees it
 * @param done how much of it is done, for work that tells by itself; else `work` is to say
 */
export async function withProgress<Result>(
  what: string,
  total: number | (() => Promise<number>),
  work: (progress: Progress) => Promise<Result>,
  done?: () => number,
): Promise<Result> {
  if (!process.stderr.isTTY) return work({ at: () => {} });
  const bar = new SingleBar({ format: `${what} {bar} {percentage} % | {eta_formatted} left`, clearOnComplete: true });
  bar.start(typeof total === 'number' ? total : await total(), 0);
  const looking = done && setInterval(() => bar.update(done()), lookMs);
  try {
    return await work({
      at: (count, all) => {
        if (all !== undefined) bar.setTotal(all);
        bar.update(count);
      },
    });
  } finally {
    clearInterval(looking);
    bar.stop();
  }
}
