import { type Response, Router } from 'express';
import { utcDay } from '../../calendar-day.js';
import { localDay } from '../../database/time-zones.js';
import { type LastWeek, LastWeekIndex, lookAtLastWeek } from '../../digests/last-week.js';
import { findNextHour } from '../../digests/next-hour.js';
import { castVotes, readVotes } from '../../digests/votes.js';
import { dayName, rhythmOf, whenOf } from '../../digests/wording.js';
import { interestNames, mostInterests } from '../../interests/interests.js';
import { languageNames } from '../../languages/language.js';
import type { Texts } from '../../languages/texts.js';
import type { Access } from '../../subscribers/access.js';
import { maskAddress } from '../../subscribers/address.js';
import { type FieldError, fieldErrors } from '../../subscribers/field-error.js';
import { historyLinks, subscriberLinks } from '../../subscribers/links.js';
import {
  addTopic,
  mostPapers,
  pause,
  preferencesOf,
  preferencesSchema,
  savePreferences,
} from '../../subscribers/preferences.js';
import { isOneOf, openStatuses } from '../../subscribers/status.js';
import { translatedTopic } from '../../topics/topic-name.js';
import { withAccess } from '../access.js';
import { groupedTopics, timeZoneChoices, topicChoices, topicSlugs } from '../choices.js';
import { wantsJson } from '../errors.js';
import { type Body, bodyOf, given, idOf, linesOf, listOf, numberOf, typed } from '../forms.js';
import { textsOf } from '../language.js';
import { sendPage } from '../page.js';
import { privatePage } from '../security.js';
import type { Site } from '../site.js';

/** What the page says after something was done. */
const notices = ['choice', 'paused', 'resumed', 'topic', 'vote'] as const;

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
      const lastWeek = await lookAtLastWeek(textsOf(res), ctx.db.prisma, lastWeekIndex, preferences, ctx.clock());
      if (req.accepts(['html', 'json']) === 'json') return void res.json({ ...preferences, lastWeek });
      await sendForm(site, res, 200, subscriber, {
        fields: { ...preferences },
        notice: noticeFor(textsOf(res), String(req.query['saved']), subscriber.status),
        offered: topicChoices(textsOf(res), subscriber.topics).find(
          ({ slug, chosen }) => slug === req.query['add'] && !chosen,
        ),
        lastWeek,
      });
    }),
  );

  router.post(
    '/preferences/:token',
    withAccess(site, 'preferences', async ({ subscriber }, res, req) => {
      const body = bodyOf(req.body);
      const stored = preferencesOf(subscriber);
      const fields = req.is('json') ? { ...stored, ...body } : readForm(body, stored);
      const parsed = preferencesSchema(textsOf(res), topicSlugs, ctx.timeZones, ctx.clock(), stored).safeParse(fields);
      if (!parsed.success) {
        const errors = fieldErrors(parsed.error);
        if (wantsJson(req)) return void res.status(422).json({ errors });
        return sendForm(site, res, 422, subscriber, { fields, errors });
      }
      await savePreferences(ctx, subscriber.id, parsed.data);
      if (wantsJson(req))
        res.json({
          ...parsed.data,
          lastWeek: await lookAtLastWeek(textsOf(res), ctx.db.prisma, lastWeekIndex, parsed.data, ctx.clock()),
        });
      else res.redirect(303, `/preferences/${String(req.params['token'])}?saved=choice`);
    }),
  );

  router.post(
    '/preferences/:token/pause',
    withAccess(site, 'preferences', async ({ subscriber }, res, req) => {
      const days = pauses[typed(bodyOf(req.body)['until'])];
      const until = days === undefined ? null : dayAfter(localDay(ctx.clock(), subscriber.timezone), days);
      await pause(ctx, subscriber.id, until);
      res.redirect(303, `/preferences/${String(req.params['token'])}?saved=${until ? 'paused' : 'resumed'}`);
    }),
  );

  router.post(
    '/preferences/:token/topics',
    withAccess(site, 'preferences', async ({ subscriber }, res, req) => {
      const slug = typed(bodyOf(req.body)['add']);
      if (topicSlugs.includes(slug)) await addTopic(ctx, subscriber.id, slug);
      res.redirect(303, `/preferences/${String(req.params['token'])}?saved=topic`);
    }),
  );

  router.post(
    '/preferences/:token/votes',
    withAccess(site, 'preferences', async ({ subscriber }, res, req) => {
      const paperId = idOf(bodyOf(req.body)['paper']);
      if (paperId !== null)
        await ctx.db.prisma.$transaction((tx) =>
          castVotes(tx, subscriber.id, [{ paperId, vote: 'none' }], ctx.clock()),
        );
      res.redirect(303, `/preferences/${String(req.params['token'])}?saved=vote`);
    }),
  );
  return router;
}

