import { escapeUTF8 } from 'entities';
import { Eta } from 'eta';
import type { Response } from 'express';
import { languageMarks, type Texts } from '../languages/texts.js';
import { projectPath } from '../project.js';
import { otherLanguages, textsOf } from './language.js';

const eta = new Eta({ views: projectPath('templates/pages'), cache: true });

/** What all pages show: who runs the site, and its address. */
export interface SiteFacts {
  operator: { name: string | null; url: string | null };
  baseUrl: string;
}

/** A template of templates/pages, which escapes whatever it is given, as HTML. */
export function renderPage(texts: Texts, template: string, data: object): string {
  const a = (href: string) => `<a href="${escapeUTF8(href)}">`;
  const tags = { b: '<b>', mail: '<span class="address">' };
  const rich = (...[key, values, given]: [Parameters<Texts['rich']>[0], object?, object?]) =>
    texts.rich(key, { ...values }, { ...tags, ...given });
  return eta.render(template, { ...data, ...languageMarks(texts), t: texts.t, rich, a });
}

/** Answers with a page. */
export function sendPage(res: Response, status: number, template: string, data: object = {}): void {
  res.status(status);
  res.type('html').send(renderFor(res, template, data));
}

/** The page of an answer. Of one that is somebody's own, or tells of an error, nothing is said to programs that list pages. */
export function renderFor(res: Response, template: string, data: object): string {
  const { site } = res.app.locals as { site: SiteFacts };
  const isPrivate = res.statusCode >= 400 || res.hasHeader('X-Robots-Tag');
  const texts = textsOf(res);
  const others = { languages: otherLanguages(texts.language), back: res.req.originalUrl };
  return renderPage(texts, template, {
    ...data,
    site,
    path: res.req.path,
    private: isPrivate,
    others: isPrivate || !['GET', 'HEAD'].includes(res.req.method) ? null : others,
  });
}
