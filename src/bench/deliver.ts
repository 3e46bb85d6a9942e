import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../context.js';
import { workerNodeOptions } from '../heap.js';
import { buildMessage } from '../mail/message.js';
import { textOf } from '../mail/segment.js';
import { projectPath } from '../project.js';
import { type Measured, measured, rounded } from './measured.js';
import { makeOwnDigests, ownMail } from './own-mails.js';
import { familyOf, parentOf, usageOf } from './process-usage.js';
import { type Signature, sendByPool, sendBySmtpSource } from './senders.js';
import { startSink } from './sink.js';
import { startSlowLink } from './slow-link.js';

/** How a delivery is measured. */
export interface DeliverOptions {
  workers: number;
  /** Of each worker. */
  connections: number;
  /** Whether mails are signed by DKIM, with RSA and 2,048 bits. */
  signed: boolean;
  /** Of a round trip to the server. */
  roundTripMs: number;
  /** A folder for profiles of the workers' CPU; null for none. */
  profile: string | null;
}

/** What a delivery took; the processor's time of all processes where the system tells it, and round trips where they take time. */
export interface DeliverMeasured extends Measured {
  /** Of each mail: of ours, unsigned, and of the senders beside them. */
  mailBytes: number;
  cpuMsEach?: number;
  postgresCpuMsEach?: number;
  roundTripsEach?: number;
}

/** Before ours and again after them. */
const mostByNodemailer = 2_500;
/**
 * Shares of the mails at which measuring begins and ends: how a process starts and ends is another matter. So few that they are sent
 * between two looks are measured from the start of the processes to their end.
 */
const measuredShare = { from: 0.02, to: 0.98 };

/**
 * Delivers mails of one's own each, by worker processes, to a server that takes all, with every outcome on record; beside a pool
 * of nodemailer's that signs where ours are signed and puts nothing on record, and where it is installed beside Postfix's smtp-source.
 * @param ctx of an empty database
 */
export async function benchDeliver(ctx: Context, count: number, options: DeliverOptions): Promise<DeliverMeasured> {
  const { workers, connections, roundTripMs } = options;
  await makeOwnDigests(ctx, count);
  const mail = await ownMail(ctx);
  const mailBytes = (await buildMessage(mail)).length;
  const signature = options.signed ? newSignature() : null;
  const sink = await startSink();
  const link = roundTripMs > 0 ? await startSlowLink(sink.port, roundTripMs) : null;
  try {
    const sending = { port: sink.port, connections: workers * connections, count };
    const pooled = { ...sending, connections, count: Math.min(count, mostByNodemailer) };
    const content = { subject: mail.subject, text: textOf(mail.text), html: textOf(mail.html) };
    // Each twice, around ours: what else the machine does changes by the minute.
    const before = await sendBySmtpSource(sending, mailBytes);
    const pooledBefore = await sendByPool(pooled, content, signature);
    const ours = await deliverAll(ctx, count, link?.port ?? sink.port, signature, options);
    const after = await sendBySmtpSource(sending, mailBytes);
    const pooledAfter = await sendByPool(pooled, content, signature);
    const report = measured(ours, {
      name: `a pool of nodemailer, ${signature ? 'signed' : 'unsigned'}, nothing on record`,
      count: pooledBefore.count + pooledAfter.count,
      seconds: pooledBefore.seconds + pooledAfter.seconds,
    });
    const limit = before !== null && after !== null ? Math.round(Math.max(before, after)) : null;
    const each = (seconds: number) => Number(((seconds * 1_000) / ours.count).toFixed(3));
    return {
      ...report,
      mailBytes,
      ...(limit && {
        limit: {
          name: 'smtp-source, which makes no mail',
          perSecond: limit,
          ratio: rounded(report.perSecond / limit),
        },
      }),
      ...(ours.cpuSeconds !== null && {
        cpuMsEach: each(ours.cpuSeconds + ours.postgresCpuSeconds),
        postgresCpuMsEach: each(ours.postgresCpuSeconds),
      }),
      ...(roundTripMs > 0 && {
        roundTripsEach: rounded((ours.seconds * 1_000 * workers * connections) / ours.count / roundTripMs),
      }),
    };
  } finally {
    link?.stop();
    await sink.stop();
  }
}

