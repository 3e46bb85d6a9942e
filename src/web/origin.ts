import type { Request } from 'express';

/**
 * Whether a page of another site sent this. What tells no origin is taken, because pages that tell no referrer, as ours, send
 * "null". https://fetch.spec.whatwg.org/#origin-header
 */
export function isFromElsewhere(req: Request, baseUrl: string): boolean {
  if (req.get('sec-fetch-site') === 'cross-site') return true;
  const origin = req.get('origin');
  if (origin === undefined || !URL.canParse(origin)) return false;
  return !isOwn(origin, req, baseUrl);
}

/**
 * Whether this comes from a page of this site, or from no browser at all: a browser tells the origin of whatever changes something,
 * and sends a password along that it was once given, whichever page asks. The page has to let its origin be told
 * (`Referrer-Policy: same-origin`).
 */
export function isFromHere(req: Request, baseUrl: string): boolean {
  const site = req.get('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin';
  const origin = req.get('origin');
  return origin === undefined || (URL.canParse(origin) && isOwn(origin, req, baseUrl));
}

function isOwn(origin: string, req: Request, baseUrl: string): boolean {
  return [req.get('host'), new URL(baseUrl).host].includes(new URL(origin).host);
}
