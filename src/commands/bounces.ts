import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { Command } from 'commander';
import type { Context } from '../context.js';
import { applyFeedback, type FeedbackResult, proveSubject } from '../digests/feedback.js';
import { UserError } from '../errors.js';
import { type Feedback, readFeedback } from '../mail/feedback.js';
import { report } from './command.js';

export function bouncesCommand(): Command {
  return new Command('bounces').description('take note of mails that came back, and of complaints').addCommand(
    new Command('read')
      .description('read a delivery report (DSN) or a complaint (ARF), as a mail server pipes it in')
      .argument('<file>', 'the mail, or - for standard input')
      .option('--json', 'print one JSON object')
      .action((file: string, options: { json?: boolean }) =>
        report(options, { run: (ctx) => readBounce(ctx, file), text: bounceText }),
      ),
  );
}

type ReadBounce = FeedbackResult & { kind: Feedback['kind'] | 'other'; status: string | null; reply: string | null };

async function readBounce(ctx: Context, file: string): Promise<ReadBounce> {
  const raw = await (file === '-' ? buffer(process.stdin) : readFile(file)).catch((error) => {
    throw new UserError(`${file} cannot be read: ${error.message}`);
  });
  const feedback = await readFeedback(raw);
  // Nothing that fails: a mail server would answer the mail, and answers to answers have no end.
  if (!feedback) return { kind: 'other', action: 'ignored', status: null, reply: null, digest: null, subscriber: null };
  const result = await applyFeedback(ctx, feedback, proveSubject(ctx, feedback.evidence));
  const { kind, enhanced, reply } = feedback;
  ctx.log.info({ kind, enhanced, reply, ...result }, 'feedback read');
  return { kind, status: enhanced, reply, ...result };
}

function bounceText({ kind, action, reply, subscriber }: ReadBounce): string {
  if (kind === 'other') return 'ignored: neither a delivery report nor a complaint';
  const about = subscriber === null ? 'about nobody known here' : `about subscriber ${subscriber}`;
  return `${action}: ${kind}, ${about} (${reply})`;
}
