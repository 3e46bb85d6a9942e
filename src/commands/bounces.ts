import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { Command } from 'commander';
import type { Context } from '../context.js';
import { type InboxReport, type ReadMail, takeReport, takeReports } from '../digests/feedback.js';
import { UserError } from '../errors.js';
import { report } from './command.js';

export function bouncesCommand(): Command {
  return new Command('bounces')
    .description('take note of mails that came back, and of complaints')
    .addCommand(
      new Command('read')
        .description('read a delivery report (DSN) or a complaint (ARF), as a mail server pipes it in')
        .argument('<file>', 'the mail, or - for standard input')
        .option('--json', 'print one JSON object')
        .action((file: string, options: { json?: boolean }) =>
          report(options, { run: (ctx) => readBounce(ctx, file), text: bounceText }),
        ),
    )
    .addCommand(
      new Command('fetch')
        .description('read what has come to the mailbox of BOUNCE_IMAP_URL, as a started service does every minute')
        .option('--json', 'print one JSON object')
        .action((options: { json?: boolean }) =>
          report(options, { run: fetchBounces, text: inboxText, ok: ({ failed }) => failed === 0 }),
        ),
    );
}

async function readBounce(ctx: Context, file: string): Promise<ReadMail> {
  const raw = await (file === '-' ? buffer(process.stdin) : readFile(file)).catch((error) => {
    throw new UserError(`${file} cannot be read: ${error.message}`);
  });
  // Nothing that fails: a mail server would answer the mail, and answers to answers have no end.
  return takeReport(ctx, raw);
}

function bounceText({ kind, action, reply, subscriber }: ReadMail): string {
  if (kind === 'other') return 'ignored: neither a delivery report nor a complaint';
  const about = subscriber === null ? 'about nobody known here' : `about subscriber ${subscriber}`;
  return `${action}: ${kind}, ${about} (${reply})`;
}

async function fetchBounces(ctx: Context, signal: AbortSignal): Promise<InboxReport> {
  const report = await takeReports(ctx, signal);
  if (!report) throw new UserError('BOUNCE_IMAP_URL is not set: it names the mailbox to read');
  return report;
}

function inboxText({ read, ...done }: InboxReport): string {
  return `${read} read: ${Object.entries(done)
    .map(([action, count]) => `${count} ${action}`)
    .join(', ')}`;
}
