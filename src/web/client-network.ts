import { isIPv4, isIPv6 } from 'node:net';

/**
 * The networks that a client's address counts for, smallest first: an IPv4 address itself; of IPv6 the first 64 bits, because
 * whoever has one address of those has all of them, and the first 56 and 48, which providers hand out whole (RFC 6177).
 */
export function clientNetworks(ip: string): string[] {
  const groups = groupsOf(ip);
  if (groups === null) return [plainAddress(ip)];
  const [a = 0, b = 0, c = 0, d = 0] = groups;
  const written = (bits: number, ...first: number[]) =>
    `${first.map((group) => group.toString(16)).join(':')}::/${bits}`;
  return [written(64, a, b, c, d), written(56, a, b, c, d & 0xff00), written(48, a, b, c)];
}

/** An address without its zone, one of IPv4 that is mapped into IPv6 as itself. */
export function plainAddress(ip: string): string {
  const address = ip.replace(/%.*$/, '').toLowerCase();
  return /^::ffff:(?=.*\.)(.*)$/.exec(address)?.[1] ?? address;
}

/** The eight groups of an IPv6 address; null where it is none. */
function groupsOf(ip: string): number[] | null {
  const mapped = plainAddress(ip);
  if (isIPv4(mapped) || !isIPv6(mapped)) return null;
  const [head = '', tail] = mapped.split('::');
  const groups = head.split(':').filter(Boolean);
  if (tail !== undefined) {
    const after = tail.split(':').filter(Boolean);
    // An IPv4 address at the end stands for two groups.
    const length = after.length + (tail.includes('.') ? 1 : 0);
    groups.push(...Array<string>(8 - groups.length - length).fill('0'), ...after);
  }
  return groups.map((group) => Number.parseInt(group, 16));
}
