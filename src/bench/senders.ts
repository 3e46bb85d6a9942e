import { spawn } from 'node:child_process';
import { once } from 'node:events';
import nodemailer from 'nodemailer';
import { timed } from './measured.js';
import { findPostfixProgram } from './sink.js';

// What others make of sending, beside which a delivery is measured.

export interface Sending {
  port: number;
  connections: number;
  count: number;
}

/** What signs, by DKIM. */
export interface Signature {
  domainName: string;
  keySelector: string;
  /** PEM. */
  privateKey: string;
}

/** Of the mails of a pool: until then connections open and code is compiled, and nothing is measured. */
const warmingShare = 0.1;
/** As many as keep each connection busy: the pool makes a mail as soon as it is given, and would else hold them all. */
const waitingPerConnection = 2;

/**
 * Sends one mail to many by a pool of nodemailer's, which makes, encodes and signs it for each, and puts nothing on record.
 * @returns of those that were measured
 */
export async function sendByPool(
  { port, connections, count }: Sending,
  mail: { subject: string; text: string; html: string },
  signature: Signature | null,
): Promise<{ count: number; seconds: number }> {
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
  let given = 0;
  const sendUntil = (end: number) => {
    const send = async () => {
      while (given < end) await pool.sendMail({ ...mail, from: 'digest@example.org', to: `s${given++}@example.org` });
    };
    return Promise.all(Array.from({ length: connections * waitingPerConnection }, send));
  };
  try {
    await sendUntil(Math.round(count * warmingShare));
    const warmed = given;
    const { seconds } = await timed(() => sendUntil(count));
    return { count: count - warmed, seconds };
  } finally {
    pool.close();
  }
}

/**
 * Sends by Postfix's load generator, which makes no mail: what the server and the network allow.
 * @param mailBytes what each comes to
 * @returns mails a second; null where it is not installed
 */
export async function sendBySmtpSource(
  { port, connections, count }: Sending,
  mailBytes: number,
): Promise<number | null> {
  const program = findPostfixProgram('smtp-source');
  if (!program) return null;
  const envelope = ['-f', 'digest@example.org', '-t', 's@example.org'];
  const load = ['-d', '-s', `${connections}`, '-m', `${count}`, '-l', `${mailBytes}`];
  const started = performance.now();
  const [code] = await once(spawn(program, [...load, ...envelope, `127.0.0.1:${port}`], { stdio: 'ignore' }), 'exit');
  return code === 0 ? (count * 1_000) / (performance.now() - started) : null;
}
