import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { Logger } from '../log.js';
import { sendPage } from './page.js';

interface Problem {
  status: number;
  heading: string;
  message: string;
}

/** Whether the client asked in JSON, or for it. */
export function wantsJson(req: Request): boolean {
  return req.is('json') === 'json' || req.accepts(['html', 'json']) === 'json';
}

/** Tells a problem as a page, or as JSON to whom speaks it. */
function sendProblem(req: Request, res: Response, { status, heading, message }: Problem): void {
  if (wantsJson(req)) res.status(status).json({ error: message });
  else sendPage(res, status, 'problem', { heading, message });
}

/** The one answer to a link that does not work. It does not tell why: forged, revoked and unknown look the same. */
export function sendUnknownLink(req: Request, res: Response): void {
  sendProblem(req, res, {
    status: 404,
    heading: 'This link does not work',
    message:
      'It may have been cut short when it was copied, or replaced by a newer one. Please open the link in the newest mail.',
  });
}

export const notFound: RequestHandler = (req, res) =>
  sendProblem(req, res, { status: 404, heading: 'Page not found', message: 'There is no page at this address.' });

/** The last resort: what went wrong is logged, with a token in the path left out, and the reader is told no detail. */
export function errorHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    if (res.headersSent) return next(error);
    const status = requestStatus(error);
    if (status !== null) {
      return sendProblem(req, res, {
        status,
        heading: 'That did not work',
        message: badRequests[status] ?? badRequest,
      });
    }
    const path = req.path.replace(/^(\/\w+\/)[^/]{20,}/, '$1…');
    const unavailable = isDatabaseError(error);
    log.error({ method: req.method, path, error: errorMessage(error, unavailable) }, 'a request failed');
    if (!unavailable) {
      return sendProblem(req, res, {
        status: 500,
        heading: 'Something went wrong',
        message: 'It has been noted. Please try again later.',
      });
    }
    res.set('Retry-After', '30');
    sendProblem(req, res, {
      status: 503,
      heading: 'Back in a moment',
      message: 'The database cannot be reached right now. Please try again in a minute.',
    });
  };
}

const badRequest = 'The request could not be understood.';
const badRequests: Record<number, string> = {
  413: 'The request is too large.',
  415: 'The request is in a format that is not read here.',
};

/** The status of an error that Express and its body parsers raise about a request; null for one of ours. */
function requestStatus(error: unknown): number | null {
  const status = error instanceof Error && 'status' in error ? Number(error.status) : Number.NaN;
  return status >= 400 && status < 500 ? status : null;
}

/** Errors of PostgreSQL (SQLSTATE), of the connection to it, and Prisma's of either. */
function isDatabaseError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return (
    /^PrismaClient(KnownRequest|UnknownRequest|Initialization|RustPanic)Error$/.test(error.constructor.name) ||
    error.name === 'DriverAdapterError' ||
    /^([0-9A-Z]{5}|P\d{4}|ECONN\w+|ETIMEDOUT|ENOTFOUND|EPIPE)$/.test(code) ||
    /connection terminated|timeout exceeded when trying to connect/i.test(error.message)
  );
}

function errorMessage(error: unknown, short: boolean): string {
  if (!(error instanceof Error)) return String(error);
  return short ? error.message.replace(/\s+/g, ' ').trim() : (error.stack ?? error.message);
}
