import { Command } from 'commander';
import type { Context } from '../context.js';
import { type DeliveryReport, deliver, deliverUntilIdle } from '../digests/deliver.js';
import { RefusalBudget } from '../digests/refusal-budget.js';
import { loadDigestTemplates } from '../digests/templates.js';
import { checkDkimKey } from '../mail/dkim.js';
import { openMailbox } from '../mail/mailbox.js';
import { relaysOf } from '../mail/relay.js';
import { report } from './command.js';

export function deliverCommand(): Command {
  return new Command('deliver')
    .description('send the digests that are due')
    .option('--until-idle', 'also wait for retries and other workers, until none is queued or under way')
    .option('--json', 'print one JSON object')
    .action((options: { untilIdle?: boolean; json?: boolean }) =>
      report(options, {
        run: (ctx, signal) => runDelivery(ctx, signal, options.untilIdle ? deliverUntilIdle : deliver),
        text: deliveryText,
        ok: ({ failed }) => failed === 0,
      }),
    );
}

async function runDelivery(ctx: Context, signal: AbortSignal, send: typeof deliver): Promise<DeliveryReport> {
  if (ctx.config.dkim) checkDkimKey(ctx.config.dkim);
  const mailbox = ctx.config.relays ? null : await openMailbox(ctx.config);
  try {
    const templates = await loadDigestTemplates();
    const relays = relaysOf(ctx.config, mailbox);
    return await send({ ctx, relays, templates, refusals: new RefusalBudget() }, signal);
  } finally {
    await mailbox?.close();
  }
}

/** What a delivery did, in a line. */
function deliveryText(done: DeliveryReport): string {
  return Object.entries(done)
    .map(([status, count]) => `${count} ${status === 'queued' ? 'to be tried again' : status.replace('_', ' ')}`)
    .join(', ');
}
