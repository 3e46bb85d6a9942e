import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lifetime, nextStatus } from '../../src/digests/next-status.js';
import type { Outcome } from '../../src/mail/outcome.js';

const now = new Date('2026-02-04T08:00:00Z');
const first = { attempts: 1, plannedAt: now };
const rejected = (code: number, enhanced: string | null): Outcome => ({
  kind: 'rejected',
  scope: 'recipient',
  permanent: code >= 500,
  code,
  enhanced,
  reply: `${code} ${enhanced}`,
});

describe('what follows from an attempt', () => {
  it('is "sent" once the server took the mail', () => {
    expect(nextStatus({ kind: 'sent', reply: '250 ok' }, first, 'resend', now, 0.5).status).toBe('sent');
  });

  it('is another attempt a minute later when the recipient is refused for now', () => {
    const next = nextStatus(rejected(450, '4.2.0'), first, 'resend', now, 0.5);
    expect(next).toMatchObject({ status: 'queued', notBefore: new Date('2026-02-04T08:01:00Z'), countsAttempt: true });
  });

  it('is a failure that ends all mail to an address that does not exist', () => {
    expect(nextStatus(rejected(550, '5.1.1'), first, 'resend', now, 0.5)).toMatchObject({
      status: 'failed',
      bounced: true,
    });
  });

  it('is another attempt when a policy refuses the mail, and after the third a failure without blame for the address', () => {
    const next = (attempts: number) => nextStatus(rejected(550, '5.7.1'), { ...first, attempts }, 'resend', now, 0.5);
    expect(next(1)).toMatchObject({ status: 'queued', countsAttempt: true, bounced: false });
    expect(next(2)).toMatchObject({ status: 'queued', countsAttempt: true, bounced: false });
    expect(next(3)).toMatchObject({ status: 'failed', bounced: false });
  });

  it('is a failure without blame for the address when it is our own that the server does not know', () => {
    const outcome = { ...rejected(550, '5.1.8'), scope: 'message' } as Outcome;
    expect(nextStatus(outcome, first, 'resend', now, 0.5)).toMatchObject({ status: 'failed', bounced: false });
  });

  it('is another attempt, less and less often, when the mail could not be composed', () => {
    const outcome = { kind: 'not-composed', reply: 'no template' } as const;
    const next = nextStatus(outcome, { ...first, attempts: 3 }, 'resend', now, 0.5);
    expect(next).toMatchObject({ status: 'queued', notBefore: new Date('2026-02-04T08:15:00Z'), bounced: false });
  });

  it('uses up no attempt of a recipient when the relay takes no mail', () => {
    const next = nextStatus(
      { kind: 'not-sent', scope: 'relay', reply: '421' },
      { ...first, attempts: 7 },
      'resend',
      now,
      0.5,
    );
    expect(next).toMatchObject({ status: 'queued', countsAttempt: false, notBefore: new Date('2026-02-04T08:01:00Z') });
  });

  it('is the policy of IN_DOUBT when the reply was lost', () => {
    const lost: Outcome = { kind: 'in-doubt', reply: 'connection closed' };
    expect(nextStatus(lost, { ...first, attempts: 2 }, 'resend', now, 0.5).status).toBe('queued');
    expect(nextStatus(lost, { ...first, attempts: 3 }, 'resend', now, 0.5).status).toBe('in_doubt');
    expect(nextStatus(lost, first, 'hold', now, 0.5).status).toBe('in_doubt');
    expect(nextStatus(lost, first, 'resend', now, 0.5).status).toBe('queued');
  });

  it('gives up as "expired" when the next attempt would come after the digest has lost its worth', () => {
    const plannedAt = new Date(now.getTime() - lifetime + 30_000);
    expect(nextStatus(rejected(450, null), { attempts: 1, plannedAt }, 'resend', now, 0.5).status).toBe('expired');
  });

  it('never waits less than before, and always ends', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempts, random) => {
        const wait = (n: number) => {
          const { notBefore } = nextStatus(rejected(450, null), { attempts: n, plannedAt: now }, 'resend', now, random);
          return (notBefore as Date).getTime() - now.getTime();
        };
        expect(wait(attempts + 1)).toBeGreaterThanOrEqual(wait(attempts));
        expect(wait(attempts)).toBeLessThanOrEqual(240 * 60_000 * 1.2);
      }),
    );
  });
});
