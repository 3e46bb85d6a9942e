import { Command } from 'commander';
import { type Config, loadConfig } from '../config.js';
import type { Finding } from '../doctor/finding.js';
import { UserError } from '../errors.js';
import { withProgress } from './progress.js';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'check what a mail needs to get to a reader: configuration, database, clock, relay, sources, SPF, DKIM and DMARC records',
    )
    .option('--json', 'print one JSON object')
    .action(async ({ json }: { json?: boolean }) => {
      const config = readConfig();
      const checks = Array.isArray(config) ? config : await examineWithProgress(config);
      const ok = checks.every(({ status }) => status !== 'failed');
      process.stdout.write(`${json ? JSON.stringify({ ok, checks }) : checks.map(line).join('\n')}\n`);
      if (!ok) process.exitCode = 1;
    });
}

async function examineWithProgress(config: Config): Promise<Finding[]> {
  const { examine } = await import('../doctor/doctor.js');
  return withProgress('checking', 1, ({ at }) => examine(config, at));
}

/** The configuration; where it is wrong, what is. */
function readConfig(): Config | Finding[] {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const problems = error.message.split('\n');
    return problems.map((message) => ({ check: 'configuration', status: 'failed', message }));
  }
}

function line({ check, status, message, remedy }: Finding): string {
  return `${status.padEnd(8)} ${check.padEnd(14)} ${message}${remedy ? `; ${remedy}` : ''}`;
}
