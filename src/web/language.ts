import { parseCookie } from 'cookie';
import { type RequestHandler, type Response, Router } from 'express';
import type { Context } from '../context.js';
import { defaultLanguage, type Language, languageNames, languages } from '../languages/language.js';
import { type Texts, textsIn } from '../languages/texts.js';
import { bodyOf } from './forms.js';

const cookieName = 'language';
const yearMs = 365 * 86_400_000;

/** Answers in the language that a visitor has chosen, or else in the one that their browser likes best. */
export const chooseLanguage: RequestHandler = (req, res, next) => {
  res.vary('Accept-Language').vary('Cookie');
  const chosen = languageOf(parseCookie(req.get('cookie') ?? '')[cookieName]);
  const liked = languageOf(req.acceptsLanguages(languages));
  speak(res, chosen ?? liked ?? defaultLanguage);
  next();
};

/** Answers in this language from here on. */
export function speak(res: Response, language: Language): void {
  res.locals['texts'] = textsIn(language);
  res.set('Content-Language', language);
}

/** The texts that a request is answered in. */
export function textsOf(res: Response): Texts {
  return (res.locals['texts'] as Texts | undefined) ?? textsIn(defaultLanguage);
}

/** The languages that a page can be had in beside its own. */
export function otherLanguages(own: Language) {
  return languages
    .filter((language) => language !== own)
    .map((language) => ({ language, name: languageNames[language] }));
}

function languageOf(value: unknown): Language | undefined {
  return languages.find((language) => language === value);
}

/** Choosing a language: of the pages that are for everybody, because a subscriber's own are in the one of the subscription. */
export function languageRoutes(ctx: Pick<Context, 'config'>): Router {
  const { baseUrl } = ctx.config.web;
  const router = Router();
  router.post('/language', (req, res) => {
    const { language, back } = bodyOf(req.body);
    const chosen = languageOf(language);
    if (chosen)
      res.cookie(cookieName, chosen, {
        maxAge: yearMs,
        httpOnly: true,
        sameSite: 'lax',
        secure: baseUrl.startsWith('https:'),
      });
    res.redirect(303, pathIn(baseUrl, back));
  });
  return router;
}

/** An address as a path of this site; that of the front page for any other. */
function pathIn(baseUrl: string, address: unknown): string {
  if (typeof address !== 'string' || !URL.canParse(address, baseUrl)) return '/';
  const { origin, pathname, search } = new URL(address, baseUrl);
  // A path that begins with two slashes would be read as another site.
  return origin === new URL(baseUrl).origin ? pathname.replace(/^\/+/, '/') + search : '/';
}
