import { readFile } from 'node:fs/promises';
import { Eta } from 'eta';
import { projectPath } from '../project.js';
import { Segment } from './segment.js';

/** A compiled template: puts the values, escaped, into the places that are left for them. */
export type Fill<Values> = (values: Values) => string;

/** `{{= value }}` is escaped. MJML leaves the braces alone, and no value is ever read as a template. */
const eta = new Eta({ tags: ['{{', '}}'], autoEscape: true });

/** Reads what the build made of templates/NAME.mjml: HTML with places for values. */
export function readTemplate(name: string): Promise<string> {
  return readFile(projectPath(`dist/templates/${name}.html`), 'utf8');
}

/**
 * Makes a function of compiled HTML, or of a part of it: filling it takes microseconds.
 * @param given the same at each time, beside the values
 */
export function fillable<Values extends object>(html: string, given: object = {}): Fill<Values> {
  const template = eta.compile(html);
  return (values) => eta.render(template, { ...given, ...values });
}

const escaped = fillable<{ value: string }>('{{= it.value }}');

const needsNoEscaping = /^[^&<>"']*$/;

/** A value as it stands in HTML. */
export function escapedSegment(value: string): Segment {
  return new Segment(needsNoEscaping.test(value) ? value : escaped({ value }));
}

/** Stands where a value is to be put: control characters, which no text that was cleaned has. */
export function slotMark(name: string): string {
  return `\u0001${name}\u0001`;
}

/** Text and, between its pieces, the names of the values that are to be put there. */
export type Slotted<Name extends string> = readonly (Segment | Name)[];

/** Splits a text at its marks; what stands between them is encoded once, and shared by all mails it stands in. */
export function splitAtSlots<Name extends string>(text: string): Slotted<Name> {
  return text
    .split('\u0001')
    .map((piece, i) => (i % 2 === 1 ? (piece as Name) : new Segment(piece)))
    .filter((piece) => typeof piece === 'string' || piece.text !== '');
}

/**
 * Puts values, which are HTML or text already, into their places; adds all to `into`.
 * @param values a name leaves a place open, under that name
 */
export function fillSlots<Name extends string, Open extends string = never>(
  into: (Segment | Open)[],
  slotted: Slotted<Name>,
  values: Record<Name, Segment | Open | null>,
): void {
  for (const piece of slotted) {
    const segment = typeof piece === 'string' ? values[piece] : piece;
    if (segment) into.push(segment);
  }
}

/**
 * Makes a function of compiled HTML that gives it in pieces, of which those between the values are the same for all mails.
 * The template may ask whether a value is null, and print it: nothing else.
 * @param given what it may use as it likes, because it is the same for all mails
 */
export function segmented<Name extends string, Open extends string = never>(
  html: string,
  given: object = {},
): (values: Record<Name, Segment | Open | null>) => (Segment | Open)[] {
  const fill = fillable<Record<string, string | null>>(html, given);
  // One for each set of values that are null.
  const shapes = new Map<string, Slotted<Name>>();
  return (values) => {
    const names = Object.keys(values) as Name[];
    const key = names.filter((name) => values[name] === null).join();
    let shape = shapes.get(key);
    if (!shape) {
      shape = splitAtSlots(fill(Object.fromEntries(names.map((name) => [name, values[name] && slotMark(name)]))));
      shapes.set(key, shape);
    }
    const segments: (Segment | Open)[] = [];
    fillSlots(segments, shape, values);
    return segments;
  };
}

/** The same, byte by byte, in as few pieces as possible: those that stand side by side become one. */
export function joined<Open extends string>(pieces: readonly (Segment | Open)[]): (Segment | Open)[] {
  const fewer: (Segment | Open)[] = [];
  let run: Segment[] = [];
  const endRun = () => {
    const [first] = run;
    if (first) fewer.push(run.length === 1 ? first : Segment.join(run));
    run = [];
  };
  for (const piece of pieces) {
    if (typeof piece !== 'string') {
      run.push(piece);
      continue;
    }
    endRun();
    fewer.push(piece);
  }
  endRun();
  return fewer;
}
