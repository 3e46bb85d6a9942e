import { Router } from 'express';
import { countListed, holdsOnlySamples, listPapers, newestDay } from '../../papers/store.js';
import { textsOf } from '../language.js';
import { sendPage } from '../page.js';
import { paperView } from '../paper-view.js';
import { publicPage } from '../security.js';
import type { Site } from '../site.js';
import { subscribeForm } from '../subscribe-form.js';

const papersShown = 8;

/** The front page: the subscribe form, and what it is about. */
export function homeRoutes(site: Site): Router {
  const { ctx } = site;
  const router = Router();
  router.get('/', publicPage, async (_req, res) => {
    const db = ctx.db.prisma;
    const texts = textsOf(res);
    const day = await newestDay(db);
    const papers = day ? await listPapers(db, { day, sort: 'trending', limit: papersShown }) : [];
    sendPage(res, 200, 'home', {
      form: await subscribeForm(texts, site),
      day: day && { iso: day, long: texts.date(day, 'long') },
      papers: papers.map((paper) => paperView(texts, paper)),
      all: day ? await countListed(db, day) : 0,
      samples: await holdsOnlySamples(db),
    });
  });
  return router;
}
