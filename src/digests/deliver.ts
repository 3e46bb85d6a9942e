import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../context.js';
import { advanceMark, refuseRestored } from '../database/high-water-mark.js';
import { isDatabaseUnavailable } from '../database/unavailable.js';
import { MailBuffer } from '../mail/message.js';
import type { Outcome } from '../mail/outcome.js';
import type { Relay } from '../mail/relay.js';
import { openSmtpConnection, type SmtpConnection } from '../mail/smtp.js';
import { domainOf } from '../subscribers/address.js';
import type { ClaimedDigest } from './claims.js';
import { outgoingMail } from './compose-stored.js';
import { pauseDomain } from './domain-pauses.js';
import { Layouts } from './layouts.js';
import { DeliveryLedger } from './ledger.js';
import { isDomainThrottled, isPolicy, type NextStatus, type NotComposed, nextStatus } from './next-status.js';
import { endOutage, findOutage, noteOutage, takeProbe } from './outage.js';
import type { RefusalBudget } from './refusal-budget.js';
import { SendTurns } from './send-rate.js';
import { SinceThen } from './since-then.js';
import { Snapshots } from './snapshots.js';
import * as store from './store.js';
import type { DigestTemplatesByLanguage } from './templates.js';

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
  templates: DigestTemplatesByLanguage;
  /** Outlives a run: a relay that refuses all is known before the next one begins. */
  refusals: RefusalBudget;
}

/** What the connections of one run share. */
interface Run {
  delivery: Delivery;
  signal: AbortSignal;
  ledger: DeliveryLedger;
  turns: SendTurns;
  snapshots: Snapshots;
  sinceThen: SinceThen;
  layouts: Layouts;
  /** Whether a connection found nothing more to send. */
  drained: boolean;
  /** What was said to the last connection that no relay would take mail from. */
  refusal: string | null;
}

const renewEveryMs = 15_000;
/** How often "until idle" looks again; while nothing goes through, twice as long each time. */
const lookAgainMs = { least: 1_000, most: 60_000 };
/** A sender that cannot get rid of its mails so often in a row leaves the rest to the others and to the next run. */
const mostUnsentInARow = 2;

/**
 * Sends every digest that is due, over as many connections as SEND_CONNECTIONS allows, and puts each outcome on record.
 * Ends when nothing is due, when no relay takes mail, or, after the mails in flight, when `signal` is aborted. During an outage
 * it only tries, when it is time, with one mail.
 * While the database is away in mid-run it waits.
 * @throws UserError where the database is an older copy of the one that was sent from before
 * @throws Error when the database cannot be used at the start
 */
export async function deliver(delivery: Delivery, signal: AbortSignal): Promise<DeliveryReport> {
  const report = nothingDone();
  await deliverDue(delivery, signal, report);
  return report;
}

