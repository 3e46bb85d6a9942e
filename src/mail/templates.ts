import { readFile } from 'node:fs/promises';
import { Eta } from 'eta';
import { projectPath } from '../project.js';

/** A compiled template: puts the values, escaped, into the places that are left for them. */
export type Fill<Values> = (values: Values) => string;

export interface DigestFrame {
  subject: string;
  /** What mail programs show beside the subject. */
  preheader: string;
  /** One line on what this is, under the name. */
  summary: string;
  /** The address in the browser; null in the browser itself. */
  web: string | null;
  preferences: string;
  unsubscribe: string;
  /** What is only in the browser, like "3 more papers"; null where nothing is. */
  leftOut: string | null;
}

export interface DigestCard {
  /** Why the paper is here. */
  reason: string;
  title: string;
  href: string | null;
  authorsLine: string;
  metadata: string;
  abstract: string | null;
  thumbnail: string | null;
  links: { label: string; href: string }[];
}

/** The mails' HTML, compiled once: filling it takes microseconds. */
export interface MailTemplates {
  /** What stands before and after a digest's cards. */
  digestTop: Fill<DigestFrame>;
  digestCard: Fill<DigestCard>;
  digestBottom: Fill<DigestFrame>;
  confirmation: Fill<{ confirmUrl: string }>;
  alreadySubscribed: Fill<{ preferencesUrl: string }>;
}

/** `{{= value }}` is escaped. MJML leaves the braces alone, and no value is ever read as a template. */
const eta = new Eta({ tags: ['{{', '}}'], autoEscape: true });

/** Compiles the MJML files under templates/. Takes about a third of a second: once a process. */
export async function loadMailTemplates(): Promise<MailTemplates> {
  const [digest, confirmation, alreadySubscribed] = await Promise.all([
    compileMjml('digest'),
    compileMjml('confirmation'),
    compileMjml('already-subscribed'),
  ]);
  const [top, card, bottom] = digest.split(/<!-- \/?card -->/);
  if (!top || !card || !bottom) throw new Error('templates/digest.mjml must mark where a card begins and ends');
  return {
    digestTop: fillable(top),
    digestCard: fillable(card),
    digestBottom: fillable(bottom),
    confirmation: fillable(confirmation),
    alreadySubscribed: fillable(alreadySubscribed),
  };
}

/** No fonts: a mail asks no third party for anything. MJML is loaded when needed: it takes half a second. */
async function compileMjml(name: string): Promise<string> {
  const { default: mjml2html } = await import('mjml');
  const filePath = projectPath(`templates/${name}.mjml`);
  const source = await readFile(filePath, 'utf8');
  const { html } = await mjml2html(source, { filePath, fonts: {}, ignoreIncludes: false, validationLevel: 'strict' });
  return html.replace(/\n\s*/g, '\n');
}

function fillable<Values extends object>(html: string): Fill<Values> {
  const template = eta.compile(html);
  return (values) => eta.render(template, values);
}
