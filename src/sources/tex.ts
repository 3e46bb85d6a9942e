import { accents, silent, superscript, symbols } from './tex-symbols.js';

/** One replacement; above each stands what becomes of an example in the end. */
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
  // 10^{-9} -> 10⁻⁹
  [/\^\s*(?:\{([-+−]?\d+)\}|(\d+))/g, (_, braced, bare) => superscript(braced ?? bare ?? '')],
  // 90^{°} -> 90°
  [/\^(?:\{°\}|°)/g, '°'],
  // x_{ij} -> x_ij
  [/([_^])\{[,;\s]*(?![,;\s])([^{}\s\\]*)\s*\}/g, '$1$2'],
  // 43{,}219 -> 43,219
  [/\{([.,=<>+*/:-]+)\}/g, '$1'],
];

/** What TeX commands print, innermost first: applied until nothing changes. */
const commands: Rule[] = [
  // 50\% -> 50%
  [/\\([%&#_$])/g, '$1'],
  // \"naive\" -> "naive"
  [/(?<![\p{L}])\\"([^\\"]{1,200})\\"(?!\p{L})/gu, '"$1"'],
  // \begin{itemize} -> a space
  [/\\(?:begin|end)\s*\{[^{}]*\}(?:\[[^[\]]*\])?/g, ' '],
  // shown~\cite{x} -> shown
  [/~?\\(?:cite[a-z]*|ref|eqref|label|vspace|hspace|color)\*?\s*(?:\[[^[\]]*\])*\{[^{}]*\}/g, ''],
  // {\em word} -> word
  [/\{\\(?:em|it|bf|tt|sc|rm|sf|sl)\b\s*([^{}]*)\}/g, '$1'],
  // \href{https://a.org}{code} -> code (https://a.org)
  [/\\href\s*\{([^{}]*)\}\s*\{([^{}\\]*)\}/g, (_, url, text) => linked(url, text)],
  // \href{https://a.org{code}} -> code (https://a.org)
  [/\\href\s*\{(https?:[^\s{}]+)\{([^{}]*)\}\}/g, (_, url, text) => linked(url, text)],
  // word\footnote{aside} -> word (aside)
  [/\\footnote\s*\{([^{}]*)\}/g, ' ($1)'],
  // \textcolor{red}{word} -> word
  [/\\(?:textcolor|colorbox)\s*\{[^{}]*\}/g, ''],
  // \frac{a}{b + c} -> a/(b + c)
  [/\\[dt]?frac\s*\{([^{}\\]*)\}\s*\{([^{}\\]*)\}/g, (_, over, under) => `${grouped(over)}/${grouped(under)}`],
  // \sqrt{n} -> √n
  [/\\sqrt\s*\{([^{}\\]*)\}/g, (_, root) => `√${grouped(root)}`],
  // \textsuperscript{2} -> ²
  [/\\textsuperscript\s*\{([^{}\\]*)\}/g, '^{$1}'],
  // \textsubscript{2} -> _2
  [/\\textsubscript\s*\{([^{}\\]*)\}/g, '_{$1}'],
  // G\"{o}del, Erd\H os -> Gödel, Erdős
  [/\\([`'^~=."]|[uvHcdbkr](?![A-Za-z]))\s*(?:\{\s*\\?([A-Za-z])\s*\}|\\([ij])(?![a-z])|([A-Za-z]))/g, accented],
  // \a{lpha} -> α
  [/\\([A-Za-z])\{([a-z]+)\}/g, (all, head, tail) => symbols.get(`${head}${tail}`) ?? all],
  ...scripts,
  // a\,b -> a b
  [/\\(?:[,;:> ]|q?quad(?![a-z])|\\(?:\[[^[\]]*\])?)/g, ' '],
  // hy\-phen -> hyphen
  [/\\[!/-]/g, ''],
  // \textbf{word} -> word
  [/\\(?![dt]?frac|href|sqrt|footnote|text(?:super|sub)script)([A-Za-z]+)\*?\s*\{([^{}\\]*)\}/g, unwrapped],
  // 2\times 3 -> 2× 3
  [/(?<=([\p{L}\p{N}]|))\\([A-Za-z]+)(?![A-Za-z]|\s*\{)/gu, (_, before, name) => printed(before, name)],
  // \(n\) -> n
  [/\\[()[\]]/g, ''],
];

/** Commands within commands are followed so far; nobody writes deeper. */
const deepest = 20;

/** Backslashes that no command explains, as where a closing brace was lost. */
const unexplained: Rule[] = [
  // \textbf{word -> word
  [/\\(?:text|math)[a-z]*\s*\{/g, ''],
  // \emph{word -> word
  [/\\(?:emph|underline)\s*\{/g, ''],
  // \ -> nothing
  [/\\/g, ''],
];

/** What stays of TeX after a source has taken its backslashes and dollar signs away. */
const leftovers: Rule[] = [
  // https://a.org{code} -> code (https://a.org)
  [/(https?:\/\/[^\s{}]+)\{([^{}]*)\}/g, (_, url, text) => linked(url, text)],
  // textbf{word} -> word
  [/\b(?:text|math)(?:bf|it|tt|rm|sc|sf|cal|bb)\{([^{}]*)\}?/g, '$1'],
  // emph{word} -> word
  [/\b(?:emph|underline|operatorname)\{([^{}]*)\}/g, '$1'],
  // boldsymbolα -> α
  [/boldsymbol(?=\P{ASCII})/gu, ''],
  // {sim} -> ∼
  [/\{\s*(sim|approx|times|circ|leq|geq|pm|cdot|rightarrow)\s*\}/g, (_, name) => symbol(name)],
  // a rightarrow b -> a → b
  [/(?<![a-z])(?:left|right|leftright)arrow(?![a-z])/g, symbol],
  // leq 5 -> ≤ 5
  [/\b(?:leq|geq|approx)(?=\s?\d)/g, symbol],
  // ell_1 -> ℓ_1
  [/\bell(?=[\^_])/g, 'ℓ'],
  ...scripts,
  // {α} -> α
  [/\{([\p{L}\p{N}°×∼≈≤≥±→·]+|https?:\/\/[^\s{}]+)\}/gu, '$1'],
  // {} -> nothing
  [/\{\s*\}/g, ''],
];

/** Plain text as TeX spells it, and stripped commands that would also fit into an address: not applied to these. */
const typography: Rule[] = [
  // 3times -> 3×
  [/(?<=\d)times(?![a-z])/g, '×'],
  // 3 times 4 -> 3 × 4
  [/(?<=\d) times (?=\d)/g, ' × '],
  // sim 10 -> ∼10
  [/\bsim ?(?=\d[\d.,]*(?:[KMBT%+x×]|times)?(?!\p{L}))/gu, '∼'],
  // 5pm2 -> 5±2
  [/(?<=[\d(])pm(?=\d)/g, '±'],
  // α cdot β -> α · β
  [/(?<=\P{ASCII}|\s)cdot(?=\s)/gu, '·'],
  // ``word'' -> "word"
  [/``|(?<!')''(?!')/g, '"'],
  // Fig.~1 -> Fig. 1
  [/(?<=[\p{L}\p{Sm}).,:;%\]])~(?=[\p{L}\p{N}\p{Sm}(])|(?<=\p{N})~(?=[\p{L}\p{Sm}(])/gu, ' '],
  // this---that -> this—that
  [/(?<=[\p{L}\p{N})%×])---(?=[\p{L}\p{N}(])/gu, '—'],
  // 10--20 -> 10–20
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