/** What nothing became of yet. */
function nothingDone(): DeliveryReport {
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

async function startRun(delivery: Delivery, owner: string, signal: AbortSignal): Promise<Run> {
  const { ctx, templates } = delivery;
  const layouts = await Layouts.open(ctx, templates);
  const snapshots = new Snapshots(ctx.db.pool);
  const claimant = { owner, layoutId: layouts.current.id, saysWhenBegun: ctx.config.sending.inDoubt === 'hold' };
  return {
    delivery,
    signal,
    ledger: new DeliveryLedger(ctx, claimant, ctx.config.sending.connections, signal),
    turns: new SendTurns(ctx, ctx.config.sending.rate, signal),
    snapshots,
    sinceThen: new SinceThen(ctx.db.pool, snapshots),
    layouts,
    drained: false,
    refusal: null,
  };
}

/** Tries with one mail, or where none is due with a connection, whether the outage is over. */
async function probe(run: Run, report: DeliveryReport, due: number): Promise<boolean> {
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
async function sendOver(run: Run, connections: number, report: DeliveryReport, mostEach = Number.POSITIVE_INFINITY) {
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
export async function deliverUntilIdle(delivery: Delivery, signal: AbortSignal): Promise<DeliveryReport> {
  const { ctx } = delivery;
  const total = await deliver(delivery, signal);
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

/**
 * One connection's life: claim a digest, send it, record the outcome, until there is none.
 * @returns what became of each digest that it touched
 */
async function* sendLoop(run: Run, most: number): AsyncGenerator<keyof DeliveryReport, void> {
  const { delivery, ledger, turns, signal } = run;
  const { ctx, relays } = delivery;
  const connection = openSmtpConnection(relays, ctx.log);
  const buffer = new MailBuffer();
  const claimInTurn = async () => {
    await turns.take();
    return signal.aborted ? null : ledger.claim();
  };
  try {
    // Nothing is claimed for a connection that is not there.
    const unreachable = await connection.ready();
    if (unreachable) {
      run.refusal = unreachable.reply;
      return;
    }
    let digest = await claimInTurn();
    let unsentInARow = 0;
    for (let sent = 1; digest !== null; sent++) {
      const outcome = judge(delivery, await attempt(run, connection, buffer, digest));
      unsentInARow = outcome.kind === 'not-sent' ? unsentInARow + 1 : 0;
      // What takes no mail now is no recipient's fault. A relay that says so is left alone.
      const refused = outcome.kind === 'not-sent' && outcome.scope === 'relay';
      const ends = signal.aborted || refused || unsentInARow === mostUnsentInARow || sent >= most;
      // So is one that ends each connection without a word.
      if (ends && outcome.kind === 'not-sent') run.refusal = outcome.reply;
      // Before the next claim, which is not to be for the same domain.
      if (isDomainThrottled(outcome)) await leaveAlone(ctx, domainOf(digest.email), outcome.reply);
      const settled = settle(ctx, ledger, digest, outcome);
      // Without a limit on the rate both are one statement.
      const limited = ctx.config.sending.rate > 0;
      const claimed = ends ? null : limited ? settled.then(claimInTurn) : ledger.claim();
      const [status, next] = await Promise.allSettled([settled, claimed]);
      if (status.status === 'fulfilled' && status.value) yield status.value;
      if (next.status === 'rejected') throw next.reason;
      if (ends) return;
      digest = next.value;
    }
    run.drained ||= !signal.aborted;
  } finally {
    await connection.close();
  }
}

/** Takes the refusal of a recipient, or by policy, for a fault of the relay or of ours where most are refused. */
function judge({ refusals }: Delivery, outcome: Outcome | NotComposed): Outcome | NotComposed {
  const refused =
    outcome.kind === 'rejected' && outcome.permanent && (outcome.scope === 'recipient' || isPolicy(outcome));
  if (refused || outcome.kind === 'sent') refusals.note(refused);
  return refused && refusals.exceeded ? { kind: 'not-sent', scope: 'relay', reply: outcome.reply } : outcome;
}

/** Never throws: a digest that cannot be composed is in nobody else's way. */
async function attempt(
  { ledger, snapshots, sinceThen, layouts }: Run,
  connection: SmtpConnection,
  buffer: MailBuffer,
  digest: ClaimedDigest,
): Promise<Outcome | NotComposed> {
  try {
    const layout = await layouts.get(digest.layoutId);
    const shown = { ...(await snapshots.shownBy(digest)), since: await sinceThen.of(digest) };
    const { envelope, raw } = await outgoingMail(layout, digest, shown, buffer);
    if (!(await ledger.begin(digest)))
      return { kind: 'not-sent', scope: 'connection', reply: 'not sent: the claim could not be confirmed' };
    return await connection.send(envelope, raw);
  } catch (error) {
    return { kind: 'not-composed', reply: `not sent, because it could not be composed: ${(error as Error).message}` };
  }
}

/** Pauses the mail to one domain; where that cannot be written, the next refusal does. */
async function leaveAlone(ctx: Context, domain: string, reply: string): Promise<void> {
  try {
    const until = await pauseDomain(ctx.db.prisma, domain, reply, ctx.clock());
    if (until) ctx.log.warn({ domain, until, reply }, 'a domain asks for less mail: digests to it wait');
  } catch (error) {
    ctx.log.error({ domain, error: (error as Error).message }, 'mail to a domain could not be paused');
  }
}

/** Puts an outcome on record. @returns what became of the digest; null where another worker has it now */
async function settle(
  ctx: Context,
  ledger: DeliveryLedger,
  digest: ClaimedDigest,
  outcome: Outcome | NotComposed,
): Promise<NextStatus['status'] | null> {
  const next = nextStatus(outcome, digest, ctx.config.sending.inDoubt, ctx.clock(), Math.random());
  const unsent = outcome.kind !== 'sent' && outcome.kind !== 'in-doubt';
  const written = await ledger.settle(digest, next, outcome.reply, unsent);
  const line = { digest: digest.id, attempt: digest.attempts, reply: outcome.reply };
  if (!written) {
    ctx.log.warn(line, 'outcome not recorded: the claim had passed to another worker');
    return null;
  }
  if (next.status === 'sent') ctx.log.debug(line, 'digest sent');
  else ctx.log.warn({ ...line, status: next.status, notBefore: next.notBefore }, `digest not sent: ${outcome.kind}`);
  return next.status;
}
