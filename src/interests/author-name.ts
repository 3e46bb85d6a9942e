import { namesIn } from './words.js';

/** A person's name in parts, folded. */
interface Name {
  given: readonly string[];
  family: string;
}

/** What stands behind a family name and is no part of it. */
const suffixes = ['jr', 'sr', 'ii', 'iii', 'iv'];

/** Reads "Yoshua Bengio", "Y. Bengio" or "Bengio, Y.". */
function readName(text: string): Name {
  const [before = '', after = ''] = text.split(',', 2);
  const isSuffix = suffixes.includes(namesIn(after).join(' '));
  const parts = after !== '' && !isSuffix ? [...namesIn(after), ...namesIn(before)] : namesIn(before);
  while (parts.length > 1 && suffixes.includes(parts.at(-1) ?? '')) parts.pop();
  return { given: parts.slice(0, -1), family: parts.at(-1) ?? '' };
}

/** What two ways to write one name have in common: the first initial and the family name. A name of one word is its own. */
export function authorKey(name: string): string {
  const { given, family } = readName(name);
  return given[0] === undefined ? family : `${given[0].charAt(0)} ${family}`;
}

/**
 * Whether two names may be one person's: the same family name and first given name, which may be an initial; of further
 * given names and particles one may have fewer. "Y. Bengio" may be "Yoshua Bengio", who is not "Yann Bengio".
 */
export function isSameAuthor(one: string, other: string): boolean {
  const [a, b] = [readName(one), readName(other)];
  if (a.family !== b.family || a.family === '') return false;
  const [fewer, more] = a.given.length < b.given.length ? [a.given, b.given] : [b.given, a.given];
  if (fewer.length === 0) return more.length === 0;
  if (!isSameGiven(fewer[0] ?? '', more[0] ?? '')) return false;
  let at = 1;
  return fewer.slice(1).every((given) => {
    while (at < more.length && !isSameGiven(given, more[at] ?? '')) at++;
    return at++ < more.length;
  });
}

function isSameGiven(one: string, other: string): boolean {
  return one === other || ((one.length === 1 || other.length === 1) && one.charAt(0) === other.charAt(0));
}
