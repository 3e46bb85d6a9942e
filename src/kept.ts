/**
 * The value that is kept under a key, made where there is none. Where `most` are kept, all are forgotten first: a bound on
 * memory for what can be made again.
 */
export function kept<Key, Value>(values: Map<Key, Value>, key: Key, most: number, make: () => Value): Value {
  const known = values.get(key);
  if (known !== undefined) return known;
  if (values.size >= most) values.clear();
  const made = make();
  values.set(key, made);
  return made;
}