function newSignature(): Signature {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { domainName: 'example.org', keySelector: 'bench', privateKey: pem };
}

/** Runs the workers over all that waits. */
async function deliverAll(
  { db, config }: Context,
  mails: number,
  port: number,
  signature: Signature | null,
  { workers, connections, profile }: DeliverOptions,
) {
  const profiling = profile === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  // Nothing of this machine's own settings is wanted: neither its environment nor a file .env where it was called.
  const spawnWorker = () =>
    spawn(process.execPath, [...workerNodeOptions, ...profiling, projectPath('bin/offprint.js'), 'deliver'], {
      cwd: config.database.dataDir,
      env: {
        DATABASE_URL: db.url,
        DATA_DIR: config.database.dataDir,
        LOG_LEVEL: 'warn',
        MAIL_FROM: 'Offprint <digest@example.org>',
        BASE_URL: 'https://papers.example.org',
        SMTP_URL: `smtp://127.0.0.1:${port}`,
        SEND_CONNECTIONS: `${connections}`,
        ...(signature && { DKIM_SELECTOR: signature.keySelector, DKIM_PRIVATE_KEY: signature.privateKey }),
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  const postmaster = await postmasterOf(db);
  const open = async () => {
    const query = "select count(*)::int as n from digests where status in ('queued', 'sending')";
    return (await db.pool.query<{ n: number }>(query)).rows[0]?.n ?? 0;
  };
  const startedAt = performance.now();
  const started = Array.from({ length: workers }, spawnWorker);
  const pids = started.flatMap(({ pid }) => pid ?? []);
  let peakMb = 0;
  const snapshot = async () => {
    const ours = usageOf(pids);
    peakMb = Math.max(peakMb, ours?.peakMb ?? 0);
    const postgres = postmaster === null ? null : usageOf(familyOf(postmaster));
    return { open: await open(), at: performance.now(), ours, postgres };
  };
  const ended = Promise.all(started.map((child: ChildProcess) => once(child, 'exit')));
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  let first = await snapshot();
  while (!isOver && first.open > mails * (1 - measuredShare.from)) {
    await sleep(20);
    first = await snapshot();
  }
  let last = first;
  while (!isOver && last.open > mails * (1 - measuredShare.to)) {
    await sleep(pauseMs(mails, first, last));
    const seen = await snapshot();
    // A process that has ended tells nothing any more.
    last = { ...seen, ours: seen.ours ?? last.ours };
  }
  const codes = await ended;
  if (codes.some(([code]) => code !== 0) || (await open()) > 0) throw new Error('not all mails could be delivered');
  const sent = first.open - last.open;
  if (sent < mails / 2)
    return {
      count: mails,
      seconds: (performance.now() - startedAt) / 1_000,
      peakMb,
      cpuSeconds: null,
      postgresCpuSeconds: 0,
    };
  const spent = (part: 'ours' | 'postgres') => (last[part]?.cpuSeconds ?? 0) - (first[part]?.cpuSeconds ?? 0);
  return {
    count: sent,
    seconds: (last.at - first.at) / 1_000,
    peakMb,
    cpuSeconds: last.ours && first.ours ? spent('ours') : null,
    postgresCpuSeconds: spent('postgres'),
  };
}

interface Progress {
  /** How many are not sent yet. */
  open: number;
  /** In milliseconds. */
  at: number;
}

const longestPauseMs = 2_000;

/** Half of what is left to measure, as far as that is known: to count is work for PostgreSQL, which is not to be measured. */
function pauseMs(mails: number, first: Progress, last: Progress): number {
  const sent = first.open - last.open;
  if (sent <= 0) return Math.min(250, mails / 50);
  const left = ((last.open - mails * (1 - measuredShare.to)) * (last.at - first.at)) / sent;
  return Math.min(longestPauseMs, Math.max(20, left / 2));
}

/** The process that all of PostgreSQL's are below; null where that is not known. */
async function postmasterOf(db: Context['db']): Promise<number | null> {
  const { rows } = await db.pool.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0] ? parentOf(rows[0].pid) : null;
}
