/** How long a page took to come, whole. */
export interface PageTimes {
  requests: number;
  /** Answers other than 200, and none at all. */
  failed: number;
  p50Ms: number | null;
  p99Ms: number | null;
}

export interface PageWatch {
  /** Asks from now on, for ten seconds or until `pause`. */
  go(): void;
  pause(): void;
  end(): PageTimes;
}

const perSecond = 50;
/** Long enough to tell how pages answer, and no longer: what is measured beside them is to be measured for the most part without. */
const longestMs = 10_000;

/** Asks for a page fifty times a second, whether or not earlier answers have come. */
export function watchPages(url: string): PageWatch {
  const times: number[] = [];
  let failed = 0;
  let ticking: NodeJS.Timeout | undefined;
  let ending: NodeJS.Timeout | undefined;
  const pause = () => {
    clearInterval(ticking);
    clearTimeout(ending);
  };
  const ask = async () => {
    const started = performance.now();
    try {
      const response = await fetch(url);
      await response.arrayBuffer();
      if (response.status !== 200) failed++;
    } catch {
      failed++;
    }
    times.push(performance.now() - started);
  };
  return {
    go: () => {
      ticking = setInterval(() => void ask(), 1_000 / perSecond);
      ending = setTimeout(pause, longestMs);
    },
    pause,
    end: () => {
      const sorted = times.toSorted((a, b) => a - b);
      const at = (share: number) => {
        const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
        return value === undefined ? null : Math.round(value);
      };
      return { requests: sorted.length, failed, p50Ms: at(0.5), p99Ms: at(0.99) };
    },
  };
}
