import { type Request, type Response, Router } from 'express';
import { findNewestDigest, findSharedDigest } from '../../digests/history.js';
import { findNextHour } from '../../digests/next-hour.js';
import { planWelcome } from '../../digests/plan.js';
import { dayName, rhythmOf, whenOf } from '../../digests/wording.js';
import { storedLanguage } from '../../languages/language.js';
import type { Texts } from '../../languages/texts.js';
import type { Access } from '../../subscribers/access.js';
import { type Address, maskAddress, parseAddress } from '../../subscribers/address.js';
import { openByCode } from '../../subscribers/confirmation-code.js';
import { subscriberLinks } from '../../subscribers/links.js';
import { type Consent, confirm, findSignUp, isExpired, renewConfirmation } from '../../subscribers/sign-up.js';
import { withAccess } from '../access.js';
import { topicChoices } from '../choices.js';
import { clientNetworks } from '../client-network.js';
import { sendUnknownLink, wantsJson } from '../errors.js';
import { bodyOf, typed } from '../forms.js';
import { speak, textsOf } from '../language.js';
import { sendPage } from '../page.js';
import { paperView } from '../paper-view.js';
import { privatePage } from '../security.js';
import type { Site } from '../site.js';
import { sentPage } from './subscribe.js';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Confirming an address: mail scanners follow the link, so that only the button on its page confirms, or the code in the mail. */
export function confirmRoutes(site: Site): Router {
  const { ctx, limit, codeLimit } = site;
  const router = Router();
  router.use(['/confirm', '/subscribe/code'], privatePage);

  router.get(
    '/confirm/:token',
    withAccess(site, 'confirm', async (access, res, req) => {
      await speakAsAsked(res, access);
      if (isExpired(access, ctx.clock())) return sendExpired(req, res, access);
      const offer = await offerOf(ctx, textsOf(res), access);
      sendPage(res, 200, 'confirm', { address: maskAddress(access.subscriber.email), offer });
    }),
  );

  router.post(
    '/confirm/:token',
    withAccess(site, 'confirm', async (access, res, req) => {
      await speakAsAsked(res, access);
      if (isExpired(access, ctx.clock())) return sendExpired(req, res, access);
      await sendConfirmed(req, res, access);
    }),
  );

  router.post('/subscribe/code', async (req, res) => {
    const body = bodyOf(req.body);
    const signUpId = typed(body['request']);
    const parsed = parseAddress(typed(body['email']));
    if (!uuid.test(signUpId) || !parsed.ok) return sendUnknownLink(req, res);
    const mayTry = await codeLimit(signUpId);
    const access = mayTry ? await openByCode(ctx, signUpId, typed(body['code'])) : null;
    if (access) {
      await speakAsAsked(res, access);
      return sendConfirmed(req, res, access);
    }
    const problem = textsOf(res).t(mayTry ? 'check.wrongCode' : 'check.tooManyTries');
    if (wantsJson(req)) return void res.status(422).json({ errors: [{ field: 'code', message: problem }] });
    sendPage(res, 422, 'check-mail', sentPage(site, parsed.address, signUpId, problem));
  });

  router.post(
    '/confirm/:token/again',
    withAccess(site, 'confirm', async (access, res, req) => {
      await speakAsAsked(res, access);
      if (!(await limit(req.ip ?? '', access.subscriber.email as Address))) await renewConfirmation(ctx, access);
      sendPage(res, 202, 'message', {
        heading: textsOf(res).t('site.checkMailbox'),
        message: textsOf(res).t('confirmed.again'),
      });
    }),
  );

  /** Somebody who signed up gets answers in the language that they did so in. */
  async function speakAsAsked(res: Response, access: Access): Promise<void> {
    const { language } = (await findSignUp(ctx.db.prisma, access)) ?? access.subscriber;
    speak(res, storedLanguage.parse(language));
  }

  /** When the next digest may come. */
  async function nextOf(texts: Texts, { id, timezone }: { id: number; timezone: string }): Promise<string | null> {
    const next = await findNextHour(ctx.db.prisma, id, ctx.clock());
    return next && whenOf(texts, next, ctx.clock(), timezone);
  }

  /** Confirms, and shows the first digest. */
  async function sendConfirmed(req: Request, res: Response, access: Access): Promise<void> {
    const texts = textsOf(res);
    const { confirmed, welcome } = await activate(ctx, access, {
      text: await offerOf(ctx, texts, access),
      network: clientNetworks(req.ip ?? '')[0] ?? '',
    });
    if (confirmed === 'refused') return sendUnknownLink(req, res);
    const { preferences } = subscriberLinks(ctx, access.subscriber);
    if (wantsJson(req)) return void res.json({ status: 'active', welcome, preferences });
    const { prisma } = ctx.db;
    const subscriber = await prisma.subscriber.findUniqueOrThrow({ where: { id: access.subscriber.id } });
    const newest = await findNewestDigest(prisma, subscriber.id);
    const digest = newest === null ? null : await findSharedDigest(prisma, newest);
    sendPage(res, 200, 'confirmed', {
      confirmed,
      welcome,
      preferences: new URL(preferences).pathname,
      rhythm: rhythmOf(texts, subscriber),
      next: await nextOf(texts, subscriber),
      topics: subscriber.topics.length,
      day: digest && dayName(texts, digest.day),
      papers:
        digest?.papers.map(({ paper, topics }) => paperView(texts, { ...paper, day: digest.day, why: topics })) ?? [],
    });
  }

  return router;
}

/** What the page says that somebody confirms on. */
async function offerOf(ctx: Site['ctx'], texts: Texts, access: Access): Promise<string> {
  const { topics, timezone } = (await findSignUp(ctx.db.prisma, access)) ?? access.subscriber;
  const names = topicChoices(texts, topics).flatMap(({ name, chosen }) => (chosen ? name : []));
  const choice = names.length > 0 ? names.join(', ') : texts.t('confirm.trending');
  return texts.t('confirm.offer', { choice, place: timezone.replaceAll('_', ' ') });
}

/** Activates and plans the first digest, both or none. */
function activate(ctx: Site['ctx'], access: Access, consent: Consent) {
  return ctx.db.prisma.$transaction(
    async (tx) => {
      const confirmed = await confirm(tx, ctx, access, consent);
      const welcome = confirmed === 'activated' && (await planWelcome(tx, ctx.clock(), access.subscriber.id));
      return { confirmed, welcome };
    },
    { timeout: 30_000 },
  );
}

function sendExpired(req: Request, res: Response, { subscriber }: Access): void {
  if (wantsJson(req)) res.status(410).json({ error: textsOf(res).t('expired.short') });
  else
    sendPage(res, 410, 'expired', {
      again: `/confirm/${String(req.params['token'])}/again`,
      address: maskAddress(subscriber.email),
    });
}
