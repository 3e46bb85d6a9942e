/** The login in a header `Authorization: Basic …`, as `user:password` (RFC 7617 §2); null where it has none. */
export function basicLogin(header: string | undefined): string | null {
  const [, encoded] = /^basic +([a-z0-9+/=]+) *$/i.exec(header ?? '') ?? [];
  return encoded === undefined ? null : Buffer.from(encoded, 'base64').toString();
}
