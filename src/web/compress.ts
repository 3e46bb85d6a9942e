import compression from 'compression';
import type { RequestHandler } from 'express';

/**
 * Compresses what is the same for everybody. A page behind a token stays as it is: its length would tell of its secrets to whoever can
 * put text of theirs into it (BREACH, https://breachattack.com).
 */
export const compressPublic: RequestHandler = compression({
  filter: (req, res) => {
    const isPublic = String(res.getHeader('Cache-Control') ?? '').startsWith('public');
    return isPublic && compression.filter(req, res);
  },
});
