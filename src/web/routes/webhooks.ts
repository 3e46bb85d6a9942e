import express, { Router } from 'express';
import { LRUCache } from 'lru-cache';
import type { Context } from '../../context.js';
import { applyFeedback, type FeedbackResult, findSubject } from '../../digests/feedback.js';
import type { Site } from '../site.js';
import { readMailgun } from '../webhooks/mailgun.js';
import { readPostmark } from '../webhooks/postmark.js';
import { Forged, type ProviderEvent, type WebhookCall } from '../webhooks/provider.js';
import { readSendGrid } from '../webhooks/sendgrid.js';
import { type Amazon, readSes } from '../webhooks/ses.js';

/** Reads the calls of a provider; null where it is not configured. */
type Reader = ((call: WebhookCall, now: Date) => ProviderEvent[] | Promise<ProviderEvent[]>) | null;

/** Bounces and complaints that mail providers tell of. Only what is proven to be theirs is even looked at. */
export function webhookRoutes({ ctx }: Site, amazon: Amazon = openAmazon()): Router {
  const { sesTopics, postmarkLogin, sendgridKey, mailgunKey } = ctx.config.webhooks;
  const readers: Record<string, Reader> = {
    ses: sesTopics && ((call, now) => readSes(call, sesTopics, now, amazon)),
    postmark: postmarkLogin && ((call) => readPostmark(call, postmarkLogin)),
    sendgrid: sendgridKey && ((call, now) => readSendGrid(call, sendgridKey, now)),
    mailgun: mailgunKey && ((call, now) => readMailgun(call, mailgunKey, now)),
  };
  const router = Router();
  // As it came: what is signed is every byte of it. Amazon sends JSON as text/plain.
  router.use('/webhooks', express.raw({ type: () => true, limit: '1mb' }));
  router.post('/webhooks/:provider', async (req, res, next) => {
    const provider = req.params.provider;
    const read = Object.hasOwn(readers, provider) ? readers[provider] : null;
    if (!read) return next();
    const body = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
    try {
      const events = await read({ headers: req.headers, body }, ctx.clock());
      const results = [];
      for (const event of events) results.push(await takeIn(ctx, provider, event));
      res.json({ received: results.length });
    } catch (error) {
      const forged = error instanceof Forged;
      if (!forged && !isUnreadable(error)) throw error;
      ctx.log.warn({ provider, error: (error as Error).message }, 'a webhook was called wrongly');
      res
        .status(forged ? 401 : 400)
        .json({ error: forged ? `This is refused: ${(error as Error).message}.` : 'This cannot be read.' });
    }
  });
  return router;
}

const isUnreadable = (error: unknown) =>
  error instanceof Error && ['ZodError', '$ZodError', 'SyntaxError'].includes(error.name);

/** Acts on an event, unless it was told before. */
async function takeIn(ctx: Context, provider: string, event: ProviderEvent): Promise<FeedbackResult | null> {
  const id = `${provider}:${event.id}`;
  if (await ctx.db.prisma.webhookEvent.findUnique({ where: { id } })) return null;
  const subject = await findSubject(ctx.db.prisma, event.messageId, event.email);
  const result = await applyFeedback(ctx, event.feedback, subject);
  // Afterwards, so that a crash in between loses none: to act twice is to act once.
  await ctx.db.prisma.webhookEvent.createMany({ data: { id, receivedAt: ctx.clock() }, skipDuplicates: true });
  ctx.log.info({ provider, ...event.feedback, ...result }, 'feedback received');
  return result;
}

const fetchMs = 5_000;
const hour = 3_600_000;

function openAmazon(): Amazon {
  // A redirect is an error: it could lead anywhere.
  const fetchText = async (url: string | URL) => {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(fetchMs) });
    if (!response.ok) throw new Error(`Amazon answers ${response.status}`);
    return response.text();
  };
  const certificates = new LRUCache<string, string>({ max: 10, ttl: hour, fetchMethod: (url) => fetchText(url) });
  return {
    certificate: ({ href }) => certificates.forceFetch(href),
    confirmSubscription: async (url) => void (await fetchText(url)),
  };
}
