import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../context.js';
import { buildMessage } from '../mail/message.js';
import type { Outcome } from '../mail/outcome.js';
import type { Relay } from '../mail/relay.js';
import { openSmtpConnection } from '../mail/smtp.js';
import type { MailTemplates } from '../mail/templates.js';
import { messageOf, returnPath } from './compose-stored.js';
import { nextStatus } from './next-status.js';
import { takeSendSlot } from './pace.js';
import * as store from './store.js';

/** What a delivery did, by what became of the digests it touched. */
export interface DeliveryReport {
  sent: number;
  queued: number;
  failed: number;
  suppressed: number;
  in_doubt: number;
  expired: number;
}

export interface Delivery {
  ctx: Context;
  /** In the order in which they are tried. */
  relays: readonly Relay[];
  templates: MailTemplates;
}

const renewEveryMs = 30_000;
const lookAgainMs = 1_000;

/**
 * Sends every digest that is due, over as many connections as SEND_CONNECTIONS allows, and puts each outcome on record.
 * Ends when nothing is due, when no relay takes mail, or, after the mails in flight, when `signal` is aborted.
 */
export async function deliver(delivery: Delivery, signal: AbortSignal): Promise<DeliveryReport> {
  const { ctx } = delivery;
  const report: DeliveryReport = { sent: 0, queued: 0, failed: 0, suppressed: 0, in_doubt: 0, expired: 0 };
  const db = ctx.db.prisma;
  const reaped = await store.reapExpiredLeases(db, ctx.config.sending.inDoubt, ctx.clock());
  if (reaped.length > 0)
    ctx.log.warn({ digests: reaped, policy: ctx.config.sending.inDoubt }, 'a worker ended while sending');
  report.expired += await store.expireOverdue(db, ctx.clock());
  const owner = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const renewal = setInterval(() => {
    store
      .renewLeases(db, owner, ctx.clock())
      .catch((error) => ctx.log.warn({ error: error.message }, 'leases not renewed'));
  }, renewEveryMs);
  try {
    const senders = Array.from({ length: ctx.config.sending.connections }, () =>
      sendLoop(delivery, owner, report, either, stop),
    );
    await Promise.all(senders);
  } finally {
    clearInterval(renewal);
  }
  return report;
}

/** Like `deliver`, again and again until nothing is queued or under way: waits for retries and for other workers. */
export async function deliverUntilIdle(delivery: Delivery, signal: AbortSignal): Promise<DeliveryReport> {
  const total = await deliver(delivery, signal);
  while (!signal.aborted && (await store.countOpen(delivery.ctx.db.prisma)) > 0) {
    await sleep(lookAgainMs, undefined, { signal }).catch(() => {});
    const report = await deliver(delivery, signal);
    for (const status of Object.keys(report) as (keyof DeliveryReport)[]) total[status] += report[status];
  }
  return total;
}

/** One connection's life: claim a digest, send it, record the outcome, until there is none. */
async function sendLoop(
  { ctx, relays, templates }: Delivery,
  owner: string,
  report: DeliveryReport,
  signal: AbortSignal,
  stop: AbortController,
): Promise<void> {
  const connection = openSmtpConnection(relays, ctx.log);
  try {
    while (!signal.aborted) {
      const digest = await store.claimDigest(ctx.db.prisma, owner, ctx.clock());
      if (digest === null) return;
      if (digest === 'suppressed') {
        report.suppressed++;
        continue;
      }
      let outcome: Outcome;
      try {
        const message = await messageOf(ctx, ctx.db.prisma, templates, digest);
        const raw = await buildMessage(message);
        await takeSendSlot(ctx.db.prisma, ctx.config.sending.rate, signal);
        outcome = await connection.send({ from: returnPath(ctx, digest), to: message.to }, raw);
      } catch (error) {
        // Nothing was handed over: `send` never throws.
        outcome = { kind: 'not-sent', scope: 'connection', answer: `not sent: ${(error as Error).message}` };
      }
      await record(ctx, owner, digest, outcome, report);
      // What takes no mail now, the relay or we ourselves, is no recipient's fault: the rest waits for the next run.
      if (outcome.kind === 'not-sent') stop.abort();
    }
  } finally {
    await connection.close();
  }
}

async function record(
  ctx: Context,
  owner: string,
  digest: store.ClaimedDigest,
  outcome: Outcome,
  report: DeliveryReport,
): Promise<void> {
  const { inDoubt } = ctx.config.sending;
  const next = nextStatus(outcome, digest, inDoubt, ctx.clock(), Math.random());
  const claim = { digestId: digest.id, owner, attempts: digest.attempts };
  const written = await untilWritten(ctx, () =>
    store.recordOutcome(ctx.db.prisma, claim, next, outcome.answer, ctx.clock()),
  );
  report[next.status]++;
  const line = { digest: digest.id, attempt: digest.attempts, answer: outcome.answer };
  if (!written) ctx.log.warn(line, 'outcome not recorded: the claim had passed to another worker');
  else if (next.status === 'sent') ctx.log.debug(line, 'digest sent');
  else ctx.log.warn({ ...line, status: next.status, notBefore: next.notBefore }, `digest not sent: ${outcome.kind}`);
}

/** An outcome that is lost is a mail that is sent twice: the write is tried until it succeeds or the process dies. */
async function untilWritten<Result>(ctx: Context, write: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write();
    } catch (error) {
      ctx.log.error({ error: (error as Error).message, attempt }, 'an outcome could not be written; trying again');
      await sleep(Math.min(100 * 2 ** attempt, 5_000));
    }
  }
}
