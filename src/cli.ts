import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { Command, CommanderError } from 'commander';
import { UserError } from './errors.js';
import { heapGrowth } from './heap.js';
import { projectPath } from './project.js';

/** Loaded by need: to load them all takes longer than most of them run. */
const commands: Record<string, () => Promise<() => Command>> = {
  start: async () => (await import('./commands/start.js')).startCommand,
  migrate: async () => (await import('./commands/migrate.js')).migrateCommand,
  ingest: async () => (await import('./commands/ingest.js')).ingestCommand,
  plan: async () => (await import('./commands/plan.js')).planCommand,
  deliver: async () => (await import('./commands/deliver.js')).deliverCommand,
  preview: async () => (await import('./commands/preview.js')).previewCommand,
  subscribers: async () => (await import('./commands/subscribers.js')).subscribersCommand,
  topics: async () => (await import('./commands/topics.js')).topicsCommand,
  suppressions: async () => (await import('./commands/suppressions.js')).suppressionsCommand,
  bounces: async () => (await import('./commands/bounces.js')).bouncesCommand,
  digests: async () => (await import('./commands/digests.js')).digestsCommand,
  stats: async () => (await import('./commands/stats.js')).statsCommand,
  audit: async () => (await import('./commands/audit.js')).auditCommand,
  doctor: async () => (await import('./commands/doctor.js')).doctorCommand,
  bench: async () => (await import('./commands/bench.js')).benchCommand,
  demo: async () => (await import('./commands/demo.js')).demoCommand,
};

/** Runs the command line; the exit status is 0 when it is done, 1 when it failed, 2 when it was called wrongly. */
export async function main(argv: string[]): Promise<void> {
  setFlagsFromString(heapGrowth);
  const program = new Command('offprint')
    .description("mails each subscriber the day's research papers that match their topics")
    .version(JSON.parse(readFileSync(projectPath('package.json'), 'utf8')).version);
  const named = commands[argv[2] ?? ''];
  for (const load of named ? [named] : Object.values(commands)) program.addCommand((await load())());
  exitByThrowing(program, 'offprint');
  process.stdout.on('error', endWithReader);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = exitStatus(error);
  }
}

function exitByThrowing(command: Command, name: string): void {
  command.exitOverride().showHelpAfterError(`(${name} --help tells more)`);
  for (const child of command.commands) exitByThrowing(child, `${name} ${child.name()}`);
}

/** Whoever read, like `head`, has read enough. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/** Says what went wrong, as far as it was not said yet. */
function exitStatus(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UserError) {
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
  process.stderr.write(`Offprint failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}
