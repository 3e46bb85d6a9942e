import { type SparseRow, seededRandom } from './sparse.js';

const rounds = 7;

/**
 * The directions in which rows differ most, as orthonormal columns: the leading right singular vectors' span, by subspace iteration
 * (Halko, Martinsson and Tropp 2011). Words that stand in the same papers point the same way.
 * @returns for each column of the matrix its place in the subspace, `size` numbers
 */
export function leadingSubspace(rows: readonly SparseRow[], width: number, size: number): Float64Array[] {
  const random = seededRandom(2);
  let basis = Array.from({ length: width }, () => Float64Array.from({ length: size }, () => random() - 0.5));
  for (let round = 0; round < rounds; round++) {
    orthonormalise(basis, size);
    const next = Array.from({ length: width }, () => new Float64Array(size));
    for (const row of rows) {
      const projected = project(row, basis, size);
      for (let i = 0; i < row.columns.length; i++) {
        const target = next[row.columns[i] as number] as Float64Array;
        const value = row.values[i] as number;
        for (let k = 0; k < size; k++) target[k] = (target[k] as number) + value * (projected[k] as number);
      }
    }
    basis = next;
  }
  orthonormalise(basis, size);
  return basis;
}

/** Where a row lies in a subspace. */
export function project({ columns, values }: SparseRow, basis: readonly Float64Array[], size: number): Float64Array {
  const place = new Float64Array(size);
  for (let i = 0; i < columns.length; i++) {
    const vector = basis[columns[i] as number] as Float64Array;
    const value = values[i] as number;
    for (let k = 0; k < size; k++) place[k] = (place[k] as number) + value * (vector[k] as number);
  }
  return place;
}

/** Makes the columns of length 1 and at right angles (modified Gram–Schmidt, twice, for what rounding leaves). */
function orthonormalise(basis: readonly Float64Array[], size: number): void {
  const columns = Array.from({ length: size }, (_, k) => Float64Array.from(basis, (row) => row[k] as number));
  for (const [k, column] of columns.entries()) {
    for (let pass = 0; pass < 2; pass++) {
      for (const other of columns.slice(0, k)) {
        const along = inner(column, other);
        for (let i = 0; i < column.length; i++) column[i] = (column[i] as number) - along * (other[i] as number);
      }
    }
    const length = Math.sqrt(inner(column, column)) || 1;
    for (let i = 0; i < column.length; i++) column[i] = (column[i] as number) / length;
  }
  for (const [i, row] of basis.entries()) for (let k = 0; k < size; k++) row[k] = columns[k]?.[i] as number;
}

function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
