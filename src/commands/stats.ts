import { Command } from 'commander';
import { collectStats } from '../digests/stats.js';
import { report } from './command.js';

export function statsCommand(): Command {
  return new Command('stats')
    .description('count subscribers, papers and digests by status')
    .option('--json', 'print one JSON object')
    .action((options) =>
      report(options, {
        run: (ctx) => collectStats(ctx.db.prisma, ctx.clock()),
        text: ({ subscribers, papers, digests, oldestWaitingSeconds, outage }) =>
          [
            `subscribers  ${counted(subscribers)}`,
            `papers       ${papers.total}, newest ${papers.newest ?? 'none'}`,
            `digests      ${counted(digests)}`,
            `waiting      ${oldestWaitingSeconds === null ? 'none' : `for ${oldestWaitingSeconds} s at the most`}`,
            ...(outage
              ? [
                  `no mail      since ${outage.since.toISOString()}, next try ${outage.nextProbeAt.toISOString()}: ${outage.reply}`,
                ]
              : []),
          ].join('\n'),
      }),
    );
}

function counted(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([status, count]) => `${count} ${status.replace('_', ' ')}`)
    .join(', ');
}
