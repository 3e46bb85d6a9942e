import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFeedback } from '../../src/mail/feedback.js';
import { complaint, deliveryReport, outOfOffice } from './reports.js';

const to = 'bounce+0123abcd@example.org';

describe('a delivery report', () => {
  it('says that a mail has bounced, why, and which, without the address in full', async () => {
    const original = { returnPath: to, unsubscribe: 'https://papers.example.org/unsubscribe/token' };
    expect(await readFeedback(deliveryReport('postmaster@example.org', {}, original))).toEqual({
      kind: 'bounced',
      enhanced: '5.1.1',
      reply: '550 5.1.1 <a…@example.com>: no such user here',
      evidence: {
        returnPaths: ['postmaster@example.org', to],
        unsubscribeLinks: ['https://papers.example.org/unsubscribe/token'],
      },
    });
  });

  it.each([
    ['failed', 'bounced'],
    ['delayed', 'delayed'],
    ['delivered', 'delivered'],
    ['relayed', 'delivered'],
  ])('%s is %s', async (action, kind) => {
    expect(await readFeedback(deliveryReport(to, { action }))).toMatchObject({ kind, evidence: { returnPaths: [to] } });
  });
});

describe('a complaint', () => {
  it('is told with the link that its mail had, where the recipient is made unreadable', async () => {
    const unsubscribe = 'https://papers.example.org/unsubscribe/token';
    expect(await readFeedback(complaint('fbl@example.org', { unsubscribe }))).toMatchObject({
      kind: 'complaint',
      reply: 'complaint: abuse',
      evidence: { unsubscribeLinks: [unsubscribe] },
    });
  });

  it('is none where the reader says that it is no spam', async () => {
    expect(await readFeedback(complaint('fbl@example.org', {}, 'not-spam'))).toBeNull();
  });
});

describe('anything else', () => {
  it('row 56: like an out-of-office notice, is no report', async () => {
    expect(await readFeedback(outOfOffice(to))).toBeNull();
  });

  it('is no report, and no error, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), async (bytes) => {
        expect(await readFeedback(Buffer.from(bytes))).toBeNull();
      }),
    );
    const report = deliveryReport(to);
    await fc.assert(
      fc.asyncProperty(fc.nat(report.length), async (end) => {
        const cut = await readFeedback(report.subarray(0, end));
        if (cut) expect(['bounced']).toContain(cut.kind);
      }),
    );
  });
});
