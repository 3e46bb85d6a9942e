import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { pictureHosts } from '../papers/presentation.js';

/**
 * Headers of every answer. Nothing runs and nothing is loaded from elsewhere but thumbnails; addresses of pages, which may
 * hold a token, are told to nobody.
 * @param https whether the public address is https
 */
export function securityHeaders(https: boolean): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        scriptSrc: ["'self'"],
        // The form asks how many papers match.
        connectSrc: ["'self'"],
        imgSrc: ["'self'", ...pictureHosts.flatMap((host) => [`https://${host}`, `https://*.${host}`])],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    // Other sites on subdomains are the operator's to decide about.
    strictTransportSecurity: https && { maxAge: 31_536_000, includeSubDomains: false },
  });
}

/** For pages behind a token: no cache keeps them and no search engine lists them. */
export const privatePage: RequestHandler = (_req, res, next) => {
  res.set({ 'Cache-Control': 'no-store', 'X-Robots-Tag': 'noindex, nofollow' });
  next();
};

/** For pages that are the same for everybody: kept for a minute, and then asked for again by their ETag. */
export const publicPage: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'public, max-age=60');
  next();
};
