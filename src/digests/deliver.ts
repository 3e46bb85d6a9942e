import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../context.js';
import { advanceMark, refuseRestored } from '../database/high-water-mark.js';
import { isDatabaseUnavailable } from '../database/unavailable.js';
import { openSmtpConnection } from '../mail/smtp.js';
import { type Delivery, type DeliveryRun, startRun } from './delivery-run.js';
import { endOutage, findOutage, noteOutage, takeProbe } from './outage.js';
import { sendLoop } from './send-loop.js';
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

const renewEveryMs = 15_000;
/** How often "until idle" looks again; while nothing goes through, twice as long each time. */
const lookAgainMs = { least: 1_000, most: 60_000 };

/**
 * Sends every digest that is due, over as many connections as SEND_CONNECTIONS allows, and puts each outcome on record.
 * Ends when nothing is due, when no relay takes mail, or, after the mails in flight, when `signal` is aborted. During an outage
 * it only tries, when it is time, with one mail.
 * While the database is away in mid-run it waits.
 * @param report in which it counts, for whoever wants to know meanwhile
 * @throws UserError where the database is an older copy of the one that was sent from before
 * @throws Error when the database cannot be used at the start
 */
export async function deliver(
  delivery: Delivery,
  signal: AbortSignal,
  report: DeliveryReport = nothingDone(),
): Promise<DeliveryReport> {
  await deliverDue(delivery, signal, report);
  return report;
}

/** What nothing became of yet. */
export function nothingDone(): DeliveryReport {
  return { sent: 0, queued: 0, failed: 0, suppressed: 0, in_doubt: 0, expired: 0 };
}

/** As `deliver`; counts in `report` what became of digests, also of those before an error. */
async function deliverDue(delivery: Delivery, signal: AbortSignal, report: DeliveryReport): Promise<void> {
  const { ctx } = delivery;
  await refuseRestored(ctx);
  const db = ctx.db.prisma;
  const reaped = await reap(ctx);
  report.queued += reaped.queued.length;
  report.in_doubt += reaped.in_doubt.length;
  report.expired += await store.expireOverdue(db, ctx.clock());
  const due = await store.countDue(db, ctx.clock(), ctx.config.sending.connections);
  const outage = await findOutage(db);
  if (signal.aborted || (outage ? !(await takeProbe(db, ctx.clock())) : due === 0)) return;
  const owner = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  const run = await startRun(delivery, owner, signal);
  const renewal = setInterval(() => {
    store.renewLeases(db, owner).catch((error) => ctx.log.warn({ error: error.message }, 'leases not renewed'));
    void mark(ctx);
  }, renewEveryMs);
  try {
    const mailGoesOut = !outage || (await probe(run, report, due));
    if (mailGoesOut && due > 0) await sendOver(run, due, report);
  } finally {
    clearInterval(renewal);
    await mark(ctx);
    report.suppressed += run.ledger.suppressed;
  }
}

/** Notes outside the database how far it has come; where it is away, the next note does. */
async function mark(ctx: Context): Promise<void> {
  await advanceMark(ctx).catch((error) =>
    ctx.log.warn({ error: error.message }, 'the high-water mark was not advanced'),
  );
}

/** Tries with one mail, or where none is due with a connection, whether the outage is over. */
async function probe(run: DeliveryRun, report: DeliveryReport, due: number): Promise<boolean> {
  const { ctx, relays } = run.delivery;
  if (due > 0) {
    await sendOver(run, 1, report, 1);
  } else {
    const connection = openSmtpConnection(relays, ctx.log);
    const failure = await connection.ready();
    await connection.close();
    if (failure) await pause(ctx, failure.reply);
    run.refusal = failure?.reply ?? null;
  }
  if (run.refusal !== null || run.signal.aborted) return false;
  if (await endOutage(ctx.db.prisma)) ctx.log.info('a relay takes mail again: sending goes on');
  return true;
}

/** Sends what is due over so many connections, and pauses all sending where no relay takes it. */
async function sendOver(
  run: DeliveryRun,
  connections: number,
  report: DeliveryReport,
  mostEach = Number.POSITIVE_INFINITY,
) {
  // All are waited for, whatever becomes of one: the mails of the others are in flight.
  const count = async (statuses: AsyncIterable<keyof DeliveryReport>) => {
    for await (const status of statuses) report[status]++;
  };
  const senders = Array.from({ length: connections }, () => count(sendLoop(run, mostEach)));
  for (const ended of await Promise.allSettled(senders)) if (ended.status === 'rejected') throw ended.reason;
  // Where other connections got rid of all there was, this one was only one too many.
  if (run.refusal !== null && !run.drained) await pause(run.delivery.ctx, run.refusal);
}

async function pause(ctx: Context, reply: string): Promise<void> {
  if (await noteOutage(ctx.db.prisma, reply, ctx.clock(), Math.random()))
    ctx.log.error({ reply }, 'no relay takes mail: sending pauses, and no digest loses an attempt');
}

/** Takes back what dead workers were sending. */
export async function reap(ctx: Pick<Context, 'config' | 'db' | 'log' | 'clock'>) {
  const { inDoubt } = ctx.config.sending;
  const reaped = await store.reapExpiredLeases(ctx.db.prisma, ctx.config.sending, ctx.clock());
  if (reaped.queued.length + reaped.in_doubt.length > 0)
    ctx.log.warn({ ...reaped, policy: inDoubt }, 'a worker ended while sending');
  return reaped;
}

/**
 * Like `deliver`, again and again until nothing is queued or under way: waits for retries, for other workers, and for a
 * database that goes away once it has begun.
 */
export async function deliverUntilIdle(
  delivery: Delivery,
  signal: AbortSignal,
  total: DeliveryReport = nothingDone(),
): Promise<DeliveryReport> {
  const { ctx } = delivery;
  await deliver(delivery, signal, total);
  let waitMs = lookAgainMs.least;
  while (!signal.aborted && (await unlessAway(ctx, store.isAnyOpen(ctx.db.prisma))) !== false) {
    await sleep(waitMs, undefined, { signal }).catch(() => {});
    const report = nothingDone();
    await unlessAway(ctx, deliverDue(delivery, signal, report));
    for (const status of Object.keys(report) as (keyof DeliveryReport)[]) total[status] += report[status];
    const stuck = report.queued > 0 && report.sent === 0;
    waitMs = stuck ? Math.min(2 * waitMs, lookAgainMs.most) : lookAgainMs.least;
  }
  return total;
}

/** What was asked for; null where the database is away. @throws Error of every other kind */
function unlessAway<Answer>(ctx: Context, asked: Promise<Answer>): Promise<Answer | null> {
  return asked.catch((error) => {
    if (!isDatabaseUnavailable(error)) throw error;
    ctx.log.error({ error: error.message }, 'the database cannot be used: waiting for it');
    return null;
  });
}
