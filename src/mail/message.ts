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
/** What it recommends. */
const headerWidth = 76;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a header value must not hold
const control = /[\u0000-\u001f\u007f]/;
const headerName = /^[A-Za-z0-9-]+$/;
const printableAscii = /^[\u0020-\u007e]+$/;
/** A local part of atoms, and a domain in A-labels: what nodemailer would read as several, or as another, is not one. */
const plainAddress = /^[\w.!#$%&'*+/=?^`{|}~-]+@[a-z0-9.-]+$/;

/** RFC 2045 §6.7: what is in quoted-printable never holds "=_", so that this stands in no part of any mail. */
const boundary = '=_offprint';
const ends = {
  text: partHead('text/plain'),
  html: partHead('text/html'),
  body: Buffer.from(`\r\n--${boundary}--\r\n`),
};

function partHead(type: string): Buffer {
  const headers = `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n`;
  return Buffer.from(`\r\n--${boundary}\r\n${headers}\r\n`);
}

/** Longer than a signature by a key of 4,096 bits; for a longer one the mail is copied. */
const roomForSignature = 2_048;

/** Where one mail after the other is put together: a buffer of 40 KB for each would be a third of what a worker does. */
export class MailBuffer {
  #bytes = Buffer.alloc(0);

  /** At least so many bytes. What was there before is given up. */
  ofSize(bytes: number): Buffer {
    if (this.#bytes.length < bytes) this.#bytes = Buffer.allocUnsafeSlow(Math.ceil(1.2 * bytes));
    return this.#bytes;
  }
}

/**
 * The message as it goes over the wire (RFC 5322): multipart/alternative, text before HTML, quoted-printable, CRLF, and
 * signed where there is a key.
 * @param buffer where it is put together, and stays until this is used for the next one
 * @returns ASCII; no line begins with a dot
 * @throws Error where a header value could end its header, or the recipient be read as another
 */
export async function buildMessage(message: Message, buffer: MailBuffer = new MailBuffer()): Promise<Buffer> {
  refuseUnsafeHeaders(message);
  const head = headersOf(message);
  const begin = message.dkim ? roomForSignature : 0;
  const bytes = buffer.ofSize(begin + head.length + bodySize(message));
  const bodyBegin = begin + bytes.write(head, begin, 'latin1');
  const end = writeBody(bytes, bodyBegin, message);
  if (!message.dkim) return bytes.subarray(0, end);
  // The empty line after the headers is no part of either.
  const body = bytes.subarray(bodyBegin, end);
  const signature = await dkimSignature(head.slice(0, -2), body, message.dkim);
  if (signature.length > begin) return Buffer.concat([Buffer.from(signature), bytes.subarray(begin, end)]);
  bytes.write(signature, begin - signature.length, 'latin1');
  return bytes.subarray(begin - signature.length, end);
}

function bodySize({ text, html }: Message): number {
  let size = ends.text.length + ends.html.length + ends.body.length;
  for (const segment of text) size += segment.size;
  for (const segment of html) size += segment.size;
  return size;
}

/** @returns where it ends */
function writeBody(bytes: Buffer, begin: number, { text, html }: Message): number {
  let at = begin;
  bytes.set(ends.text, at);
  at += ends.text.length;
  for (const segment of text) at = segment.writeTo(bytes, at);
  bytes.set(ends.html, at);
  at += ends.html.length;
  for (const segment of html) at = segment.writeTo(bytes, at);
  bytes.set(ends.body, at);
  return at + ends.body.length;
}

/**
 * With the empty line that ends them. Put together here: nodemailer's composer, which streams each part through five transforms,
 * takes 3 ms a mail.
 */
function headersOf({ from, to, subject, date, messageId, headers }: Message): string {
  const subjectLine = `Subject: ${isPlain(subject) ? subject : encodeWord(subject, 'Q', 64)}`;
  let lines = `${fromHeader(from)}\r\nTo: ${to}\r\n`;
  lines += `${subjectLine.length > headerWidth ? foldLines(subjectLine, headerWidth) : subjectLine}\r\n`;
  lines += `Date: ${date.toUTCString().replace('GMT', '+0000')}\r\nMessage-ID: ${messageId}\r\n`;
  for (const [name, value] of Object.entries(headers)) lines += `${name}: ${value}\r\n`;
  return `${lines}MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="${boundary}"\r\n\r\n`;
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
    const length = name.length + ': '.length + value.length;
    if (!headerName.test(name) || !printableAscii.test(value) || length > longestLine) {
      throw new Error(`The header ${name} must be one line of at most ${longestLine} printable ASCII characters`);
    }
  }
}
