import type { RequestHandler } from 'express';
import type { Secret } from '../secret.js';
import { basicLogin } from './http-basic.js';
import { sendPage } from './page.js';
import type { PasswordLimit } from './rate-limits.js';
import { sameSecret } from './same-secret.js';
import type { Site } from './site.js';

/**
 * Asks for the operator's password, by HTTP Basic authentication (RFC 7617), whatever the user is called. A new password counts at
 * once, because nothing else is kept of who knew the old one. A network has few tries.
 */
export function requirePassword(
  { ctx }: Pick<Site, 'ctx'>,
  password: Secret<string>,
  limit: PasswordLimit,
): RequestHandler {
  return async (req, res, next) => {
    const login = basicLogin(req.get('authorization'));
    if (login !== null) {
      const ip = req.ip ?? '';
      const seconds = await limit.take(ip);
      if (seconds !== null) {
        res.set('Retry-After', String(seconds));
        return sendPage(res, 429, 'message', {
          heading: 'Too many wrong passwords',
          message: `Try again in ${Math.ceil(seconds / 60)} minutes.`,
        });
      }
      if (sameSecret(login.slice(login.indexOf(':') + 1), password.reveal())) {
        await limit.giveBack(ip);
        return next();
      }
      ctx.log.warn('a wrong password was given for /admin');
    }
    res.set('WWW-Authenticate', 'Basic realm="Offprint", charset="UTF-8"');
    sendPage(res, 401, 'message', {
      heading: 'This page needs a password',
      message: 'It is the one that ADMIN_PASSWORD holds. Any user name will do.',
    });
  };
}
