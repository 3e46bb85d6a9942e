import { readFile } from 'node:fs/promises';
import { Eta } from 'eta';
import type { Context } from '../context.js';
import { messageWith } from '../digests/compose-stored.js';
import { firstPlace, readDue } from '../digests/due.js';
import { previewEdition } from '../digests/editions.js';
import { openRun } from '../digests/plan.js';
import type { Shown } from '../digests/snapshots.js';
import { loadDigestTemplates } from '../digests/templates.js';
import { defaultLanguage } from '../languages/language.js';
import { textsIn } from '../languages/texts.js';
import { buildMessage, MailBuffer } from '../mail/message.js';
import { projectPath } from '../project.js';
import { topicNames } from '../topics/topic-name.js';
import { type Measured, measured, timed } from './measured.js';
import { digestNumber, now } from './synthetic.js';

/** Distinct digests that mails are made of; of real ones a third of all is distinct, and more would not fit into memory. */
const editions = 500;
const mostByMjml = 30;

/** Composes mails, unsigned, each for a reader of its own, beside MJML that compiles each. */
export async function benchCompose(ctx: Context, count: number): Promise<Measured> {
  const shown = await shownDigests(ctx);
  const templates = await loadDigestTemplates();
  const buffer = new MailBuffer();
  const mail = (i: number) =>
    buildMessage(messageWith(ctx, templates, digestNumber(i), shown[i % shown.length] as Shown), buffer);
  // Once round, so that what is made once is not counted.
  for (let i = 0; i < shown.length; i++) await mail(i);
  const ours = await timed(async () => {
    for (let i = 0; i < count; i++) await mail(i);
  });
  const baseline = await timed(() => composeByMjml(shown));
  return measured(
    { count, seconds: ours.seconds, peakMb: ours.peakMb },
    { name: 'mjml2html for each mail', count: baseline.result, seconds: baseline.seconds },
  );
}

/** What the digests of the first subscribers who are due would show. */
async function shownDigests(ctx: Context): Promise<Shown[]> {
  const run = await openRun(ctx, now, true);
  const { rows } = await readDue(ctx.db.prisma, now, firstPlace, 5_000, false);
  const decisions = await run.decide(ctx.db.prisma, rows);
  const selections = new Set(
    decisions.flatMap((decision) =>
      decision.kind === 'due' && decision.selection.choices.length > 0 ? [decision.selection] : [],
    ),
  );
  const shown: Shown[] = [];
  for (const selection of [...selections].slice(0, editions))
    shown.push({ ...(await previewEdition(ctx.db.prisma, selection, topicNames)), prepared: new Map() });
  return shown;
}

/** As one would write it first: the values are put into the MJML, and that is compiled, for each mail. */
async function composeByMjml(shown: readonly Shown[]): Promise<number> {
  const { default: mjml2html } = await import('mjml');
  const filePath = projectPath('templates/confirmation.mjml');
  const around = await readFile(filePath, 'utf8');
  const eta = new Eta({ tags: ['{{', '}}'], autoEscape: true });
  const card = eta.compile(
    '{{ for (const { paper } of it.papers) { }}<mj-section><mj-column><mj-text><h2>{{= paper.title }}</h2><p>{{= paper.summary || paper.abstract }}</p></mj-text></mj-column></mj-section>{{ } }}',
  );
  const { t, language } = textsIn(defaultLanguage);
  const frame = eta.compile(around.replace('<mj-include path="./foot.mjml" />', ''));
  for (const { papers } of shown.slice(0, mostByMjml)) {
    const filled = eta.render(frame, { t, language, confirmUrl: 'https://example.org', code: '012345' });
    await mjml2html(filled.replace('</mj-body>', `${eta.render(card, { papers })}</mj-body>`), {
      filePath,
      fonts: {},
      ignoreIncludes: false,
    });
  }
  return Math.min(mostByMjml, shown.length);
}
