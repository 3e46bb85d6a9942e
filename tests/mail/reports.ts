/** Mails that tell what became of another, as servers write them. */

interface Original {
  returnPath?: string;
  unsubscribe?: string;
}

function originalOf({ returnPath, unsubscribe }: Original): string[] {
  return [
    ...(returnPath ? [`Return-Path: <${returnPath}>`] : []),
    'From: Offprint <digest@example.org>',
    'To: ada@example.com',
    'Subject: Seven papers',
    'Message-ID: <0194cf@example.org>',
    ...(unsubscribe ? [`List-Unsubscribe: <${unsubscribe}>`] : []),
  ];
}

/** A delivery report as Postfix writes it (RFC 3464). */
export function deliveryReport(
  to: string,
  fields: { action?: string; status?: string; diagnostic?: string } = {},
  original: Original = {},
): Buffer {
  const { action = 'failed', status = '5.1.1', diagnostic = '550 5.1.1 <ada@example.com>: no such user here' } = fields;
  const lines = [
    'Return-Path: <>',
    'From: MAILER-DAEMON@mx.example.com (Mail Delivery System)',
    `To: ${to}`,
    'Subject: Undelivered Mail Returned to Sender',
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status;',
    '\tboundary="4XyZ/mx.example.com"',
    'Message-Id: <20260204080001.4XyZ@mx.example.com>',
    '',
    'This is a MIME-encapsulated message.',
    '',
    '--4XyZ/mx.example.com',
    'Content-Description: Notification',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    "I'm sorry to have to inform you that your message could not be delivered.",
    '',
    '--4XyZ/mx.example.com',
    'Content-Description: Delivery report',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; mx.example.com',
    'Arrival-Date: Wed,  4 Feb 2026 08:00:00 +0000 (UTC)',
    '',
    'Final-Recipient: rfc822; ada@example.com',
    'Original-Recipient: rfc822;ada@example.com',
    `Action: ${action}`,
    `Status: ${status}`,
    'Remote-MTA: dns; mail.example.com',
    `Diagnostic-Code: smtp; ${diagnostic.replace(': ', ':\r\n    ')}`,
    '',
    '--4XyZ/mx.example.com',
    'Content-Description: Undelivered Message Headers',
    'Content-Type: text/rfc822-headers',
    '',
    ...originalOf(original),
    '',
    '--4XyZ/mx.example.com--',
    '',
  ];
  return Buffer.from(lines.join('\r\n'));
}

/** A complaint (RFC 5965), with the recipient made unreadable, as providers do. */
export function complaint(to: string, original: Original, type = 'abuse'): Buffer {
  const lines = [
    'From: <staff@provider.example>',
    `To: ${to}`,
    'Subject: FW: Seven papers',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=feedback-report; boundary="part1"',
    '',
    '--part1',
    'Content-Type: text/plain; charset="US-ASCII"',
    '',
    'This is an email abuse report.',
    '',
    '--part1',
    'Content-Type: message/feedback-report',
    '',
    `Feedback-Type: ${type}`,
    'User-Agent: SomeGenerator/1.0',
    'Version: 1',
    'Original-Rcpt-To: redacted@provider.example',
    '',
    '--part1',
    'Content-Type: message/rfc822',
    'Content-Disposition: inline',
    '',
    ...originalOf(original),
    '',
    'The papers of the day.',
    '',
    '--part1--',
    '',
  ];
  return Buffer.from(lines.join('\r\n'));
}

export const outOfOffice = (to: string) =>
  Buffer.from(
    [
      'From: ada@example.com',
      `To: ${to}`,
      'Subject: Out of office: Seven papers',
      'Auto-Submitted: auto-replied',
      '',
      'I am away until Monday. 5.1.1 is a nice number.',
      '',
    ].join('\r\n'),
  );
