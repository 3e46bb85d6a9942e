import { Command, Option } from 'commander';
import { type DigestStatus, digestStatuses, type ListedDigest, listDigests, retryDigests } from '../digests/retry.js';
import { listText, report } from './command.js';
import { counted } from './counted.js';
import { digestId, positive } from './options.js';

export function digestsCommand(): Command {
  const command = new Command('digests').description('list digests by status, or send some again');
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
  return command;
}

function lineOf({ id, day, status, attempts, email, lastReply }: ListedDigest): string {
  const reply = lastReply === null ? '' : `: ${lastReply}`;
  return `${id}  ${day}  ${status}  ${counted(attempts, 'attempt')}  ${email ?? 'erased'}${reply}`;
}
