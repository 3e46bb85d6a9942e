import type { Request, RequestHandler, Response } from 'express';
import { storedLanguage } from '../languages/language.js';
import { type Access, openLink } from '../subscribers/access.js';
import type { Purpose } from '../subscribers/tokens.js';
import { sendUnknownLink } from './errors.js';
import { speak } from './language.js';
import type { Site } from './site.js';

/**
 * A handler behind the link of a mail, whose token is in the path (`:token`).
 * @param handle is called with whom the link is about; to a link that does not work the answer is 404, without a reason
 */
export function withAccess(
  { ctx }: Site,
  purpose: Purpose,
  handle: (access: Access, res: Response, req: Request) => unknown,
): RequestHandler {
  return async (req, res) => {
    const access = await openLink(ctx, purpose, String(req.params['token']));
    if (!access) return sendUnknownLink(req, res);
    // A digest's page is shown around: it is in the language of whoever looks at it.
    if (purpose !== 'digest') speak(res, storedLanguage.parse(access.subscriber.language));
    await handle(access, res, req);
  };
}
