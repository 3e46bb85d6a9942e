import { createHash } from 'node:crypto';
import { encodeWord } from 'nodemailer/lib/mime-funcs';
import MimeNode from 'nodemailer/lib/mime-node';
import { encode, wrap } from 'nodemailer/lib/qp';
import type { Dkim, Mailbox } from '../config.js';
import { dkimSignature } from './dkim.js';

/** A mail to one recipient. The same message always becomes the same bytes. */
export interface Message {
  from: Mailbox;
  /** One addr-spec, nothing else. */
  to: string;
  subject: string;
  date: Date;
  /** With angle brackets. */
  messageId: string;
  /** Further headers by name, in the order in which they are to stand. ASCII; written as they are, on one line. */
  headers: Record<string, string>;
  text: string;
  html: string;
  dkim: Dkim | null;
}

/** RFC 5322 §2.1.1, without the line break. */
const longestLine = 998;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a header value must not hold
const control = /[\u0000-\u001f\u007f]/;
const printableAscii = /^[\u0020-\u007e]+$/;
/** A local part of atoms, and a domain in A-labels: what nodemailer would read as several, or as another, is not one. */
const plainAddress = /^[\w.!#$%&'*+/=?^`{|}~-]+@[a-z0-9.-]+$/;

/**
 * The message as it goes over the wire (RFC 5322): multipart/alternative, text before HTML, quoted-printable, CRLF, and
 * signed where there is a key.
 * @throws Error where a header value could end its header, or the recipient be read as another
 */
export function buildMessage(message: Message): Buffer {
  refuseUnsafeHeaders(message);
  const boundary = `part-${createHash('sha256').update(message.messageId).digest('hex').slice(0, 24)}`;
  const parts = [mimePart('text/plain', message.text), mimePart('text/html', message.html)];
  const body = parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('');
  const raw = Buffer.from(`${headersOf(message, boundary)}\r\n\r\n${body}--${boundary}--\r\n`);
  return message.dkim ? Buffer.concat([dkimSignature(raw, message.dkim), raw]) : raw;
}

function headersOf({ from, to, subject, date, messageId, headers }: Message, boundary: string): string {
  const node = new MimeNode(`multipart/alternative; boundary="${boundary}"`);
  node.setHeader([
    { key: 'From', value: from },
    { key: 'To', value: { name: '', address: to } },
    { key: 'Subject', value: isPlain(subject) ? subject : encoded(subject) },
    { key: 'Date', value: date.toUTCString().replace('GMT', '+0000') },
    { key: 'Message-ID', value: messageId },
    ...Object.entries(headers).map(([key, value]) => ({ key, value: { prepared: true, value } })),
  ]);
  return node.buildHeaders();
}

/** Whether it survives as it is: words that fold, single spaces, and nothing that reads like an encoded word. */
function isPlain(subject: string): boolean {
  return /^[\u0021-\u007e]{1,66}( [\u0021-\u007e]{1,66})*$/.test(subject) && !subject.includes('=?');
}

/** As encoded words of at most 75 characters (RFC 2047 §2). */
function encoded(text: string) {
  return { prepared: true, foldLines: true, value: encodeWord(text, 'Q', 64) };
}

/** Built here and not by nodemailer's composer, which streams each part through five transforms at 3 ms a mail. */
function mimePart(type: string, content: string): string {
  const encoded = wrap(encode(content.replace(/\r?\n|\r/g, '\r\n')), 76);
  return `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${encoded}`;
}

function refuseUnsafeHeaders(message: Message): void {
  if (!plainAddress.test(message.to)) throw new Error('The recipient is not one plain address');
  if (!plainAddress.test(message.from.address)) throw new Error('The sender is not one plain address');
  const values = { From: message.from.name, Subject: message.subject, 'Message-ID': message.messageId };
  for (const [name, value] of Object.entries(values)) {
    if (control.test(value)) throw new Error(`The header ${name} must not hold control characters`);
  }
  for (const [name, value] of Object.entries(message.headers)) {
    const line = `${name}: ${value}`;
    if (!/^[A-Za-z0-9-]+$/.test(name) || !printableAscii.test(value) || line.length > longestLine) {
      throw new Error(`The header ${name} must be one line of at most ${longestLine} printable ASCII characters`);
    }
  }
}
