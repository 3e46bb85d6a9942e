import { Command } from 'commander';
import { findRestored } from '../database/high-water-mark.js';
import { collectStats } from '../digests/stats.js';
import { report } from './command.js';

export function statsCommand(): Command {
  return new Command('stats')
    .description('count subscribers, papers and digests by status')
    .option('--json', 'print one JSON object')
    .action((options) =>
      report(options, {
        run: async (ctx) => {
          const restored = await findRestored(ctx);
          return { ...(await collectStats(ctx.db.prisma, ctx.clock())), ...(restored && { restored }) };
        },
        text: ({ subscribers, papers, digests, oldestWaitingSeconds, outage, restored }) =>
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
            ...(restored
              ? [`held         the database is a copy from ${restored.copyAt}: see "offprint digests resume --help"`]
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
