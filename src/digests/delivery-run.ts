import type { Context } from '../context.js';
import type { Relay } from '../mail/relay.js';
import { Layouts } from './layouts.js';
import { DeliveryLedger } from './ledger.js';
import type { RefusalBudget } from './refusal-budget.js';
import { SendTurns } from './send-rate.js';
import { SinceThen } from './since-then.js';
import { Snapshots } from './snapshots.js';
import type { DigestTemplatesByLanguage } from './templates.js';

/** What every run of a worker sends with. */
export interface Delivery {
  ctx: Context;
  /** In the order in which they are tried. */
  relays: readonly Relay[];
  templates: DigestTemplatesByLanguage;
  /** Outlives a run: a relay that refuses all is known before the next one begins. */
  refusals: RefusalBudget;
}

/** What the connections of one run share. */
export interface DeliveryRun {
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

/**
 * @param owner under whose name digests are claimed
 * @param signal when aborted, the run ends after the mails in flight
 */
export async function startRun(delivery: Delivery, owner: string, signal: AbortSignal): Promise<DeliveryRun> {
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
