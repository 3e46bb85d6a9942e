import { Command } from 'commander';
import type { Context } from '../context.js';
import { type DeliveryReport, deliver, deliverUntilIdle, nothingDone } from '../digests/deliver.js';
import { RefusalBudget } from '../digests/refusal-budget.js';
import { countDue } from '../digests/store.js';
import { loadDigestTemplates } from '../digests/templates.js';
import { checkDkimKey } from '../mail/dkim.js';
import { openMailbox } from '../mail/mailbox.js';
import { relaysOf } from '../mail/relay.js';
import { report } from './command.js';
import { withProgress } from './progress.js';

/** More than there are. */
const most = 2 ** 31 - 1;

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
    const delivery = { ctx, relays, templates, refusals: new RefusalBudget() };
    const report = nothingDone();
    const settled = () => Object.values(report).reduce((sum, count) => sum + count, 0);
    const due = () => countDue(ctx.db.prisma, ctx.clock(), most);
    return await withProgress('sending', due, () => send(delivery, signal, report), settled);
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
