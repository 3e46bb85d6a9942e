import { once } from 'node:events';
import { Command, Option } from 'commander';
import { loadConfig } from '../config.js';
import { type Role, roles, type Service, startService } from '../service.js';
import { interruption } from './command.js';

export function startCommand(): Command {
  return new Command('start')
    .description('start Offprint: web site, clock and worker in one process')
    .addOption(new Option('--only <role>', 'start one role').choices(roles))
    .action(async ({ only }: { only?: Role }) => {
      const signal = interruption();
      const service = await startService(loadConfig(), new Set(only ? [only] : roles));
      if (!signal.aborted) {
        process.stdout.write(`Offprint is ready.\n${addresses(service)}Stop with Ctrl-C.\n`);
        await once(signal, 'abort');
      }
      await service.stop();
    });
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
