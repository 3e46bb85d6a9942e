import { Command, Option } from 'commander';
import type { Context } from '../context.js';
import { findRestored } from '../database/high-water-mark.js';
import { type Resumed, resumeAfterRestore } from '../digests/after-restore.js';
import { type DigestStatus, digestStatuses, type ListedDigest, listDigests, retryDigests } from '../digests/retry.js';
import { UserError } from '../errors.js';
import { ingest } from '../ingest/ingest.js';
import { listText, report } from './command.js';
import { counted } from './counted.js';
import { digestId, positive } from './options.js';

export function digestsCommand(): Command {
  const command = new Command('digests').description(
    'list digests by status, send some again, or go on after a restore',
  );
  command
    .command('list')
    .description('the newest digests that wait, failed or are in doubt, with the reply of the server')
    .addOption(new Option('--status <status>', 'only those with this status').choices(digestStatuses))
    .option('--limit <n>', 'how many at the most', positive, 100)
    .option('--json', 'print one JSON object')
    .action((options: { status?: DigestStatus; limit: number; json?: boolean }) =>
      report(options, {
        run: (ctx) => listDigests(ctx.db.prisma, options.status ?? null, options.limit),
        text: ({ total, digests }) => listText(digests.map(lineOf), total),
      }),
    );
  command
    .command('retry')
    .argument('<id...>', 'which digests', digestId)
    .description('queue digests again that failed or are in doubt: the same mail, once more')
    .option('--json', 'print one JSON object')
    .action((ids: string[], options: { json?: boolean }) =>
      report(options, {
        run: (ctx) => ctx.db.prisma.$transaction((tx) => retryDigests(tx, ids, ctx.clock())),
        text: ({ retried, refused }) =>
          [...refused.map(({ id, reason }) => `${id}: ${reason}`), `${retried.length} queued again`].join('\n'),
        ok: ({ refused }) => refused.length === 0,
      }),
    );
  command
    .command('resume')
    .description(
      'go on after the database was restored from a dump: reads the sources, then passes over all that may have been sent already',
    )
    .option('--send-again', 'pass over nothing: what was sent since the dump may come a second time')
    .option('--json', 'print one JSON object')
    .action(({ sendAgain = false, json = false }: { sendAgain?: boolean; json?: boolean }) =>
      report(
        { json },
        {
          run: (ctx) => resume(ctx, sendAgain),
          text: ({ dropped }) =>
            sendAgain
              ? 'Plans and deliveries go on, with what may have been sent already'
              : `Plans and deliveries go on with what comes from now on; ${counted(dropped, 'waiting digest')} dropped`,
        },
      ),
    );
  return command;
}

/** First what has been on the lists since the dump is read, because it may have been sent as well. */
async function resume(ctx: Context, sendAgain: boolean): Promise<Resumed> {
  const restored = await findRestored(ctx);
  if (!restored) throw new UserError('Nothing is held: the database is no older copy, as far as this machine knows');
  if (!sendAgain) {
    const { failures } = await ingest(ctx, {});
    if (failures[0])
      throw new UserError(
        `Nothing goes on yet: ${failures[0].source} could not be read (${failures[0].error}), and its papers could come twice. ` +
          'Try again once it can, or use --send-again',
      );
  }
  return resumeAfterRestore(ctx, restored, sendAgain);
}

function lineOf({ id, day, status, attempts, email, lastReply }: ListedDigest): string {
  const reply = lastReply === null ? '' : `: ${lastReply}`;
  return `${id}  ${day}  ${status}  ${counted(attempts, 'attempt')}  ${email ?? 'erased'}${reply}`;
}
