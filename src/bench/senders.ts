import { spawn } from 'node:child_process';
import { once } from 'node:events';
import nodemailer from 'nodemailer';
import { findPostfixProgram } from './sink.js';

// What others make of sending, beside which a delivery is measured.

export interface Sending {
  port: number;
  connections: number;
  count: number;
  /** What each mail comes to, in bytes. */
  mailBytes: number;
}

/** Of a mail: the rest is its text. */
const htmlShare = 0.8;

/** What signs, by DKIM. */
export interface Signature {
  domainName: string;
  keySelector: string;
  /** PEM. */
  privateKey: string;
}

/** Sends by a pool of nodemailer's that puts nothing on record. */
export async function sendByPool(
  { port, connections, count, mailBytes }: Sending,
  signature: Signature | null,
): Promise<void> {
  const pool = nodemailer.createTransport({
    host: '127.0.0.1',
    port,
    pool: true,
    maxConnections: connections,
    maxMessages: Number.POSITIVE_INFINITY,
    secure: false,
    ignoreTLS: true,
    ...(signature && { dkim: signature }),
  });
  const line = 'Words of the abstract of a paper, one line after the other.\n';
  const words = (bytes: number) => line.repeat(Math.round(bytes / line.length));
  const html = `<p>${words(mailBytes * htmlShare)}</p>`;
  const text = words(mailBytes * (1 - htmlShare));
  const from = 'digest@example.org';
  await Promise.all(
    Array.from({ length: count }, (_, i) =>
      pool.sendMail({ from, to: `s${i}@example.org`, subject: 'Papers', html, text }),
    ),
  );
  pool.close();
}

/**
 * Sends by Postfix's load generator, which makes no mail: what the server and the network allow.
 * @returns mails a second; null where it is not installed
 */
export async function sendBySmtpSource({ port, connections, count, mailBytes }: Sending): Promise<number | null> {
  const program = findPostfixProgram('smtp-source');
  if (!program) return null;
  const envelope = ['-f', 'digest@example.org', '-t', 's@example.org'];
  const load = ['-d', '-s', `${connections}`, '-m', `${count}`, '-l', `${mailBytes}`];
  const started = performance.now();
  const [code] = await once(spawn(program, [...load, ...envelope, `127.0.0.1:${port}`], { stdio: 'ignore' }), 'exit');
  return code === 0 ? (count * 1_000) / (performance.now() - started) : null;
}
