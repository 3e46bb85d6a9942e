import { Command } from 'commander';
import { report } from './command.js';

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database to the newest schema')
    .option('--json', 'print one JSON object')
    .action((options) =>
      report(options, {
        // Opening the context has migrated: it does so at every start.
        run: async (ctx) => ({ applied: ctx.db.applied }),
        text: ({ applied }) =>
          applied.length > 0 ? `Applied: ${applied.join(', ')}` : 'The database has the newest schema.',
      }),
    );
}
