import { readdirSync, readFileSync } from 'node:fs';

/** What processes have used so far. */
export interface Usage {
  cpuSeconds: number;
  /** The largest resident memory of any of them, in MB. */
  peakMb: number;
}

const ticksPerSecond = 100;

/** What these processes and their ended children have used; of one that has ended nothing is known. Where there is no /proc, as on macOS, null. */
export function usageOf(pids: readonly number[]): Usage | null {
  const each = pids.flatMap((pid) => usageOfOne(pid) ?? []);
  if (each.length === 0) return null;
  return {
    cpuSeconds: each.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    peakMb: Math.max(...each.map(({ peakMb }) => peakMb)),
  };
}

function usageOfOne(pid: number): Usage | null {
  const stat = statOf(pid);
  if (!stat) return null;
  const peakKb = /VmHWM:\s+(\d+)/.exec(read(`/proc/${pid}/status`) ?? '')?.[1] ?? '0';
  // User and system time, of itself and of children that it has waited for: proc_pid_stat(5), fields 14 to 17.
  const ticks = stat.slice(11, 15).reduce((sum, field) => sum + field, 0);
  return { cpuSeconds: ticks / ticksPerSecond, peakMb: Math.round(Number(peakKb) / 1_000) };
}

/** A process and all below it. */
export function familyOf(pid: number): number[] {
  const processes = list('/proc').filter((name) => /^\d+$/.test(name));
  const parents = processes.map((name) => [Number(name), parentOf(Number(name))] as const);
  const below = (id: number): number[] => [
    id,
    ...parents.flatMap(([child, parent]) => (parent === id ? below(child) : [])),
  ];
  return below(pid);
}

/** The process that started this one; null where it is not known. */
export function parentOf(pid: number): number | null {
  return statOf(pid)?.[1] ?? null;
}

/** The fields of proc_pid_stat(5) from the third on: those before hold a name, which may have spaces. */
function statOf(pid: number): number[] | null {
  const text = read(`/proc/${pid}/stat`);
  return text === null
    ? null
    : text
        .replace(/^.*\) /, '')
        .split(' ')
        .map(Number);
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
