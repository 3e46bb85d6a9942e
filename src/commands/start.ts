import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { loadConfig } from '../config.js';
import { countPapers } from '../papers/store.js';
import type { Role, Service } from '../service.js';
import { readyMessage } from '../worker-processes.js';
import { positive } from './options.js';
import { shutdownSignal } from './shutdown-signal.js';

const roles: readonly Role[] = ['web', 'worker', 'clock'];

export function startCommand(): Command {
  return new Command('start')
    .description('start Offprint: web site, clock and worker in one process')
    .addOption(new Option('--only <role>', 'start one role').choices(roles))
    .option('--workers <number>', 'worker processes (default: one a core with --only worker, otherwise one)', positive)
    .action(async ({ only, workers }: { only?: Role; workers?: number }) => {
      const signal = shutdownSignal();
      const config = loadConfig();
      const { startService } = await import('../service.js');
      const processes = workers ?? (only === 'worker' ? availableParallelism() : 1);
      const service = await startService(config, new Set(only ? [only] : roles), processes);
      process.send?.(readyMessage);
      if (!signal.aborted) {
        process.stdout.write(`Offprint is ready.\n${addresses(service)}${await nextStep(service)}Stop with Ctrl-C.\n`);
        await once(signal, 'abort');
      }
      await service.stop();
      // What a job still waits for, like a source that never ends its answer, is not waited for.
      process.exit();
    });
}

/** What there is to read, and what to do first. */
async function nextStep({ ctx, webUrl, mailboxUrl }: Service): Promise<string> {
  if (!webUrl) return '';
  const { papers, days } = await countPapers(ctx.db.prisma);
  const next = mailboxUrl
    ? `Next: subscribe at ${webUrl}, then open the mail at ${mailboxUrl}.`
    : `Next: subscribe at ${webUrl}, and confirm by the mail that comes.`;
  return `${papers === 0 ? 'No papers yet: they come as soon as a source answers.' : `${papers} papers of ${days} ${days === 1 ? 'day' : 'days'}.`}\n${next}\n`;
}

/** The addresses to open, a line each. */
export function addresses({ webUrl, mailboxUrl }: Service): string {
  return [
    webUrl && `  Web site  ${webUrl}\n`,
    mailboxUrl && `  Mailbox   ${mailboxUrl}  (catches every mail, because SMTP_URL is not set)\n`,
  ]
    .filter(Boolean)
    .join('');
}
