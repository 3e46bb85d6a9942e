import { decodeXML } from 'entities';
import { XMLParser } from 'fast-xml-parser';
import { SourceError } from './source.js';

export interface Element {
  /** With its prefix, as it stands in the document: "dc:creator". */
  name: string;
  attributes: Record<string, string>;
  children: Element[];
  /** All text inside, in its order, the children's included. Worked out when asked for: of deep trees it is much. */
  readonly text: string;
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
type Node = Record<string, unknown>;

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

/** What the parser gives as content: a list of nodes. It is not checked node by node, which took three times as long as parsing. */
function nodesOf(content: unknown): Node[] {
  return Array.isArray(content) ? content : [];
}

function elementsOf(content: unknown): Element[] {
  return nodesOf(content).flatMap((given) => {
    const name = nameOf(given);
    if (name === undefined || name.startsWith('#') || name.startsWith('?')) return [];
    return {
      name,
      attributes: attributesOf(given),
      children: elementsOf(given[name]),
      get text() {
        return textOf(given[name]);
      },
    };
  });
}

function attributesOf({ ':@': given }: Node): Record<string, string> {
  return Object.fromEntries(Object.entries(given ?? {}).map(([key, value]) => [key, decodeXML(String(value))]));
}

function textOf(content: unknown): string {
  return nodesOf(content)
    .map((given) => {
      if (typeof given['#text'] === 'string') return decodeXML(given['#text']);
      if (given['#cdata'] !== undefined)
        return nodesOf(given['#cdata'])
          .map((part) => part['#text'])
          .join('');
      const name = nameOf(given);
      return name === undefined ? '' : textOf(given[name]);
    })
    .join('');
}

function nameOf(given: Node): string | undefined {
  return Object.keys(given).find((key) => key !== ':@');
}
