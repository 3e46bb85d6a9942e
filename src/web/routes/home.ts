import { Router } from 'express';
import type { Texts } from '../../languages/texts.js';
import { countListed, holdsOnlySamples, listPapers, newestDay } from '../../papers/store.js';
import { textsOf } from '../language.js';
import { paperView } from '../paper-view.js';
import { publicPage } from '../security.js';
import type { Site } from '../site.js';
import { subscribeForm } from '../subscribe-form.js';

const papersShown = 8;

/** The front page: the subscribe form, and what it is about. */
export function homeRoutes(site: Site): Router {
  const router = Router();
  router.get('/', publicPage, (_req, res) => site.sharedPages.send(res, 'home', () => viewOf(site, textsOf(res))));
  return router;
}

/** What the page shows. */
async function viewOf(site: Site, texts: Texts) {
  const db = site.ctx.db.prisma;
  const day = await newestDay(db);
  const papers = day ? await listPapers(db, { day, sort: 'trending', limit: papersShown }) : [];
  return {
    form: await subscribeForm(texts, site),
    day: day && { iso: day, long: texts.date(day, 'long') },
    papers: papers.map((paper) => paperView(texts, paper)),
    all: day ? await countListed(db, day) : 0,
    samples: await holdsOnlySamples(db),
  };
}
