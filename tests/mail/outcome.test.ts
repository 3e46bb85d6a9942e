import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyReply, maskRecipient, type Outcome, type Stage, withoutReply } from '../../src/mail/outcome.js';

const beforeTheDot: Stage[] = ['greeting', 'ehlo', 'starttls', 'auth', 'mail', 'rcpt', 'data'];
const stages: Stage[] = [...beforeTheDot, 'dot'];

/** An outcome in one line: what it is, whose fault, and whether for good. */
function inShort(outcome: Outcome): string {
  if (outcome.kind === 'rejected') return `${outcome.scope}, ${outcome.permanent ? 'for good' : 'for now'}`;
  return 'scope' in outcome ? `${outcome.kind}, ${outcome.scope}` : outcome.kind;
}

describe('the recipient in a reply', () => {
  it.each([
    'victim@example.org',
    'VICTIM@Example.org',
    '<victim@example.org>',
    '"victim"@example.org',
    'victim%40example.org',
    '=?utf-8?q?victim=40example.org?=',
    'victim＠example.org',
    'victim at example.org',
    'victim (at) example.org',
    'victim[at]example.org',
    'victim&#64;example.org',
  ])('finding 22: is made unreadable, however the server writes it: %s', (written) => {
    const masked = maskRecipient(`550 5.1.1 ${written} is not here`, 'victim@example.org');
    expect(masked).not.toMatch(/victim/i);
    expect(masked).toContain('v…@');
    expect(masked).toContain('is not here');
  });

  it('is the only thing that is: words like its name stay', () => {
    expect(maskRecipient('550 5.1.1 user unknown; at least one user', 'user@example.org')).toBe(
      '550 5.1.1 user unknown; at least one user',
    );
    expect(maskRecipient('550 no', 'a.b+c@example.org')).toBe('550 no');
    expect(maskRecipient('550 a.b+c@example.org no', 'a.b+c@example.org')).toBe('550 a…@example.org no');
  });
});

