import type { Context } from '../context.js';
import { MailBuffer } from '../mail/message.js';
import type { Outcome } from '../mail/outcome.js';
import { openSmtpConnection, type SmtpConnection } from '../mail/smtp.js';
import { domainOf } from '../subscribers/address.js';
import type { ClaimedDigest } from './claims.js';
import { outgoingMail } from './compose-stored.js';
import type { Delivery, DeliveryRun } from './delivery-run.js';
import { pauseDomain } from './domain-pauses.js';
import type { DeliveryLedger } from './ledger.js';
import { isDomainThrottled, isPolicy, type NextStatus, type NotComposed, nextStatus } from './next-status.js';

/** A sender that cannot get rid of its mails so often in a row leaves the rest to the others and to the next run. */
const mostUnsentInARow = 2;

/**
 * One connection's life: claim a digest, send it, record the outcome, until there is none.
 * @returns what became of each digest that it touched
 */
export async function* sendLoop(run: DeliveryRun, most: number): AsyncGenerator<NextStatus['status'], void> {
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
  { ledger, snapshots, sinceThen, layouts }: DeliveryRun,
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
