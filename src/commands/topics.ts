import { Command } from 'commander';
import wrapAnsi from 'wrap-ansi';
import { UserError } from '../errors.js';
import { type Agreement, type Evaluation, evaluateClassifier } from '../topics/evaluation.js';
import { readLabelled } from '../topics/labelled.js';
import { loadMatcher } from '../topics/matcher.js';
import { vocabulary } from '../topics/vocabulary.js';

const slugs = vocabulary.map(({ slug }) => slug);
const lineWidth = 100;
const widest = Math.max(...slugs.map((slug) => slug.length));

export function topicsCommand(): Command {
  const list = new Command('list')
    .description('the topics that subscribers choose from')
    .option('--json', 'print one JSON object')
    .action((options: { json?: boolean }) => {
      const topics = vocabulary.map(({ slug, name, description }) => ({ slug, name, description }));
      const lines = topics.map(
        ({ slug, name, description }) => `${slug.padEnd(widest)}  ${name}\n${indented(description)}`,
      );
      process.stdout.write(`${options.json ? JSON.stringify({ topics }) : lines.join('\n')}\n`);
    });
  const evaluation = new Command('evaluate')
    .description('compare the topics that are found with those that readers gave')
    .argument('<file>', 'labelled papers, one a line: {"title":"…","abstract":"…","keywords":["…"],"topics":["…"]}')
    .option('--no-keywords', 'look at title and abstract alone')
    .option('--json', 'print one JSON object')
    .action(async (file: string, options: { json?: boolean; keywords: boolean }) => {
      const result = await evaluateFile(file, options.keywords);
      process.stdout.write(`${options.json ? JSON.stringify(result) : evaluationText(result)}\n`);
    });
  return new Command('topics').description('the vocabulary').addCommand(list).addCommand(evaluation);
}

/** A description under its topic, on lines that a terminal shows whole. */
function indented(text: string): string {
  return wrapAnsi(text, lineWidth - widest - 2).replace(/^/gm, ' '.repeat(widest + 2));
}

async function evaluateFile(file: string, withKeywords: boolean): Promise<Evaluation> {
  const papers = await readLabelled(file);
  const unknown = papers.flatMap(({ topics }) => topics).find((topic) => !slugs.includes(topic));
  if (unknown !== undefined) throw new UserError(`${file} names the topic “${unknown}”, which there is not`);
  const { classifier } = loadMatcher();
  return evaluateClassifier(classifier, slugs, papers, withKeywords);
}

function evaluationText({ papers, micro, macro, topics }: Evaluation): string {
  const line = (name: string, { precision, recall, f1 }: Agreement, support: number | string) =>
    [
      name.padEnd(widest),
      ...[precision, recall, f1].map((value) => value.toFixed(3).padStart(9)),
      `${support}`.padStart(9),
    ].join('');
  return [
    ['topic'.padEnd(widest), ...['precision', 'recall', 'F1', 'papers'].map((name) => name.padStart(9))].join(''),
    ...Object.entries(topics).map(([slug, agreement]) => line(slug, agreement, agreement.support)),
    line('all pairs (micro)', micro, papers),
    line('mean (macro)', macro, ''),
  ].join('\n');
}
