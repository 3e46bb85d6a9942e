import { type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { findRestored } from '../../database/high-water-mark.js';
import { listDomainPauses } from '../../digests/domain-pauses.js';
import { type LookedUp, lookUpSubscriber } from '../../digests/look-up.js';
import {
  type DigestStatus,
  digestStatuses,
  listDigests,
  type RetryResult,
  retriableStatuses,
  retryDigests,
} from '../../digests/retry.js';
import { collectStats, readPlannedDays } from '../../digests/stats.js';
import { UserError } from '../../errors.js';
import { readSourceStates } from '../../papers/source-states.js';
import { listSuppressions, releaseSuppression } from '../../subscribers/suppressions.js';
import { requirePassword } from '../admin-password.js';
import { sendForeignForm } from '../errors.js';
import { bodyOf, listOf, typed } from '../forms.js';
import { speak } from '../language.js';
import { isFromHere } from '../origin.js';
import { sendPage } from '../page.js';
import { createPasswordLimit } from '../rate-limits.js';
import { privatePage } from '../security.js';
import type { Site } from '../site.js';

/** As many digests or addresses as a page lists. */
const listed = 100;
/** As many days as the overview looks back. */
const days = 7;

/**
 * The operator's pages: what the commands `stats`, `digests`, `subscribers show` and `suppressions` tell and do. They are in
 * English, as the commands and the log. Without ADMIN_PASSWORD there are none.
 */
export function adminRoutes(site: Site): Router {
  const router = Router();
  const { adminPassword, baseUrl } = site.ctx.config.web;
  if (!adminPassword) return router;
  router.use('/admin', inEnglish, privatePage, tellOwnOrigin);
  router.use('/admin', requirePassword(site, adminPassword, createPasswordLimit(site.ctx)));
  router.post(/^\/admin(\/|$)/, (req, res, next) => (isFromHere(req, baseUrl) ? next() : sendForeignForm(req, res)));
  router.use(overview(site), digests(site), subscribers(site), suppressions(site));
  return router;
}

const inEnglish: RequestHandler = (_req, res, next) => {
  speak(res, 'en');
  next();
};

/** To these pages themselves, or their forms could not be told from those of other sites. Their addresses hold no token. */
const tellOwnOrigin: RequestHandler = (_req, res, next) => {
  res.set('Referrer-Policy', 'same-origin');
  next();
};

/** An instant as the pages write it: 2026-02-04 08:00, in UTC. */
const minute = (at: Date): string => at.toISOString().slice(0, 16).replace('T', ' ');

function overview({ ctx }: Site): Router {
  const router = Router();
  router.get('/admin', async (_req, res) => {
    const { prisma } = ctx.db;
    const now = ctx.clock();
    sendPage(res, 200, 'admin/overview', {
      ...(await collectStats(prisma, now)),
      restored: await findRestored(ctx),
      sources: await readSourceStates(prisma, now, days),
      pauses: await listDomainPauses(prisma, now, listed),
      days: await readPlannedDays(prisma, now, days),
      minute,
    });
  });
  return router;
}

function digests({ ctx }: Site): Router {
  const router = Router();
  const { prisma } = ctx.db;
  const show = async (res: Response, status: DigestStatus | null, result: RetryResult | null = null) =>
    sendPage(res, 200, 'admin/digests', {
      ...(await listDigests(prisma, status, listed)),
      status,
      statuses: digestStatuses,
      retriable: retriableStatuses,
      minute,
      result,
    });
  router.get('/admin/digests', (req, res) => show(res, statusOf(req.query['status'])));
  router.post('/admin/digests', async (req, res) => {
    const body = bodyOf(req.body);
    const ids = z.array(z.uuid()).max(listed).catch([]).parse(listOf(body['id']));
    const result = await prisma.$transaction((tx) => retryDigests(tx, ids, ctx.clock()));
    ctx.log.info({ retried: result.retried }, 'digests queued again by the operator');
    await show(res, statusOf(body['status']), result);
  });
  return router;
}

function statusOf(value: unknown): DigestStatus | null {
  return digestStatuses.find((status) => status === value) ?? null;
}

/** One at a time, and by a form: an address in the path would stand in every log on the way. */
function subscribers({ ctx }: Site): Router {
  const router = Router();
  const show = (res: Response, status: number, given: { email?: string; error?: string; found?: LookedUp }) =>
    sendPage(res, status, 'admin/subscribers', { ...given, minute });
  router.get('/admin/subscribers', (_req, res) => show(res, 200, {}));
  router.post('/admin/subscribers', async (req, res) => {
    const email = typed(bodyOf(req.body)['email']).trim();
    try {
      show(res, 200, { email, found: await lookUpSubscriber(ctx, email) });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      show(res, 422, { email, error: error.message });
    }
  });
  return router;
}

function suppressions({ ctx }: Site): Router {
  const router = Router();
  const show = async (res: Response, status: number, given: { email?: string; error?: string; notice?: string }) =>
    sendPage(res, status, 'admin/suppressions', { ...(await listSuppressions(ctx, listed)), ...given });
  router.get('/admin/suppressions', (_req, res) => show(res, 200, {}));
  router.post('/admin/suppressions', async (req, res) => {
    const email = typed(bodyOf(req.body)['email']).trim();
    try {
      const { active } = await releaseSuppression(ctx, email);
      ctx.log.info('a suppressed address was released by the operator');
      const then = active ? 'digests come again' : 'the address can sign up again';
      await show(res, 200, { notice: `${email} is released: ${then}.` });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      await show(res, 422, { email, error: error.message });
    }
  });
  return router;
}
