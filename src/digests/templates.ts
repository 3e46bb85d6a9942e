import type { Segment } from '../mail/segment.js';
import { type Fill, fillable, readTemplate, segmented } from '../mail/templates.js';

/** What stands around the cards, as HTML. */
export interface DigestFrame {
  subject: Segment;
  /** What mail programs show beside the subject. */
  preheader: Segment;
  /** One line on what this is, under the name. */
  summary: Segment;
  /** The addresses that are the subscriber's own: null in the browser, where that of the site stands instead. */
  web: Segment | null;
  preferences: Segment | null;
  unsubscribe: Segment | null;
  home: Segment | null;
  /** What is only in the browser, like "3 more papers"; null where nothing is. */
  leftOut: Segment | null;
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
  /** As compiled. */
  source: { top: string; card: string; bottom: string };
  top: (frame: DigestFrame) => Segment[];
  card: Fill<DigestCard>;
  bottom: (frame: DigestFrame) => Segment[];
}

/** Reads them: once a process. */
export async function loadDigestTemplates(): Promise<DigestTemplates> {
  const [top, card, bottom] = (await readTemplate('digest')).split(/<!-- \/?card -->/);
  if (!top || !card || !bottom) throw new Error('templates/digest.mjml must mark where a card begins and ends');
  return digestTemplatesOf({ top, card, bottom });
}

/** Makes the templates of what MJML was compiled to. */
export function digestTemplatesOf(source: DigestTemplates['source']): DigestTemplates {
  const { top, card, bottom } = source;
  return { source, top: segmented(top), card: fillable(card), bottom: segmented(bottom) };
}
