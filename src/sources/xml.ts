import { decodeXML } from 'entities';
import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';
import { SourceError } from './source.js';

export interface Element {
  /** With its prefix, as it stands in the document: "dc:creator". */
  name: string;
  attributes: Record<string, string>;
  children: Element[];
  /** All text inside, in its order, the children's included. */
  text: string;
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  trimValues: false,
  cdataPropName: '#cdata',
  maxNestedTags: 100,
});

/** A node of the parser: one key with the content, and ":@" with the attributes. */
const node = z.record(z.string(), z.unknown());
const nodes = z.array(node);
const attributes = z.record(z.string(), z.coerce.string());

/**
 * Parses XML of which nothing is trusted: with a DOCTYPE, where entities would be declared, it is refused.
 * @returns the root element
 * @throws SourceError when it is no well-formed XML
 */
export function parseXml(xml: string): Element {
  if (hasDoctype(xml)) throw new SourceError('its answer has a DOCTYPE, which is not read');
  let parsed: unknown;
  try {
    parsed = parser.parse(xml, true);
  } catch (error) {
    throw new SourceError(`its answer is no XML: ${error instanceof Error ? error.message : error}`);
  }
  const [root] = elementsOf(parsed);
  if (!root) throw new SourceError('its answer is no XML: it is empty');
  return root;
}

/** Whether a DOCTYPE stands before the root element, after declarations and comments. Inside, as in CDATA, it is only text. */
function hasDoctype(xml: string): boolean {
  let rest = xml.replace(/^\ufeff/, '').trimStart();
  for (;;) {
    const end = rest.startsWith('<?') ? '?>' : rest.startsWith('<!--') ? '-->' : null;
    if (end === null || !rest.includes(end)) return /^<!DOCTYPE/i.test(rest.slice(0, 9));
    rest = rest.slice(rest.indexOf(end) + end.length).trimStart();
  }
}

/** The children of this name. */
export function all(element: Element, name: string): Element[] {
  return element.children.filter((child) => child.name === name);
}

/** The text of the first child that has one of these names and is not empty. */
export function firstText(element: Element, ...names: string[]): string | null {
  for (const name of names) {
    for (const { text } of all(element, name)) if (text.trim() !== '') return text.trim();
  }
  return null;
}

function elementsOf(content: unknown): Element[] {
  return nodes.parse(content).flatMap((given) => {
    const name = nameOf(given);
    if (name === undefined || name.startsWith('#') || name.startsWith('?')) return [];
    const attributesOf = attributes.parse(given[':@'] ?? {});
    return {
      name,
      attributes: Object.fromEntries(Object.entries(attributesOf).map(([key, value]) => [key, decodeXML(value)])),
      children: elementsOf(given[name]),
      text: textOf(given[name]),
    };
  });
}

function textOf(content: unknown): string {
  return nodes
    .parse(content)
    .map((given) => {
      if (typeof given['#text'] === 'string') return decodeXML(given['#text']);
      if (given['#cdata'] !== undefined)
        return nodes
          .parse(given['#cdata'])
          .map((part) => part['#text'])
          .join('');
      const name = nameOf(given);
      return name === undefined ? '' : textOf(given[name]);
    })
    .join('');
}

function nameOf(given: z.output<typeof node>): string | undefined {
  return Object.keys(given).find((key) => key !== ':@');
}
