import { Router } from 'express';
import { utcDay } from '../../calendar-day.js';
import { previewPapers } from '../../digests/editions.js';
import { chooseWelcome } from '../../digests/plan.js';
import { countedOf } from '../../digests/wording.js';
import { topicSlugs } from '../choices.js';
import { wantsJson } from '../errors.js';
import { listOf } from '../forms.js';
import { textsOf } from '../language.js';
import { sendPage } from '../page.js';
import { paperView } from '../paper-view.js';
import { publicPage } from '../security.js';
import type { Site } from '../site.js';
import { subscribeForm } from '../subscribe-form.js';

const papersShown = 8;

/** What somebody with these topics would have got today: for the form to show before anybody signs up. */
export function sampleRoutes(site: Site): Router {
  const { ctx } = site;
  const router = Router();
  router.get('/sample', publicPage, async (req, res) => {
    const given = listOf(req.query['topics']);
    const topics = (Array.isArray(given) ? given : []).filter((slug) => topicSlugs.includes(slug));
    const { prisma } = ctx.db;
    const day = utcDay(ctx.clock());
    const chosen = await chooseWelcome(prisma, day, { topics, interests: null, count: papersShown });
    const texts = textsOf(res);
    const matched = chosen?.reckoning.matched ?? 0;
    const offered = chosen?.reckoning.offered ?? 0;
    if (wantsJson(req))
      return void res.json({ topics, matched, offered, text: texts.t('subscribe.matching', { matched, offered }) });
    const papers = chosen ? await previewPapers(prisma, chosen.choices) : [];
    const { counted, match } = countedOf(
      texts,
      papers.length,
      chosen && { ...chosen.reckoning, ...unknown },
      topics.length === 0,
    );
    sendPage(res, 200, 'sample', {
      form: await subscribeForm(texts, site, { topics }),
      said: chosen
        ? `${`${counted} ${match}`.trim().replace(/^./u, (letter) => letter.toUpperCase())}.`
        : texts.t('sample.nothing'),
      papers: papers.map(({ paper, topics: why }) => paperView(texts, { ...paper, day, why })),
    });
  });
  return router;
}

const unknown = { samples: false, outside: null };
