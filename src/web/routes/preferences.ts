import { type Response, Router } from 'express';
import { type LastWeek, LastWeekIndex, lookAtLastWeek } from '../../digests/last-week.js';
import { type Interests, interestFields, mostInterests } from '../../interests/interests.js';
import type { Access } from '../../subscribers/access.js';
import { maskAddress } from '../../subscribers/address.js';
import { type FieldError, fieldErrors } from '../../subscribers/field-error.js';
import { historyLinks, subscriberLinks } from '../../subscribers/links.js';
import { mostPapers, preferencesOf, preferencesSchema, savePreferences } from '../../subscribers/preferences.js';
import { withAccess } from '../access.js';
import { timeZoneChoices, topicChoices, topicSlugs } from '../choices.js';
import { wantsJson } from '../errors.js';
import { type Body, bodyOf, given, linesOf, listOf, numberOf, typed } from '../forms.js';
import { sendPage } from '../page.js';
import { privatePage } from '../security.js';
import type { Site } from '../site.js';

const interestNames = Object.keys(interestFields) as (keyof Interests)[];

/** A subscriber's own page: what they get, when, and how much of it. */
export function preferencesRoutes(site: Site): Router {
  const { ctx } = site;
  const lastWeekIndex = new LastWeekIndex();
  const router = Router();
  router.use('/preferences', privatePage);

  router.get(
    '/preferences/:token',
    withAccess(site, 'preferences', async ({ subscriber }, res, req) => {
      const preferences = preferencesOf(subscriber);
      const lastWeek = await lookAtLastWeek(ctx.db.prisma, lastWeekIndex, preferences, ctx.clock());
      if (req.accepts(['html', 'json']) === 'json') return void res.json({ ...preferences, lastWeek });
      sendForm(ctx, res, 200, subscriber, {
        fields: { ...preferences },
        saved: req.query['saved'] !== undefined,
        lastWeek,
      });
    }),
  );

  router.post(
    '/preferences/:token',
    withAccess(site, 'preferences', async ({ subscriber }, res, req) => {
      const body = bodyOf(req.body);
      const fields = req.is('json')
        ? { ...preferencesOf(subscriber), ...body }
        : readForm(body, preferencesOf(subscriber));
      const parsed = preferencesSchema(topicSlugs, ctx.timeZones, ctx.clock(), preferencesOf(subscriber)).safeParse(
        fields,
      );
      if (!parsed.success) {
        const errors = fieldErrors(parsed.error);
        if (wantsJson(req)) return void res.status(422).json({ errors });
        return sendForm(ctx, res, 422, subscriber, { fields, errors });
      }
      await savePreferences(ctx, subscriber.id, parsed.data);
      if (wantsJson(req))
        res.json({
          ...parsed.data,
          lastWeek: await lookAtLastWeek(ctx.db.prisma, lastWeekIndex, parsed.data, ctx.clock()),
        });
      else res.redirect(303, `/preferences/${String(req.params['token'])}?saved=1`);
    }),
  );
  return router;
}

/** A form leaves out what is not ticked, and has only text. One that has no field for interests leaves them as they are. */
function readForm(body: Body, stored: Interests): Body {
  return {
    ...body,
    topics: listOf(body['topics']),
    ...Object.fromEntries(interestNames.map((name) => [name, linesOf(body[name] ?? stored[name])])),
    hour: numberOf(body['hour']),
    papersPerDigest: numberOf(body['papersPerDigest']),
    pausedUntil: given(body['pausedUntil']) ?? null,
  };
}

function sendForm(
  ctx: Site['ctx'],
  res: Response,
  status: number,
  subscriber: Access['subscriber'],
  shown: { fields: Body; errors?: FieldError[]; saved?: boolean; lastWeek?: LastWeek },
): void {
  const { fields, errors = [], saved = false, lastWeek = null } = shown;
  const links = subscriberLinks(ctx, subscriber);
  const preferences = new URL(links.preferences).pathname;
  const topics = listOf(fields['topics']);
  sendPage(res, status, 'preferences', {
    address: maskAddress(subscriber.email),
    status: subscriber.status,
    saved,
    fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, typed(value)])),
    mostInterests,
    topics: topicChoices(Array.isArray(topics) ? topics : []),
    timeZones: timeZoneChoices(ctx.timeZones, typed(fields['timezone'])),
    mostPapers,
    lastWeek,
    warnings: lastWeek?.warnings ?? [],
    errors: Object.fromEntries(errors.map(({ field, message }) => [field, message])),
    links: {
      preferences,
      unsubscribe: new URL(links.unsubscribe).pathname,
      history: new URL(historyLinks(ctx, subscriber).history).pathname,
    },
  });
}
