import type { Message } from '../../src/mail/message.js';
import { Segment } from '../../src/mail/segment.js';

/** A digest's mail, with every header that a digest has; a test hands in what it wants to be different. */
export function sampleMessage({
  text,
  html,
  ...given
}: Partial<Omit<Message, 'text' | 'html'>> & { text?: string; html?: string } = {}): Message {
  return {
    from: { name: 'Offprint', address: 'digest@example.org' },
    to: 'ada@example.com',
    subject: '7 papers on diffusion models',
    date: new Date('2026-02-04T08:00:00Z'),
    messageId: '<0194cf@example.org>',
    headers: {
      'List-Id': '"Offprint" <digest.example.org>',
      'List-Unsubscribe': '<https://papers.example.org/unsubscribe/AbCd_-1234>',
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      'Auto-Submitted': 'auto-generated',
      'Feedback-ID': '20260204:digest:offprint',
    },
    text: [new Segment(text ?? 'Hello\n\nEin Blick auf Größe — 数\n')],
    html: [new Segment(html ?? '<p>Hello</p>\n<p>Ein Blick auf Größe — 数</p>\n')],
    dkim: null,
    ...given,
  };
}
