import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { auditCommand } from './commands/audit.js';
import { deliverCommand } from './commands/deliver.js';
import { demoCommand } from './commands/demo.js';
import { ingestCommand } from './commands/ingest.js';
import { migrateCommand } from './commands/migrate.js';
import { planCommand } from './commands/plan.js';
import { previewCommand } from './commands/preview.js';
import { startCommand } from './commands/start.js';
import { statsCommand } from './commands/stats.js';
import { subscribersCommand } from './commands/subscribers.js';
import { topicsCommand } from './commands/topics.js';
import { UserError } from './config.js';
import { projectPath } from './project.js';

const commands = [
  startCommand,
  migrateCommand,
  ingestCommand,
  planCommand,
  deliverCommand,
  previewCommand,
  subscribersCommand,
  topicsCommand,
  statsCommand,
  auditCommand,
  demoCommand,
];

/** Runs the command line; the exit status is 0 when it is done, 1 when it failed, 2 when it was called wrongly. */
export async function main(argv: string[]): Promise<void> {
  const program = new Command('offprint')
    .description("mails each subscriber the day's research papers that match their topics")
    .version(JSON.parse(readFileSync(projectPath('package.json'), 'utf8')).version)
    .showHelpAfterError('(offprint --help tells more)');
  for (const command of commands) program.addCommand(command());
  exitByThrowing(program);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = exitStatus(error);
  }
}

function exitByThrowing(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) exitByThrowing(child);
}

/** Says what went wrong, as far as it was not said yet. */
function exitStatus(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UserError) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(`Offprint failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}
