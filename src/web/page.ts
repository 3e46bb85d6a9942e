import { Eta } from 'eta';
import type { Response } from 'express';
import { projectPath } from '../project.js';

const eta = new Eta({ views: projectPath('templates/pages'), cache: true });

/** What all pages show: who runs the site, and its address. */
export interface SiteFacts {
  operator: { name: string | null; url: string | null };
  baseUrl: string;
}

/** A template of templates/pages, which escapes whatever it is given, as HTML. */
export function renderPage(template: string, data: object): string {
  return eta.render(template, data);
}

/** Answers with a page. Of one that is somebody's own, or tells of an error, nothing is said to programs that list pages. */
export function sendPage(res: Response, status: number, template: string, data: object = {}): void {
  const { site } = res.app.locals as { site: SiteFacts };
  const isPrivate = status >= 400 || res.hasHeader('X-Robots-Tag');
  const page = renderPage(template, { ...data, site, path: res.req.path, private: isPrivate });
  res.status(status).type('html').send(page);
}
