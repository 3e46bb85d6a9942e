/**
 * Numbers, UUIDs or dates as the text of a PostgreSQL array, for a parameter with a cast: `${arrayText(ids)}::int[]`. Several
 * times as fast as an array that Prisma and the driver convert element by element, which shows with thousands of rows.
 * @example arrayText([1, null, 3]) // '{1,NULL,3}'
 */
export function arrayText(values: readonly (number | string | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}
