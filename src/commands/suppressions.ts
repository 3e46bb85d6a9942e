import { Command } from 'commander';
import { listSuppressions, releaseSuppression, type Suppression } from '../subscribers/suppressions.js';
import { listText, report } from './command.js';
import { positive } from './options.js';

export function suppressionsCommand(): Command {
  const command = new Command('suppressions').description('the addresses that are never mailed, or take one back');
  command
    .command('list')
    .description('who is never mailed, and why')
    .option('--limit <n>', 'how many at the most', positive, 1_000)
    .option('--json', 'print one JSON object')
    .action((options: { limit: number; json?: boolean }) =>
      report(options, {
        run: (ctx) => listSuppressions(ctx, options.limit),
        text: ({ total, suppressions }) => listText(suppressions.map(lineOf), total),
      }),
    );
  command
    .command('release <email>')
    .description('let an address that bounced or complained be mailed again: you vouch for it')
    .option('--json', 'print one JSON object')
    .action((email: string, options: { json?: boolean }) =>
      report(options, {
        run: (ctx) => releaseSuppression(ctx, email),
        text: ({ active }) => (active ? 'Released: digests come again.' : 'Released: the address can sign up again.'),
      }),
    );
  return command;
}

function lineOf({ email, reason, since }: Suppression): string {
  const day = since ? ` since ${since.toISOString().slice(0, 10)}` : '';
  return `${email ?? '(erased: only a hash is kept)'}  ${reason}${day}`;
}
