/** A row of a sparse matrix: columns, ascending or not, and their values. */
export interface SparseRow {
  columns: Int32Array;
  values: Float64Array;
}

export function sparseRow(entries: readonly (readonly [column: number, value: number])[]): SparseRow {
  return {
    columns: Int32Array.from(entries, ([column]) => column),
    values: Float64Array.from(entries, ([, value]) => value),
  };
}

export function dot({ columns, values }: SparseRow, weights: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < columns.length; i++) sum += (values[i] as number) * (weights[columns[i] as number] as number);
  return sum;
}

/** Adds `factor` times a row to `weights`. */
export function addTo(weights: Float64Array, factor: number, { columns, values }: SparseRow): void {
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i] as number;
    weights[column] = (weights[column] as number) + factor * (values[i] as number);
  }
}

export function normOf({ values }: SparseRow): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

/** Numbers from 0 to 1 that look random and are the same each time (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