function noticeFor({ t }: Texts, saved: string, status: Access['subscriber']['status']): string | null {
  const notice = notices.find((name) => name === saved);
  if (notice === 'choice' && !isOneOf(openStatuses, status)) return t('preferences.saved.ended');
  return notice ? t(`preferences.saved.${notice}`) : null;
}

/** How many days each button pauses for; any other ends a pause. */
const pauses: Record<string, number> = { week: 7, month: 30 };

function dayAfter(day: string, days: number): string {
  return utcDay(new Date(Date.parse(day) + days * 86_400_000));
}

/** A form leaves out what is not ticked, and has only text. What it has no field for stays as it is. */
function readForm(body: Body, stored: ReturnType<typeof preferencesOf>): Body {
  const numbers = (['hour', 'papersPerDigest', 'leastPapers', 'weekDay'] as const).map((name) => [
    name,
    numberOf(body[name] ?? stored[name]),
  ]);
  return {
    ...stored,
    ...body,
    topics: listOf(body['topics']),
    ...Object.fromEntries(interestNames.map((name) => [name, linesOf(body[name] ?? stored[name])])),
    ...Object.fromEntries(numbers),
    pictures: body['pictures'] === undefined ? stored.pictures : listOf(body['pictures'])?.toString().includes('yes'),
    pausedUntil: body['pausedUntil'] === undefined ? stored.pausedUntil : (given(body['pausedUntil']) ?? null),
  };
}

async function sendForm(
  { ctx, topicCounts }: Site,
  res: Response,
  status: number,
  subscriber: Access['subscriber'],
  shown: {
    fields: Body;
    errors?: FieldError[];
    notice?: string | null;
    offered?: { slug: string; name: string } | undefined;
    lastWeek?: LastWeek;
  },
): Promise<void> {
  const { fields, errors = [], notice = null, offered = null, lastWeek = null } = shown;
  const texts = textsOf(res);
  const links = subscriberLinks(ctx, subscriber);
  const past = historyLinks(ctx, subscriber);
  const preferences = new URL(links.preferences).pathname;
  const topics = listOf(fields['topics']);
  sendPage(res, status, 'preferences', {
    address: maskAddress(subscriber.email),
    state: await stateLine(ctx, texts, subscriber),
    notice,
    offered,
    fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, typed(value)])),
    pictures: fields['pictures'] === true,
    mostInterests,
    groups: groupedTopics(texts, Array.isArray(topics) ? topics : [], await topicCounts()),
    timeZones: timeZoneChoices(texts, ctx.timeZones, typed(fields['timezone'])),
    mostPapers,
    lastWeek,
    languages: Object.entries(languageNames),
    weekDays: Array.from({ length: 7 }, (_, i) => texts.date(new Date(Date.UTC(2024, 0, i + 1)), 'weekday')),
    votes: (await readVotes(ctx.db.prisma, subscriber.id)).map(({ topics: names, ...vote }) => ({
      ...vote,
      topics: names.map((name) => translatedTopic(texts, name)),
    })),
    warnings: lastWeek?.warnings ?? [],
    errors: Object.fromEntries(errors.map(({ field, message }) => [field, message])),
    links: {
      preferences,
      unsubscribe: new URL(links.unsubscribe).pathname,
      history: new URL(past.history).pathname,
      feed: new URL(past.feed).pathname,
    },
  });
}

/** One line on how the subscription stands, and what can be done about it. */
async function stateLine(ctx: Site['ctx'], texts: Texts, subscriber: Access['subscriber']) {
  const { id, status, pausedUntil, timezone } = subscriber;
  const now = ctx.clock();
  if (!isOneOf(openStatuses, status)) return { kind: 'ended', text: texts.t('preferences.state.ended') };
  if (status === 'paused' && pausedUntil)
    return { kind: 'paused', text: texts.t('preferences.state.paused', { day: dayName(texts, utcDay(pausedUntil)) }) };
  const next = await findNextHour(ctx.db.prisma, id, now);
  const rhythm = rhythmOf(texts, subscriber);
  const text = next
    ? texts.t('preferences.state.next', { rhythm, when: whenOf(texts, next, now, timezone) })
    : texts.t('preferences.state.active', { rhythm });
  return { kind: 'active', text };
}
