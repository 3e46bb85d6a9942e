import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import nodemailer from 'nodemailer';
import type { Context } from '../context.js';
import { deliver } from '../digests/deliver.js';
import { RefusalBudget } from '../digests/refusal-budget.js';
import { loadDigestTemplates } from '../digests/templates.js';
import { relaysOf } from '../mail/relay.js';
import { projectPath } from '../project.js';
import { Secret } from '../secret.js';
import { type Measured, measured, timed } from './measured.js';
import { now } from './synthetic.js';

const mostByNodemailer = 1_000;
/** What a mail of Offprint comes to, for a pool that is given it whole. */
const mailBytes = { html: 32_000, text: 8_000 };

/**
 * Delivers what is planned to a server that takes all, with every outcome on record, beside a pool of nodemailer's that puts nothing on
 * record and signs nothing either.
 */
export async function benchDeliver(ctx: Context): Promise<Measured> {
  const sink = fork(projectPath('dist/src/bench/smtp-sink.js'));
  try {
    const [port] = (await once(sink, 'message')) as [number];
    const relay = new Secret(`smtp://127.0.0.1:${port}`);
    const delivering = { ...ctx, clock: () => now, config: { ...ctx.config, relays: [relay], dkim: null } };
    const templates = await loadDigestTemplates();
    const relays = relaysOf(delivering.config, null);
    const ours = await timed(() =>
      deliver({ ctx: delivering, relays, templates, refusals: new RefusalBudget() }, new AbortController().signal),
    );
    const baseline = await timed(() => sendByPool(port, ctx.config.sending.connections, mostByNodemailer));
    return measured(
      { count: ours.result.sent, seconds: ours.seconds, peakMb: ours.peakMb },
      { name: 'a pool of nodemailer, nothing on record', count: baseline.result, seconds: baseline.seconds },
    );
  } finally {
    await stop(sink);
  }
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

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.disconnect();
  await ended;
}
