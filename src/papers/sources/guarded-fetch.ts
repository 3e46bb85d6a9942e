import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Agent, fetch as undiciFetch } from 'undici';
import { SourceError } from './source.js';

const maxRedirects = 3;

/** Special-purpose IPv4 addresses (RFC 6890 and IANA's registry): none of them is a host of the public Internet. */
const notPublic = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  notPublic.addSubnet(network, prefix, 'ipv4');
}

/** Of IPv6 only global unicast is public, but for documentation and for tunnels, which lead to any IPv4 address. */
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');
const notPublic6 = new BlockList();
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  notPublic6.addSubnet(network, prefix, 'ipv6');
}

/** Whether an IP address is one of the public Internet, and not of this machine, its network, or a special purpose. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !notPublic.check(address, 'ipv4');
  return isIP(address) === 6 && globalUnicast.check(address, 'ipv6') && !notPublic6.check(address, 'ipv6');
}

/** Resolves a name at the moment of connecting and lets only public addresses through, so that none can be slipped in later. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '', 0);
    const [first] = addresses;
    if (!first || !addresses.every(({ address }) => isPublicAddress(address)))
      return callback(refusal(hostname), '', 0);
    if (options.all) return callback(null, addresses);
    callback(null, first.address, first.family);
  });
};

const agent = new Agent({ connect: { lookup: publicLookup, timeout: 4_000 } });

/**
 * A fetch that reaches the public Internet alone, for addresses that someone else's text may lead to. It follows three
 * redirects, each checked again.
 * @throws SourceError where the address is another's
 */
export async function guardedFetch(url: string, init: RequestInit): Promise<Response> {
  let address = new URL(url);
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    check(address);
    const response = await undiciFetch(address, {
      headers: init.headers as Record<string, string>,
      signal: init.signal ?? null,
      redirect: 'manual',
      dispatcher: agent,
    });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null) return response as unknown as Response;
    await response.body?.cancel();
    address = new URL(location, address);
  }
  throw new SourceError(`it redirects more than ${maxRedirects} times`);
}

/** What the lookup does not see: other protocols, and addresses that are numbers already. */
function check({ protocol, hostname }: URL): void {
  if (!/^https?:$/.test(protocol)) throw new SourceError(`it leads to ${protocol}, which is not read`);
  const address = hostname.replace(/^\[|\]$/g, '');
  if (isIP(address) !== 0 && !isPublicAddress(address)) throw refusal(hostname);
}

function refusal(hostname: string): SourceError {
  return new SourceError(`${hostname} is not on the public Internet`);
}
