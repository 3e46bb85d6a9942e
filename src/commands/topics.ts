import { Command } from 'commander';
import { vocabulary } from '../topics/vocabulary.js';

export function topicsCommand(): Command {
  const list = new Command('list')
    .description('the topics that subscribers choose from')
    .option('--json', 'print one JSON object')
    .action((options: { json?: boolean }) => {
      const topics = vocabulary.map(({ slug, name, description }) => ({ slug, name, description }));
      const widest = Math.max(...topics.map(({ slug }) => slug.length));
      const lines = topics.map(({ slug, name, description }) => `${slug.padEnd(widest)}  ${name}: ${description}`);
      process.stdout.write(`${options.json ? JSON.stringify({ topics }) : lines.join('\n')}\n`);
    });
  return new Command('topics').description('the vocabulary').addCommand(list);
}
