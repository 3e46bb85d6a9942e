import { lookup as resolve } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Agent, fetch as undiciFetch } from 'undici';
import { SourceError } from './source.js';

const maxRedirects = 3;

/** Whether an IP address is one of the public Internet, and not of this machine, its network, or a special purpose. */
export function isPublicAddress(address: string): boolean {
  // Tunnels and IPv4 addresses mapped into IPv6, which lead to any IPv4 address, are ranges of their own.
  return ipaddr.isValid(address) && ipaddr.parse(address).range() === 'unicast';
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

/**
 * A fetch for an address that the operator has set, which may be in a private network: a redirect within its server is
 * followed; one to another is that server's word, not the operator's, and leads to the public Internet alone.
 */
export async function operatorsFetch(url: string, init: RequestInit): Promise<Response> {
  let address = new URL(url);
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const response = await fetch(address, { ...init, redirect: 'manual' });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null) return response;
    await response.body?.cancel();
    const next = new URL(location, address);
    if (next.origin !== address.origin) return guardedFetch(next.href, init);
    address = next;
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
