import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientNetworks } from '../../src/web/client-network.js';

const clientNetwork = (ip: string) => clientNetworks(ip)[0];

describe('the network of a client', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  ])('of %s is %s', (ip, network) => {
    expect(clientNetwork(ip)).toBe(network);
  });

  it('is counted with those that hold it, because providers hand out whole /56 and /48', () => {
    expect(clientNetworks('2001:db8:1:2ab::7')).toEqual([
      '2001:db8:1:2ab::/64',
      '2001:db8:1:200::/56',
      '2001:db8:1::/48',
    ]);
    expect(clientNetworks('203.0.113.7')).toEqual(['203.0.113.7']);
  });

  it('is the same for all addresses that share their first 64 bits, and for no others', () => {
    const groups = (length: number) =>
      fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: length, maxLength: length });
    const written = (all: number[]) => all.map((group) => group.toString(16)).join(':');
    fc.assert(
      fc.property(groups(4), groups(4), groups(4), groups(4), (network, host, otherHost, otherNetwork) => {
        const key = clientNetwork(written([...network, ...host]));
        expect(clientNetwork(new URL(`http://[${written([...network, ...otherHost])}]`).hostname.slice(1, -1))).toBe(
          key,
        );
        fc.pre(written(network) !== written(otherNetwork));
        expect(clientNetwork(written([...otherNetwork, ...host]))).not.toBe(key);
      }),
    );
  });
});
