import { type Request, Router } from 'express';
import { castVotes, readBallot, type VoteChoice } from '../../digests/votes.js';
import type { Access } from '../../subscribers/access.js';
import { translatedTopic } from '../../topics/topic-name.js';
import { withAccess } from '../access.js';
import { sendUnknownLink, wantsJson } from '../errors.js';
import { bodyOf, typed } from '../forms.js';
import { textsOf } from '../language.js';
import { sendPage } from '../page.js';
import { privatePage } from '../security.js';
import type { Site } from '../site.js';

const votes: readonly VoteChoice[] = ['more', 'less', 'none'];

/**
 * What the reader of a digest wants more of, or less. The link of a mail only opens the page, with its vote preselected and all papers of
 * that digest to vote on at once; the button votes.
 */
export function feedbackRoutes(site: Site): Router {
  const { prisma } = site.ctx.db;
  const router = Router();
  router.use('/feedback', privatePage);
  const ballotOf = ({ subscriber, subject }: Access) =>
    subject.about === undefined ? [] : readBallot(prisma, subscriber.id, subject.about);

  router.get(
    '/feedback/:token',
    withAccess(site, 'feedback', async (access, res, req) => {
      const ballot = await ballotOf(access);
      if (ballot.length === 0) return sendUnknownLink(req, res);
      if (wantsJson(req)) return void res.json({ papers: ballot });
      const asked = Number(req.query['paper']);
      const vote = voteIn(req.query['vote']);
      const texts = textsOf(res);
      const papers = ballot.map((paper, i) => ({
        ...paper,
        topics: paper.topics.map((name) => translatedTopic(texts, name)),
        vote: vote && i + 1 === asked ? vote : paper.vote,
      }));
      sendPage(res, 200, 'feedback', { papers, asked, saved: req.query['saved'] !== undefined });
    }),
  );

  router.post(
    '/feedback/:token',
    withAccess(site, 'feedback', async (access, res, req) => {
      const ballot = await ballotOf(access);
      if (ballot.length === 0) return sendUnknownLink(req, res);
      const choices = choicesIn(req, ballot);
      await prisma.$transaction((tx) => castVotes(tx, access.subscriber.id, choices, site.ctx.clock()));
      if (wantsJson(req)) return void res.json({ papers: await ballotOf(access) });
      res.redirect(303, `/feedback/${String(req.params['token'])}?saved=1`);
    }),
  );
  return router;
}

function voteIn(value: unknown): VoteChoice | undefined {
  return votes.find((vote) => vote === value);
}

/**
 * The votes of a form, which has one for each paper by its number ("vote-3"), or of whoever asks for one paper alone: `paper`, its
 * number, and `vote`, in the body or, as in the link of a mail, in the address.
 */
function choicesIn(req: Request, ballot: readonly { paperId: number }[]) {
  const body = bodyOf(req.body);
  const one = Number(typed(body['paper'] ?? req.query['paper']));
  const vote = voteIn(body['vote'] ?? req.query['vote']);
  return ballot.flatMap(({ paperId }, i) => {
    const given = voteIn(body[`vote-${i + 1}`]) ?? (one === i + 1 ? vote : undefined);
    return given ? [{ paperId, vote: given }] : [];
  });
}
