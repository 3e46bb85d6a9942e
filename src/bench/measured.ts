/** What something did, and how the same was done as others do it. */
export interface Measured {
  /** How many of what. */
  count: number;
  seconds: number;
  perSecond: number;
  /** The largest resident memory of this process meanwhile, in MB. */
  peakMb: number;
  baseline: { name: string; perSecond: number };
  /** Our rate to the baseline's. */
  ratio: number;
  /** What cannot be exceeded, and our rate to it, where it can be measured here. */
  limit?: { name: string; perSecond: number; ratio: number };
}

const sampleMs = 50;

/** Runs `work`; says how long it took, and the most memory that this process had meanwhile. */
export async function timed<Result>(
  work: () => Promise<Result>,
): Promise<{ result: Result; seconds: number; peakMb: number }> {
  let peak = process.memoryUsage.rss();
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, sampleMs);
  const started = performance.now();
  try {
    const result = await work();
    return { result, seconds: (performance.now() - started) / 1_000, peakMb: Math.round(peak / 1e6) };
  } finally {
    clearInterval(watch);
  }
}

export function measured(
  ours: { count: number; seconds: number; peakMb: number },
  baseline: { name: string; count: number; seconds: number },
): Measured {
  const perSecond = ours.count / ours.seconds;
  const theirs = baseline.count / baseline.seconds;
  return {
    count: ours.count,
    seconds: rounded(ours.seconds),
    perSecond: Math.round(perSecond),
    peakMb: ours.peakMb,
    baseline: { name: baseline.name, perSecond: rounded(theirs) },
    ratio: rounded(perSecond / theirs),
  };
}

export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
