/** A request's body as it came: fields of a form (strings, and lists of them where a name is repeated) or JSON. */
export type Body = Record<string, unknown>;

/** The body of a request as fields; empty where it has none. */
export function bodyOf(body: unknown): Body {
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Body) : {};
}

/** The values of a field that may be repeated: one, several or none. */
export function listOf(value: unknown): unknown {
  if (value === undefined || value === '') return [];
  return Array.isArray(value) ? value : [value];
}

/** The lines of a text field; anything but text is left for the schema to refuse. */
export function linesOf(value: unknown): unknown {
  return typeof value === 'string' ? value.split(/\r\n?|\n/) : (value ?? []);
}

/** A form has no numbers: text of digits becomes one, anything else is left for the schema to refuse. */
export function numberOf(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,9}$/.test(value.trim()) ? Number(value) : value;
}

/** An empty field of a form counts as not given. */
export function given(value: unknown): unknown {
  return typeof value === 'string' && value.trim() === '' ? undefined : value;
}

/** What was typed, to show it again; a list has an entry a line. */
export function typed(value: unknown): string {
  if (Array.isArray(value)) return value.map(typed).join('\n');
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

const largestId = 2 ** 31 - 1;

/** The id of a row, from a form or JSON; null where it can be none. */
export function idOf(value: unknown): number | null {
  const id = numberOf(value);
  return Number.isInteger(id) && Number(id) > 0 && Number(id) <= largestId ? Number(id) : null;
}
