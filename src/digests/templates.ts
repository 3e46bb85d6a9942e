import { compileTemplate, type Fill, fillable } from '../mail/templates.js';

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

/** A digest's HTML: what stands before and after its cards, and a card. */
export interface DigestTemplates {
  top: Fill<DigestFrame>;
  card: Fill<DigestCard>;
  bottom: Fill<DigestFrame>;
}

/** Compiles templates/digest.mjml: once a process. */
export async function loadDigestTemplates(): Promise<DigestTemplates> {
  const [top, card, bottom] = (await compileTemplate('digest')).split(/<!-- \/?card -->/);
  if (!top || !card || !bottom) throw new Error('templates/digest.mjml must mark where a card begins and ends');
  return { top: fillable(top), card: fillable(card), bottom: fillable(bottom) };
}
