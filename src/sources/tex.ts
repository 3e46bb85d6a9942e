import { accents, silent, superscript, symbols } from './tex-symbols.js';

type Rule = readonly [pattern: RegExp, by: string | ((match: string, ...groups: (string | undefined)[]) => string)];

/**
 * Formulas between dollar signs lose these. As in Pandoc, an opening one has no space after it, and a closing one none
 * before it and no digit after it, unless all that stands between them are symbols; with spaces inside it must look like
 * mathematics, so that prices stay prices.
 */
const symbolic = /(?<!\\)\$((?:\\[A-Za-z]+|\\[!,]|[^\s\w$.,\\])+)\$/g;
const formula = /(?<!\\)\$\$?(?=\S)((?:[^$\\]|\\.)*?)(?<=\S)(?<!\\)\$\$?(?!\d)/gs;
const mathematical = /^\S*$|[\\^_{}=+<>]|^[([]|^\p{L}(, ?\p{L})*$/u;

/** Superscripts, subscripts, and braces that only keep a separator from being one, as in 43{,}219. */
const scripts: Rule[] = [
  [/\^\s*(?:\{([-+−]?\d+)\}|(\d+))/g, (_, braced, bare) => superscript(braced ?? bare ?? '')],
  [/\^(?:\{°\}|°)/g, '°'],
  [/([_^])\{[,;\s]*([^{}\s\\]*)\s*\}/g, '$1$2'],
  [/\{([.,=<>+*/:-]+)\}/g, '$1'],
];

/** What TeX commands print, innermost first: applied until nothing changes. */
const commands: Rule[] = [
  [/\\([%&#_$])/g, '$1'],
  [/(?<![\p{L}])\\"([^\\"]{1,200})\\"(?!\p{L})/gu, '"$1"'],
  [/\\(?:begin|end)\s*\{[^{}]*\}(?:\[[^\]]*\])?/g, ' '],
  [/~?\\(?:cite[a-z]*|ref|eqref|label|vspace|hspace|color)\*?\s*(?:\[[^\]]*\])*\{[^{}]*\}/g, ''],
  [/\{\\(?:em|it|bf|tt|sc|rm|sf|sl)\b\s*([^{}]*)\}/g, '$1'],
  [/\\href\s*\{([^{}]*)\}\s*\{([^{}\\]*)\}/g, (_, url, text) => linked(url, text)],
  [/\\href\s*\{(https?:[^\s{}]+)\{([^{}]*)\}\}/g, (_, url, text) => linked(url, text)],
  [/\\footnote\s*\{([^{}]*)\}/g, ' ($1)'],
  [/\\(?:textcolor|colorbox)\s*\{[^{}]*\}/g, ''],
  [/\\[dt]?frac\s*\{([^{}\\]*)\}\s*\{([^{}\\]*)\}/g, (_, over, under) => `${grouped(over)}/${grouped(under)}`],
  [/\\sqrt\s*\{([^{}\\]*)\}/g, (_, root) => `√${grouped(root)}`],
  [/\\textsuperscript\s*\{([^{}\\]*)\}/g, '^{$1}'],
  [/\\textsubscript\s*\{([^{}\\]*)\}/g, '_{$1}'],
  [/\\([`'^~=."]|[uvHcdbkr](?![A-Za-z]))\s*(?:\{\s*\\?([A-Za-z])\s*\}|\\([ij])(?![a-z])|([A-Za-z]))/g, accented],
  [/\\([A-Za-z])\{([a-z]+)\}/g, (all, head, tail) => symbols.get(`${head}${tail}`) ?? all],
  ...scripts,
  [/\\(?:[,;:> ]|q?quad(?![a-z])|\\(?:\[[^\]]*\])?)/g, ' '],
  [/\\[!/-]/g, ''],
  [/\\(?![dt]?frac|href|sqrt|footnote|text(?:super|sub)script)([A-Za-z]+)\*?\s*\{([^{}\\]*)\}/g, unwrapped],
  [/(?<=([\p{L}\p{N}]|))\\([A-Za-z]+)(?![A-Za-z]|\s*\{)/gu, (_, before, name) => printed(before, name)],
  [/\\[()[\]]/g, ''],
];

/** Commands within commands are followed so far; nobody writes deeper. */
const deepest = 20;

/** Backslashes that no command explains, as where a closing brace was lost. */
const unexplained: Rule[] = [
  [/\\(?:text|math)[a-z]*\s*\{/g, ''],
  [/\\(?:emph|underline)\s*\{/g, ''],
  [/\\/g, ''],
];

/** What stays of TeX after a source has taken its backslashes and dollar signs away. */
const leftovers: Rule[] = [
  [/(https?:\/\/[^\s{}]+)\{([^{}]*)\}/g, (_, url, text) => linked(url, text)],
  [/\b(?:text|math)(?:bf|it|tt|rm|sc|sf|cal|bb)\{([^{}]*)\}?/g, '$1'],
  [/\b(?:emph|underline|operatorname)\{([^{}]*)\}/g, '$1'],
  [/boldsymbol(?=\P{ASCII})/gu, ''],
  [/\{\s*(sim|approx|times|circ|leq|geq|pm|cdot|rightarrow)\s*\}/g, (_, name) => symbol(name)],
  [/(?<![a-z])(?:left|right|leftright)arrow(?![a-z])/g, symbol],
  [/\b(?:leq|geq|approx)(?=\s?\d)/g, symbol],
  [/\bell(?=[\^_])/g, 'ℓ'],
  ...scripts,
  [/\{([\p{L}\p{N}°×∼≈≤≥±→·]+|https?:\/\/[^\s{}]+)\}/gu, '$1'],
  [/\{\s*\}/g, ''],
];

/** Plain text as TeX spells it, and stripped commands that would also fit into an address: not applied to these. */
const typography: Rule[] = [
  [/(?<=\d)times(?![a-z])/g, '×'],
  [/(?<=\d) times (?=\d)/g, ' × '],
  [/\bsim ?(?=\d[\d.,]*(?:[KMBT%+x×]|times)?(?!\p{L}))/gu, '∼'],
  [/(?<=[\d(])pm(?=\d)/g, '±'],
  [/(?<=\P{ASCII}|\s)cdot(?=\s)/gu, '·'],
  [/``|(?<!')''(?!')/g, '"'],
  [/(?<=[\p{L}\p{Sm}).,:;%\]])~(?=[\p{L}\p{N}\p{Sm}(])|(?<=\p{N})~(?=[\p{L}\p{Sm}(])/gu, ' '],
  [/(?<=[\p{L}\p{N})%×])---(?=[\p{L}\p{N}(])/gu, '—'],
  [/(?<=[\p{L}\p{N})%×])--(?=[\p{L}\p{N}(])/gu, '–'],
];

/**
 * Makes readable text of TeX, whole or half stripped: commands give way to what they print, unknown ones to their argument
 * or name; what is no TeX stays.
 */
export function texToText(text: string): string {
  let plain = text.includes('$') ? withoutDollars(text) : text;
  if (plain.includes('\\')) plain = apply(unexplained, settled(commands, plain));
  return apply(leftovers, plain)
    .split(/(https?:\/\/\S+)/)
    .map((part, at) => (at % 2 === 0 ? apply(typography, part) : part))
    .join('');
}

function withoutDollars(text: string): string {
  // A command at the end must not grow together with the word after the formula.
  const ended = (inner: string) => inner.replace(/\\[A-Za-z]+$/, '$&{}');
  return text
    .replace(symbolic, (_, inner: string) => ended(inner))
    .replace(formula, (all, inner: string) => (mathematical.test(inner) ? ended(inner) : all));
}

function apply(rules: Rule[], text: string): string {
  return rules.reduce(
    (result, [pattern, by]) => (typeof by === 'string' ? result.replace(pattern, by) : result.replace(pattern, by)),
    text,
  );
}

function settled(rules: Rule[], text: string): string {
  let result = text;
  for (let depth = 0; depth < deepest; depth++) {
    const next = apply(rules, result);
    if (next === result) break;
    result = next;
  }
  return result;
}

function symbol(name = ''): string {
  return symbols.get(name) ?? name;
}

function accented(all: string, accent = '', braced?: string, dotless?: string, bare?: string): string {
  const letter = braced ?? dotless ?? bare;
  const mark = accents.get(accent);
  return letter && mark ? letter + mark : all;
}

function unwrapped(_: string, name = '', argument = ''): string {
  if (silent.has(name)) return argument;
  if (symbols.has(name)) return argument === '' ? symbol(name) : `${symbol(name)}{${argument}}`;
  return argument || name;
}

function printed(before = '', name = ''): string {
  if (silent.has(name)) return '';
  if (symbols.has(name)) return symbol(name);
  return before === '' ? name : ` ${name}`;
}

function linked(url = '', text = ''): string {
  const words = text.trim();
  if (words === '' || /^https?:/.test(words)) return url;
  return url === '' ? words : `${words} (${url})`;
}

function grouped(text = ''): string {
  return /^[\p{L}\p{N}.]*$/u.test(text) ? text : `(${text})`;
}
