import { spawn } from 'node:child_process';
import { once } from 'node:events';
import nodemailer from 'nodemailer';
import type { Context } from '../context.js';
import { deliver } from '../digests/deliver.js';
import { RefusalBudget } from '../digests/refusal-budget.js';
import { loadDigestTemplates } from '../digests/templates.js';
import { relaysOf } from '../mail/relay.js';
import { Secret } from '../secret.js';
import { type Measured, measured, rounded, timed } from './measured.js';
import { findPostfixProgram, startSink } from './sink.js';
import { now } from './synthetic.js';

const mostByNodemailer = 1_000;
const mostBySmtpSource = 10_000;
/** What a mail of Offprint comes to, for a pool that is given it whole. */
const mailBytes = { html: 32_000, text: 8_000 };

/**
 * Delivers what is planned to a server that takes all, with every outcome on record, beside a pool of nodemailer's that puts nothing on
 * record and signs nothing either, and where it is installed beside Postfix's smtp-source, which only sends the same bytes.
 */
export async function benchDeliver(ctx: Context): Promise<Measured> {
  const sink = await startSink();
  const { port } = sink;
  try {
    const relay = new Secret(`smtp://127.0.0.1:${port}`);
    const delivering = { ...ctx, clock: () => now, config: { ...ctx.config, relays: [relay], dkim: null } };
    const templates = await loadDigestTemplates();
    const relays = relaysOf(delivering.config, null);
    const ours = await timed(() =>
      deliver({ ctx: delivering, relays, templates, refusals: new RefusalBudget() }, new AbortController().signal),
    );
    const baseline = await timed(() => sendByPool(port, ctx.config.sending.connections, mostByNodemailer));
    const report = measured(
      { count: ours.result.sent, seconds: ours.seconds, peakMb: ours.peakMb },
      { name: 'a pool of nodemailer, nothing on record', count: baseline.result, seconds: baseline.seconds },
    );
    const limit = await sendBySmtpSource(port, ctx.config.sending.connections, mostBySmtpSource);
    if (limit === null) return report;
    const perSecond = Math.round(mostBySmtpSource / limit);
    return {
      ...report,
      limit: { name: 'smtp-source, which makes no mail', perSecond, ratio: rounded(report.perSecond / perSecond) },
    };
  } finally {
    await sink.stop();
  }
}

/** What the server and the network allow, where Postfix's load generator is installed. @returns seconds */
async function sendBySmtpSource(port: number, connections: number, count: number): Promise<number | null> {
  const program = findPostfixProgram('smtp-source');
  if (!program) return null;
  const size = mailBytes.html + mailBytes.text;
  const envelope = ['-f', 'digest@example.org', '-t', 's@example.org'];
  const load = ['-d', '-s', `${connections}`, '-m', `${count}`, '-l', `${size}`];
  const started = performance.now();
  const [code] = await once(spawn(program, [...load, ...envelope, `127.0.0.1:${port}`], { stdio: 'ignore' }), 'exit');
  return code === 0 ? (performance.now() - started) / 1_000 : null;
}

async function sendByPool(port: number, connections: number, count: number): Promise<number> {
  const pool = nodemailer.createTransport({
    host: '127.0.0.1',
    port,
    pool: true,
    maxConnections: connections,
    maxMessages: Number.POSITIVE_INFINITY,
    secure: false,
    ignoreTLS: true,
  });
  const line = 'Words of a paper’s abstract, as long as these are. ';
  const html = `<p>${line.repeat(Math.ceil(mailBytes.html / line.length))}</p>`;
  const text = line.repeat(Math.ceil(mailBytes.text / line.length));
  const from = 'digest@example.org';
  await Promise.all(
    Array.from({ length: count }, (_, i) =>
      pool.sendMail({ from, to: `s${i}@example.org`, subject: 'Papers', html, text }),
    ),
  );
  pool.close();
  return count;
}
