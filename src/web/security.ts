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
      directives: { ...restrictive, styleSrc: ["'self'"], scriptSrc: ["'self'"] },
    },
    referrerPolicy: { policy: 'no-referrer' },
    // Other sites on subdomains are the operator's to decide about.
    strictTransportSecurity: https && { maxAge: 31_536_000, includeSubDomains: false },
  });
}

const restrictive = {
  defaultSrc: ["'none'"],
  imgSrc: ["'self'", ...pictureHosts.flatMap((host) => [`https://${host}`, `https://*.${host}`])],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
};

/** For a digest, whose styles stand inline because mail programs want them there. No script can run in it. */
export const mailContent: RequestHandler = helmet.contentSecurityPolicy({
  useDefaults: false,
  directives: { ...restrictive, styleSrc: ["'unsafe-inline'"] },
});

/** For pages behind a token: no cache keeps them and no search engine lists them. */
export const privatePage: RequestHandler = (_req, res, next) => {
  res.set({ 'Cache-Control': 'no-store', 'X-Robots-Tag': 'noindex, nofollow' });
  next();
};
