import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { type Request, type Response, Router } from 'express';
import { likelyMeant } from '../../subscribers/address-typo.js';
import { type FieldError, fieldErrors } from '../../subscribers/field-error.js';
import { signUpSchema } from '../../subscribers/preferences.js';
import { signUp } from '../../subscribers/sign-up.js';
import { topicSlugs } from '../choices.js';
import { sendForeignForm, wantsJson } from '../errors.js';
import { type Body, bodyOf, given, listOf, typed } from '../forms.js';
import { textsOf } from '../language.js';
import { isFromElsewhere } from '../origin.js';
import { sendPage } from '../page.js';
import type { Site } from '../site.js';
import { subscribeForm } from '../subscribe-form.js';

/** A field that people do not see and programs fill in. */
const honeypot = 'website';

/**
 * No sign-up is answered sooner, in milliseconds. The work takes 3 to 12, and some of these tell whether a mail was queued: the wait
 * covers them, and the slow ones, too. With 25 the slowest few still told.
 */
const answerTime = 50;

/** Signing up. The answer is the same for every address: who is subscribed is nobody else's business. */
export function subscribeRoutes(site: Site): Router {
  const { ctx, limit, proofOfWork } = site;
  const router = Router();
  const refuse = async (req: Request, res: Response, body: Body, errors: FieldError[]) => {
    if (wantsJson(req)) res.status(422).json({ errors });
    else sendPage(res, 422, 'subscribe', { form: await subscribeForm(textsOf(res), site, body, errors) });
  };
  router.get('/subscribe', (_req, res) => res.redirect(303, '/#subscribe'));
  router.post('/subscribe', async (req, res) => {
    // It could use the networks of all its visitors.
    if (isFromElsewhere(req, ctx.config.web.baseUrl)) return sendForeignForm(req, res);
    const body = bodyOf(req.body);
    const texts = textsOf(res);
    const parsed = signUpSchema(texts, topicSlugs, ctx.timeZones).safeParse({
      email: given(body['email']),
      topics: listOf(body['topics']),
      timezone: given(body['timezone']),
      language: given(body['language']),
    });
    if (!parsed.success) return refuse(req, res, body, fieldErrors(parsed.error));
    const { email, topics, timezone, language } = parsed.data;
    const request = { address: email, topics, timezone, language };
    const meant = body['sure'] === undefined && !wantsJson(req) ? likelyMeant(email) : null;
    if (meant) return sendPage(res, 200, 'typo', { email, meant, fields: formFields({ ...parsed.data, email: '' }) });
    const isBot = typed(body[honeypot]) !== '';
    if (!isBot) {
      const refusal = (await proofOfWork.accept(body['altcha'])) ? null : await limit(req.ip ?? '', parsed.data.email);
      if (refusal) {
        res.set('Retry-After', String(refusal.seconds));
        const challenge = await proofOfWork.ask();
        const message = texts.t('subscribe.tooMany', { limit: refusal.of, minutes: Math.ceil(refusal.seconds / 60) });
        if (wantsJson(req)) return void res.status(429).json({ errors: [{ field: 'email', message }], challenge });
        const fields = [...formFields(parsed.data), ['sure', 'yes']];
        return sendPage(res, 429, 'challenge', { message, fields, challenge: JSON.stringify(challenge) });
      }
    }
    const [signUpId] = await Promise.all([isBot ? randomUUID() : signUp(ctx, request), setTimeout(answerTime)]);
    if (wantsJson(req)) res.status(202).json({ status: 'accepted', message: texts.t('subscribe.accepted') });
    else sendPage(res, 202, 'check-mail', sentPage(site, parsed.data.email, signUpId));
  });
  return router;
}

/** The page that says where the mail went, and takes the code that is in it. The same for every address. */
export function sentPage({ ctx }: Pick<Site, 'ctx'>, email: string, signUpId: string, problem: string | null = null) {
  const { relays, mailbox, mail, web } = ctx.config;
  const local = relays === null && /^https?:\/\/(localhost|127\.0\.0\.1)[:/]?/.test(web.baseUrl);
  return {
    email,
    signUpId,
    problem,
    from: mail.from.address,
    // Where no mail leaves the machine, the mailbox that catches it.
    mailbox: local && mailbox.port > 0 ? `http://localhost:${mailbox.port}` : null,
  };
}

/** The fields of a form that says the same again. */
function formFields({ email, topics, timezone }: { email: string; topics: string[]; timezone: string }) {
  return [['email', email], ['timezone', timezone], ...topics.map((slug) => ['topics', slug])];
}
