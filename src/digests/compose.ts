import type { Config } from '../config.js';
import type { MailTemplates } from '../mail/templates.js';
import type { PrintedPaper } from './printing.js';

/** Everything that a digest shows. */
export interface DigestContent {
  id: string;
  /** Local calendar day, YYYY-MM-DD. */
  day: string;
  abstractLength: 'none' | 'short' | 'full';
  /** Best first. Topics by name, best match first; none means that the paper is here because it is trending. */
  papers: readonly { paper: PrintedPaper; topics: readonly string[] }[];
  links: { preferences: string; unsubscribe: string; web: string };
}

export interface ComposedDigest {
  subject: string;
  html: string;
  text: string;
}

/** A digest as it is mailed. Pure: the same content always gives the same mail. HTML is at most 95 KB. */
export function composeDigest(templates: MailTemplates, digest: DigestContent): ComposedDigest {
  throw new Error(`not there yet ${digest.id} ${Object.keys(templates).length}`);
}

/** A digest as the browser shows it: the same HTML, with everything that the mail had to leave out. */
export function composeWebView(templates: MailTemplates, digest: DigestContent): string {
  throw new Error(`not there yet ${digest.id} ${Object.keys(templates).length}`);
}

/** The same on every attempt, different for every digest. */
export function digestMessageId(config: Pick<Config, 'mail'>, digestId: string): string {
  return `<${digestId}@${config.mail.domain}>`;
}

/** The headers of a digest beyond the ordinary ones. */
export function digestHeaders(
  config: Pick<Config, 'mail'>,
  digestId: string,
  unsubscribeUrl: string,
): Record<string, string> {
  throw new Error(`not there yet ${config.mail.domain} ${digestId} ${unsubscribeUrl}`);
}
