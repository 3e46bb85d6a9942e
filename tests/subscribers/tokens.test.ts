import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/secret.js';
import {
  type Purpose,
  signBounceTag,
  signToken,
  type TokenSubject,
  verifyToken,
} from '../../src/subscribers/tokens.js';

const keys = new Secret(['the-signing-key-of-now', 'the-signing-key-of-before']);

const purpose = fc.constantFrom<Purpose>('confirm', 'preferences', 'unsubscribe', 'digest', 'undo', 'data');
const subject: fc.Arbitrary<TokenSubject> = fc.record(
  {
    linkId: fc.uuid(),
    epoch: fc.integer({ min: 0, max: 32_767 }),
    about: fc.uuid(),
    issuedAt: fc.integer({ min: 1, max: 2 ** 32 - 1 }).map((seconds) => new Date(seconds * 1_000)),
  },
  { requiredKeys: ['linkId', 'epoch'] },
);

describe('a token', () => {
  it('gives back what was put into it, for its purpose', () => {
    fc.assert(
      fc.property(purpose, subject, (for_, about) => {
        expect(verifyToken(keys, for_, signToken(keys, for_, about))).toEqual(about);
      }),
    );
  });

  it('is good for no other purpose', () => {
    fc.assert(
      fc.property(purpose, purpose, subject, (for_, other, about) => {
        fc.pre(for_ !== other);
        expect(verifyToken(keys, other, signToken(keys, for_, about))).toBeNull();
      }),
    );
  });

  it('is refused with any bit flipped', () => {
    fc.assert(
      fc.property(purpose, subject, fc.nat(), (for_, about, position) => {
        const bytes = Buffer.from(signToken(keys, for_, about), 'base64url');
        const bit = position % (bytes.length * 8);
        bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(verifyToken(keys, for_, bytes.toString('base64url'))).toBeNull();
      }),
    );
  });

  it('is refused, and throws nothing, when it is any other text', () => {
    fc.assert(
      fc.property(purpose, fc.oneof(fc.string({ unit: 'binary' }), fc.base64String()), (for_, text) => {
        expect(verifyToken(keys, for_, text)).toBeNull();
      }),
    );
  });

  it('outlives a rotation for as long as its key is listed', () => {
    const about = { linkId: '00000000-0000-4000-8000-000000000007', epoch: 0 };
    const token = signToken(new Secret(['the-signing-key-of-before']), 'unsubscribe', about);
    expect(verifyToken(keys, 'unsubscribe', token)).toEqual(about);
    expect(verifyToken(new Secret(['the-signing-key-of-now']), 'unsubscribe', token)).toBeNull();
  });

  it('is short enough for a header line and fit for a URL', () => {
    fc.assert(
      fc.property(purpose, subject, (for_, about) => {
        expect(signToken(keys, for_, about)).toMatch(/^[\w-]{52}(?:[\w-]{22})?$/);
      }),
    );
  });
});

describe('the tag of an envelope sender', () => {
  it('is another for every digest, and no server that folds case or counts octets spoils it', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), (one, other) => {
        expect(signBounceTag(keys, one)).toMatch(/^[\da-f]{44}$/);
        expect(signBounceTag(keys, one) === signBounceTag(keys, other)).toBe(one === other);
        expect(signBounceTag(new Secret(['another-signing-key']), one)).not.toBe(signBounceTag(keys, one));
      }),
    );
  });
});
