import { createHash } from 'node:crypto';
import { encodeWord, foldLines } from 'nodemailer/lib/mime-funcs';
import MimeNode from 'nodemailer/lib/mime-node';
import type { Dkim, Mailbox } from '../config.js';
import { dkimSignature } from './dkim.js';
import type { Segment } from './segment.js';

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
  text: readonly Segment[];
  html: readonly Segment[];
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
 * @returns ASCII: a string that sockets take as it is spares a buffer of that size for each mail
 * @throws Error where a header value could end its header, or the recipient be read as another
 */
export async function buildMessage(message: Message): Promise<string> {
  refuseUnsafeHeaders(message);
  const boundary = `part-${createHash('sha256').update(message.messageId).digest('hex').slice(0, 24)}`;
  const head = headersOf(message, boundary);
  const body = [
    partHead(boundary, 'text/plain'),
    ...message.text.map(({ encoded }) => encoded),
    partHead(boundary, 'text/html'),
    ...message.html.map(({ encoded }) => encoded),
    `\r\n--${boundary}--\r\n`,
  ];
  const signature = message.dkim ? await dkimSignature(head, body.join(''), message.dkim) : '';
  // Joined once: each joining of joined strings would copy the whole mail.
  return [signature, head, '\r\n', ...body].join('');
}

function partHead(boundary: string, type: string): string {
  return `\r\n--${boundary}\r\nContent-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n`;
}

/** Put together here: nodemailer's composer, which streams each part through five transforms, takes 3 ms a mail. */
function headersOf({ from, to, subject, date, messageId, headers }: Message, boundary: string): string {
  const lines = [
    fromHeader(from),
    `To: ${to}`,
    foldLines(`Subject: ${isPlain(subject) ? subject : encodeWord(subject, 'Q', 64)}`, 76),
    `Date: ${date.toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: ${messageId}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    'MIME-Version: 1.0',
    `Content-Type: multipart/alternative; boundary="${boundary}"`,
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** The same for every mail, as a rule. */
const fromHeaders = new WeakMap<Mailbox, string>();

function fromHeader(from: Mailbox): string {
  const known = fromHeaders.get(from);
  if (known) return known;
  const node = new MimeNode('text/plain');
  node.setHeader('From', from);
  const header = node
    .buildHeaders()
    .split(/\r\n(?![ \t])/)
    .find((line) => line.startsWith('From:')) as string;
  fromHeaders.set(from, header);
  return header;
}

/** Whether it survives as it is: words that fold, single spaces, and nothing that reads like an encoded word. */
function isPlain(subject: string): boolean {
  return /^[\u0021-\u007e]{1,66}( [\u0021-\u007e]{1,66})*$/.test(subject) && !subject.includes('=?');
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
