import { Command } from 'commander';
import { type Audit, auditDay, auditParts, newestDigestDay } from '../digests/audit.js';
import { report } from './command.js';
import { calendarDay } from './options.js';
import { withProgress } from './progress.js';

export function auditCommand(): Command {
  return new Command('audit')
    .description("draw up a day's account and check it against the tables; exit 1 when it does not add up")
    .option('--date <day>', 'digest day (default: the newest that was planned)', calendarDay)
    .option('--json', 'print one JSON object')
    .action((options: { date?: string; json?: boolean }) =>
      report(options, {
        run: async (ctx) => {
          const today = ctx.clock().toISOString().slice(0, 10);
          const day = options.date ?? (await newestDigestDay(ctx.db.prisma)) ?? today;
          return withProgress('auditing', auditParts, ({ at }) => auditDay(ctx.db.prisma, day, ctx.clock(), at));
        },
        text: accountText,
        ok: (audit) => audit.balanced,
      }),
    );
}

function accountText(audit: Audit): string {
  const { sent, noMatch, suppressed, failed, inDoubt, expired, waiting } = audit;
  return [
    `${audit.day}: ${audit.due} due = ${sent} sent + ${noMatch} no match + ${suppressed} suppressed + ` +
      `${failed} failed + ${inDoubt} in doubt + ${expired} expired + ${waiting} waiting`,
    ...(audit.balanced ? ['It adds up.'] : audit.problems),
    ...(audit.overdue > 0 ? [`${audit.overdue} active subscribers are due, and no plan has looked at them.`] : []),
  ].join('\n');
}
