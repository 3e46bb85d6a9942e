import { Eta } from 'eta';
import type { Response } from 'express';
import { projectPath } from '../project.js';

const eta = new Eta({ views: projectPath('templates/pages'), cache: true });

/** Answers with a page: a template of templates/pages, which escapes whatever it is given. */
export function sendPage(res: Response, status: number, template: string, data: object = {}): void {
  res.status(status).type('html').send(eta.render(template, data));
}
