import type { Segment } from '../mail/segment.js';
import { type Fill, fillable, readTemplate, segmented } from '../mail/templates.js';

/** What differs between the mails of an edition: the addresses that are a subscriber's own, and what they have chosen. */
export type OwnSlot = 'web' | 'preferences' | 'unsubscribe' | 'feedback' | 'state';
/** HTML or text with places for these. */
export type Piece = Segment | OwnSlot;

/** What stands around the papers, as HTML. */
export interface DigestFrame {
  subject: Segment;
  /** What mail programs show beside the subject; and what keeps them from showing more. */
  preheader: Segment;
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
  /** What is only in the browser, like "3 more papers"; null where nothing is. */
  leftOut: Segment | null;
  /** The day's receipt: that this is the end, and what became of the day's papers. */
  end: Segment;
  receipt: Segment;
  /** The most voted of the papers that are not here, its topic as it is called and as it is written in an address. */
  outside: Segment | null;
  topic: Segment | null;
  slug: Segment | null;
  state: 'state';
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
const partNames = ['top', 'list', 'row', 'listEnd', 'cards', 'card', 'titleRow', 'cardsEnd'] as const;
export type DigestSource = Record<(typeof partNames)[number], string>;

export interface DigestTemplates {
  /** As compiled. */
  source: DigestSource;
  top: (frame: DigestFrame) => Piece[];
  /** The list of contents: what stands before its rows, a row, and what stands after them. */
  list: (frame: DigestFrame) => Piece[];
  row: Fill<DigestCard>;
  listEnd: (frame: DigestFrame) => Piece[];
  /** What stands before the papers, a paper, a paper of which only the title is shown, and what stands after them. */
  cards: (frame: DigestFrame) => Piece[];
  card: Fill<DigestCard>;
  titleRow: Fill<DigestCard>;
  cardsEnd: (frame: DigestFrame) => Piece[];
}

/** Reads them: once a process. */
export async function loadDigestTemplates(): Promise<DigestTemplates> {
  const [top = '', ...others] = (await readTemplate('digest')).split(/<!-- part (\w+) -->/);
  const parts = new Map([['top', top]]);
  for (let i = 0; i < others.length; i += 2) parts.set(others[i] ?? '', others[i + 1] ?? '');
  if ([...parts.keys()].join() !== partNames.join())
    throw new Error(`templates/digest.mjml must have the parts ${partNames.join(', ')}`);
  return digestTemplatesOf(Object.fromEntries(parts) as DigestSource);
}

/** Makes the templates of what MJML was compiled to. */
export function digestTemplatesOf(source: DigestSource): DigestTemplates {
  return {
    source,
    top: segmented<keyof DigestFrame, OwnSlot>(source.top),
    list: segmented<keyof DigestFrame, OwnSlot>(source.list),
    row: fillable(source.row),
    listEnd: segmented<keyof DigestFrame, OwnSlot>(source.listEnd),
    cards: segmented<keyof DigestFrame, OwnSlot>(source.cards),
    card: fillable(source.card),
    titleRow: fillable(source.titleRow),
    cardsEnd: segmented<keyof DigestFrame, OwnSlot>(source.cardsEnd),
  };
}
