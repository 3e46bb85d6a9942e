import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Address } from '../../src/subscribers/address.js';
import { likelyMeant } from '../../src/subscribers/address-typo.js';

describe('a likely mistake in an address', () => {
  it.each([
    ['ada@gmial.com', 'ada@gmail.com'],
    ['ada@gmail.con', 'ada@gmail.com'],
    ['ada@gmai.com', 'ada@gmail.com'],
    ['ada@gmaill.com', 'ada@gmail.com'],
    ['ada.lovelace@hotmial.com', 'ada.lovelace@hotmail.com'],
    ['ada@outlok.com', 'ada@outlook.com'],
    ['ada@yaho.com', 'ada@yahoo.com'],
  ])('in %s is offered as %s', (typed, meant) => {
    expect(likelyMeant(typed as Address)).toBe(meant);
  });

  it.each([
    'gmail.com',
    'mail.com',
    'ymail.com',
    'email.com',
    'gmx.at',
    'qq.cn',
    'example.org',
    'tum.de',
    'mit.edu',
    'live.de',
  ])('is not seen in an address at %s', (domain) => {
    expect(likelyMeant(`ada@${domain}` as Address)).toBeNull();
  });

  it('is found wherever two letters of a provider have changed places', () => {
    fc.assert(
      fc.property(fc.constantFrom('gmail.com', 'outlook.com', 'protonmail.com'), fc.nat({ max: 5 }), (domain, at) => {
        const swapped = domain.slice(0, at) + (domain[at + 1] ?? '') + (domain[at] ?? '') + domain.slice(at + 2);
        if (swapped !== domain) expect(likelyMeant(`ada@${swapped}` as Address)).toBe(`ada@${domain}`);
      }),
    );
  });
});
