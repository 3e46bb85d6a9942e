import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { previewDigest } from '../digests/preview.js';
import { loadDigestTemplates } from '../digests/templates.js';
import { UserError } from '../errors.js';
import { interestFields } from '../interests/interests.js';
import { defaultLanguage } from '../languages/language.js';
import { textsIn } from '../languages/texts.js';
import { buildMessage, type Message } from '../mail/message.js';
import { textOf } from '../mail/segment.js';
import { mostPapers } from '../subscribers/preferences.js';
import { vocabulary } from '../topics/vocabulary.js';
import { withContext } from './command.js';
import { calendarDay, positive } from './options.js';

const formats = ['html', 'text', 'eml'] as const;
const lengths = ['none', 'short', 'full'] as const;

interface PreviewOptions {
  topics: string[];
  phrase: string[];
  date?: string;
  format: (typeof formats)[number];
  out?: string;
  papers?: number;
  length: (typeof lengths)[number];
}

export function previewCommand(): Command {
  return new Command('preview')
    .description('show a digest as a subscriber with these preferences would get it; sends and stores nothing')
    .option('--topics <slugs>', 'topics, like agents,robotics (default: the trending papers)', topicSlugs, [])
    .option('--phrase <phrase>', 'a phrase, like \'"world model" OR simulator -driving\'; may be repeated', phrases, [])
    .option('--date <day>', 'the day whose papers to show, YYYY-MM-DD (default: today)', calendarDay)
    .addOption(new Option('--format <format>', 'what to print').choices(formats).default('html'))
    .option('--papers <number>', `at most so many papers, up to ${mostPapers} (default: 8)`, papersPerDigest)
    .addOption(new Option('--length <length>', 'how much of each abstract').choices(lengths).default('short'))
    .option('--out <file>', 'write to this file instead of standard output')
    .action(async ({ topics, phrase, date, format, out, papers, length }: PreviewOptions) => {
      const preview = await withContext(async (ctx) => {
        const day = date ?? ctx.clock().toISOString().slice(0, 10);
        const request = { topics, phrases: phrase, date: day, count: papers ?? 8, abstractLength: length };
        return render(await previewDigest(ctx, await loadDigestTemplates(), request), format);
      });
      if (out === undefined) process.stdout.write(preview);
      else
        await writeFile(out, preview).catch((error) => Promise.reject(new UserError(`--out ${out}: ${error.message}`)));
    });
}

async function render(message: Message, format: PreviewOptions['format']): Promise<string> {
  return format === 'eml' ? (await buildMessage(message)).toString('latin1') : textOf(message[format]);
}

function topicSlugs(text: string): string[] {
  const slugs = text.split(',').map((slug) => slug.trim());
  const unknown = slugs.find((slug) => !vocabulary.some((topic) => topic.slug === slug));
  if (unknown !== undefined) throw new InvalidArgumentError(`"${unknown}" is not a topic: see offprint topics list.`);
  return slugs;
}

/** How many papers a digest may have. @throws InvalidArgumentError where it is no such number */
function papersPerDigest(text: string): number {
  const count = positive(text);
  if (count > mostPapers) throw new InvalidArgumentError(`It must be at most ${mostPapers}.`);
  return count;
}

/** One more phrase. @throws InvalidArgumentError where it makes no sense */
function phrases(text: string, before: string[]): string[] {
  const parsed = interestFields(textsIn(defaultLanguage)).phrases.safeParse([...before, text]);
  if (parsed.success && parsed.data.length > 0) return parsed.data;
  throw new InvalidArgumentError(parsed.error?.issues[0]?.message ?? 'It is empty.');
}