describe('what a reply means', () => {
  it.each<[Stage, string, string]>([
    ['dot', '250 2.0.0 Ok: queued as 4Xyz', 'sent'],
    ['dot', '250', 'sent'],
    ['dot', '250-first line\n250 last line', 'sent'],

    ['rcpt', '550 5.1.1 <ada@example.org>: no such user', 'recipient, for good'],
    ['rcpt', '550 No such user here', 'recipient, for good'],
    ['rcpt', '553 5.1.3 bad address syntax', 'recipient, for good'],
    ['rcpt', '550 #5.1.0 Address rejected.', 'recipient, for good'],
    ['rcpt', '550 5.4.1 Recipient address rejected: Access denied', 'recipient, for good'],
    ['rcpt', '556 5.1.10 Recipient address has a null MX', 'recipient, for good'],
    ['dot', '550 5.1.1 no such user', 'recipient, for good'],

    ['rcpt', '450 4.2.0 greylisted', 'recipient, for now'],
    ['rcpt', '451 4.7.1 Greylisting in action', 'recipient, for now'],
    ['rcpt', '452 4.2.2 mailbox full', 'recipient, for now'],
    ['rcpt', '552 5.2.2 mailbox full', 'recipient, for now'],
    ['rcpt', '552 too much mail', 'recipient, for now'],
    ['dot', '552 5.2.2 over quota', 'recipient, for now'],

    ['rcpt', '550 5.7.1 blocked by policy', 'message, for good'],
    ['mail', '552 5.3.4 message too big', 'message, for good'],
    ['dot', '554 5.7.1 looks like spam', 'message, for good'],
    ['dot', '550 spam', 'message, for good'],
    ['dot', '552 message too big', 'message, for good'],
    ['dot', '451 4.3.0 try again', 'message, for now'],
    ['data', '451 local error', 'message, for now'],

    ['greeting', '421 too busy', 'not-sent, relay'],
    ['greeting', '554 no service for you', 'not-sent, relay'],
    ['ehlo', '550 bad name', 'not-sent, relay'],
    ['starttls', '454 TLS not available', 'not-sent, relay'],
    ['auth', '535 5.7.8 authentication failed', 'not-sent, relay'],
    ['mail', '452 4.3.1 out of disk space', 'not-sent, relay'],
    ['mail', '530 5.7.0 authentication required', 'not-sent, relay'],
    ['mail', '550 5.1.8 sender address rejected', 'not-sent, relay'],
    ['dot', '454 Throttling failure: Maximum sending rate exceeded.', 'not-sent, relay'],
    ['mail', '421 4.4.2 idle', 'not-sent, connection'],
    ['rcpt', '421 4.3.2 closing', 'not-sent, domain'],
    ['dot', '421 4.7.28 rate', 'not-sent, domain'],
    ['data', '250 ok', 'not-sent, connection'],

    ['dot', '354 go ahead', 'in-doubt'],
    ['dot', 'hello', 'in-doubt'],
    ['dot', '', 'in-doubt'],
    ['dot', '25', 'in-doubt'],
    ['dot', '2500 ok', 'in-doubt'],
    ['dot', '650 ok', 'in-doubt'],
  ])('at %s, "%s" is: %s', (stage, reply, expected) => {
    expect(inShort(classifyReply(stage, reply))).toBe(expected);
  });

  it('keeps the reply code and the enhanced status code, also of a reply of several lines', () => {
    const reply = '550-5.1.1\n550-5.1.1 The account does not exist.\n550 5.1.1 Learn more';
    expect(classifyReply('rcpt', reply)).toMatchObject({ code: 550, enhanced: '5.1.1' });
    expect(classifyReply('rcpt', '550 5.1.1000 odd')).toMatchObject({ code: 550, enhanced: null });
  });

  it('keeps the reply on one line, short, and with no address in full', () => {
    const { reply } = classifyReply('rcpt', `550-5.1.1 <ada.lovelace@example.org>\r\n550 unknown${'!'.repeat(1000)}`);
    expect(reply).toMatch(/^550-5\.1\.1 <a…@example\.org> 550 unknown!+$/);
    expect(reply).toHaveLength(500);
  });

  const reply = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.tuple(fc.nat(999), fc.constantFrom('', ' ', '-', '\n'), fc.string()).map((parts) => parts.join('')),
    fc
      .tuple(fc.integer({ min: 200, max: 599 }), fc.nat(9), fc.nat(9), fc.nat(99))
      .map(([code, ...enhanced]) => `${code} ${enhanced.join('.')} text`),
  );

  it('before the dot, is never that the mail was sent, nor that it may have been', () => {
    fc.assert(
      fc.property(fc.constantFrom(...beforeTheDot), reply, (stage, text) => {
        expect(['rejected', 'not-sent']).toContain(classifyReply(stage, text).kind);
        expect(withoutReply(stage, text).kind).toBe('not-sent');
      }),
    );
  });

  it('at the dot, is that the mail may have been sent wherever no valid final reply came', () => {
    fc.assert(
      fc.property(reply, (text) => {
        const { kind } = classifyReply('dot', text);
        if (!/^[245]\d\d([ -]|$)/m.test(text)) expect(kind).toBe('in-doubt');
        if (kind === 'sent') expect(text).toMatch(/^2\d\d/);
        if (kind === 'rejected' || kind === 'not-sent') expect(text).toMatch(/^[45]\d\d/);
        expect(withoutReply('dot', text).kind).toBe('in-doubt');
      }),
    );
  });

  it('is for good only where the code is 5yz, and always has an reply of one line', () => {
    fc.assert(
      fc.property(fc.constantFrom(...stages), reply, (stage, text) => {
        const outcome = classifyReply(stage, text);
        if (outcome.kind === 'rejected' && outcome.permanent) expect(outcome.code).toBeGreaterThanOrEqual(500);
        expect(outcome.reply).not.toMatch(/[\r\n]/);
        expect(outcome.reply.length).toBeLessThanOrEqual(500);
      }),
    );
  });
});
