import { type Language, languages } from '../languages/language.js';
import { languageMarks, Texts, textsIn } from '../languages/texts.js';
import type { Segment } from '../mail/segment.js';
import { type Fill, fillable, readTemplate, segmented } from '../mail/templates.js';
import { topicNameTexts } from '../topics/topic-name.js';

/** What differs between the mails of an edition: the addresses that are a subscriber's own, and what they have chosen. */
export type OwnSlot = 'web' | 'preferences' | 'unsubscribe' | 'feedback' | 'state' | 'since';
/** HTML or text with places for these. */
export type Piece = Segment | OwnSlot;
/** What differs from one edition to the next beside its papers. */
export type EditionSlot = 'subject' | 'preheader' | 'rest' | 'outside' | 'topic' | 'slug';

export type FramePiece = Piece | EditionSlot;

/** What stands around the papers, as HTML. */
export interface DigestFrame {
  subject: 'subject';
  /** What mail programs show beside the subject; and what keeps them from showing more. */
  preheader: 'preheader';
  padding: Segment;
  /** That these are no papers of the day; null where they are. */
  sample: Segment | null;
  /** One line on what this is: the day, how many of its papers, and why those. */
  day: Segment;
  counted: Segment;
  match: Segment;
  web: 'web';
  preferences: 'preferences';
  unsubscribe: 'unsubscribe';
  /** What is only in the browser: "read 3 more papers in the browser"; null where nothing is. */
  rest: 'rest' | null;
  /** The day's receipt: that this is the end, and what became of the day's papers. */
  end: Segment;
  receipt: Segment;
  /** The most voted of the papers that are not here, its topic as it is called and as it is written in an address. */
  outside: 'outside' | null;
  topic: 'topic' | null;
  slug: 'slug' | null;
  since: 'since';
  state: 'state';
  /** By whom the mail was sent, as a sentence. */
  operator: Segment | null;
}

export interface DigestCard {
  /** Slots: its place in the digest, why it is here, and the addresses to vote on it. */
  number: string;
  reason: string;
  feedback: string;
  more: string;
  less: string;
  title: string;
  href: string | null;
  votes: string | null;
  /** Authors and what else is told of the paper; and the same in a few words. */
  byline: string;
  short: string;
  abstract: string | null;
  /** Whether the abstract is a summary that a model wrote. */
  byModel: boolean;
  picture: string | null;
  pdf: string | null;
  links: { label: string; href: string }[];
}

/** The parts of a digest's HTML, in the order in which they stand in templates/digest.mjml. */
const partNames = ['top', 'list', 'row', 'listEnd', 'cards', 'card', 'titleRow', 'since', 'cardsEnd'] as const;
export type DigestSource = Record<(typeof partNames)[number], string>;

export interface DigestTemplates {
  /** As compiled, and the texts in them. */
  source: DigestSource;
  texts: Texts;
  top: (frame: DigestFrame) => FramePiece[];
  /** The list of contents: what stands before its rows, a row, and what stands after them. */
  list: (frame: DigestFrame) => FramePiece[];
  row: Fill<DigestCard>;
  listEnd: (frame: DigestFrame) => FramePiece[];
  /** What stands before the papers, a paper, a paper of which only the title is shown, and what stands after them. */
  cards: (frame: DigestFrame) => FramePiece[];
  card: Fill<DigestCard>;
  titleRow: Fill<DigestCard>;
  cardsEnd: (frame: DigestFrame) => FramePiece[];
  /** What became of papers of earlier digests: a box within cardsEnd. */
  since: Fill<{ news: NewsLine[] }>;
}

/** A line of what became of papers. */
export interface NewsLine {
  what: string;
  title: string;
  href: string | null;
}

/** What mails of each language are made with. */
export type DigestTemplatesByLanguage = Record<Language, DigestTemplates>;
/** The texts of mails, by language and key. */
export type MailTexts = Record<string, Record<string, string>>;

/** Reads them: once a process. */
export async function loadDigestTemplates(): Promise<DigestTemplatesByLanguage> {
  const [top = '', ...others] = (await readTemplate('digest')).split(/<!-- part (\w+) -->/);
  const parts = new Map([['top', top]]);
  for (let i = 0; i < others.length; i += 2) parts.set(others[i] ?? '', others[i + 1] ?? '');
  if ([...parts.keys()].join() !== partNames.join())
    throw new Error(`templates/digest.mjml must have the parts ${partNames.join(', ')}`);
  return digestTemplatesOf(Object.fromEntries(parts) as DigestSource, mailTexts());
}

/** All that a digest may say, in each language. */
export function mailTexts(): MailTexts {
  const entries = languages.map((language) => {
    const texts = textsIn(language);
    return [language, { ...texts.only(['digest.']), ...topicNameTexts(texts) }];
  });
  return Object.fromEntries(entries);
}

/**
 * Makes the templates of each language of what MJML was compiled to.
 * @param stored the texts; a language that was not stored with the others is as it is today
 */
export function digestTemplatesOf(source: DigestSource, stored: MailTexts): DigestTemplatesByLanguage {
  const now = mailTexts();
  const entries = languages.map((language) => {
    const texts = new Texts(language, stored[language] ?? now[language] ?? {});
    return [language, templatesIn(texts, source)];
  });
  return Object.fromEntries(entries) as DigestTemplatesByLanguage;
}

function templatesIn(texts: Texts, source: DigestSource): DigestTemplates {
  const said = { t: texts.t, ...languageMarks(texts) };
  return {
    source,
    texts,
    top: segmented<keyof DigestFrame, OwnSlot | EditionSlot>(source.top, said),
    list: segmented<keyof DigestFrame, OwnSlot | EditionSlot>(source.list, said),
    row: fillable(source.row, said),
    listEnd: segmented<keyof DigestFrame, OwnSlot | EditionSlot>(source.listEnd, said),
    cards: segmented<keyof DigestFrame, OwnSlot | EditionSlot>(source.cards, said),
    card: fillable(source.card, said),
    titleRow: fillable(source.titleRow, said),
    cardsEnd: segmented<keyof DigestFrame, OwnSlot | EditionSlot>(source.cardsEnd, said),
    since: fillable(source.since, said),
  };
}
