/**
 * How much a heap may grow, in percent of what was alive in it, before it is cleaned: V8 lets it grow to several times as
 * much. A worker that sends mails then needs 235 MB instead of 315, in the same time.
 */
export const heapGrowth = '--heap-growing-percent=30';

/** A nursery for new objects of 8 MB, of which V8 keeps three, instead of 16: mails die young, whatever its size. */
export const workerNodeOptions = ['--max-semi-space-size=8'];
