import { decodeHTML } from 'entities';

/** The text of a piece of HTML, as feeds carry it: no tags, no scripts, entities resolved. It is plain text, not safe HTML. */
export function htmlToText(html: string): string {
  const bare = html
    .replace(/<!--.*?(?:-->|$)/gs, '')
    .replace(/<(script|style|template)\b.*?(?:<\/\1\s*>|$)/gis, '')
    .replace(/<\/?(?:a|abbr|b|bdi|cite|code|em|i|mark|q|s|small|span|strong|sub|sup|tt|u)\b[^<>]*>/gi, '')
    .replace(/<\/?[a-z][^<>]*>/gi, ' ');
  return decodeHTML(bare);
}
