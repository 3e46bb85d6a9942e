import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { isDatabaseUnavailable } from '../database/unavailable.js';
import type { TextKey } from '../languages/texts.js';
import type { Logger } from '../log.js';
import { textsOf } from './language.js';
import { sendPage } from './page.js';

interface Problem {
  status: number;
  heading: TextKey;
  message: TextKey;
  /** Offers to mail a new link. */
  lost?: boolean;
  /** Offers to search. */
  search?: boolean;
}

/** Whether the client asked in JSON, or for it. */
export function wantsJson(req: Request): boolean {
  return req.is('json') === 'json' || req.accepts(['html', 'json']) === 'json';
}

/** Tells a problem as a page, or as JSON to whom speaks it. */
function sendProblem(req: Request, res: Response, { status, heading, message, ...offers }: Problem): void {
  const { t } = textsOf(res);
  if (wantsJson(req)) res.status(status).json({ error: t(message) });
  else sendPage(res, status, 'message', { heading: t(heading), message: t(message), ...offers });
}

/** The one answer to a link that does not work. It does not tell why: forged, revoked and unknown look the same. */
export function sendUnknownLink(req: Request, res: Response): void {
  sendProblem(req, res, {
    status: 404,
    heading: 'error.link.title',
    message: 'error.link',
    lost: true,
  });
}

export function sendForeignForm(req: Request, res: Response): void {
  sendProblem(req, res, {
    status: 403,
    heading: 'subscribe.foreignTitle',
    message: 'subscribe.foreign',
  });
}

export const notFound: RequestHandler = (req, res) =>
  sendProblem(req, res, {
    status: 404,
    heading: 'error.page.title',
    message: 'error.page',
    search: true,
  });

/** The last resort: what went wrong is logged, with a token in the path left out, and the reader is told no detail. */
export function errorHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    if (res.headersSent) return next(error);
    const status = requestStatus(error);
    if (status !== null) {
      return sendProblem(req, res, {
        status,
        heading: 'error.request.title',
        message: badRequests[status] ?? 'error.request',
      });
    }
    const path = req.path.replace(/^(\/\w+\/)[^/]{20,}/, '$1…');
    const unavailable = isDatabaseUnavailable(error);
    log.error({ method: req.method, path, error: errorMessage(error, unavailable) }, 'a request failed');
    if (!unavailable) {
      return sendProblem(req, res, {
        status: 500,
        heading: 'error.ours.title',
        message: 'error.ours',
      });
    }
    res.set('Retry-After', '30');
    sendProblem(req, res, {
      status: 503,
      heading: 'error.database.title',
      message: 'error.database',
    });
  };
}

const badRequests: Record<number, TextKey> = {
  413: 'error.tooLarge',
  415: 'error.format',
};

/** The status of an error that Express and its body parsers raise about a request; null for one of ours. */
function requestStatus(error: unknown): number | null {
  const status = error instanceof Error && 'status' in error ? Number(error.status) : Number.NaN;
  return status >= 400 && status < 500 ? status : null;
}

function errorMessage(error: unknown, short: boolean): string {
  if (!(error instanceof Error)) return String(error);
  return short ? error.message.replace(/\s+/g, ' ').trim() : (error.stack ?? error.message);
}
