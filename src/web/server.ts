import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import express from 'express';
import type { Context } from '../context.js';
import { projectPath } from '../project.js';
import { compressPublic } from './compress.js';
import { errorHandler, notFound } from './errors.js';
import { chooseLanguage, languageRoutes } from './language.js';
import type { SiteFacts } from './page.js';
import { createProofOfWork } from './proof-of-work.js';
import { createCodeLimit, createNoticeLimit, createSignUpLimit } from './rate-limits.js';
import { aboutRoutes } from './routes/about.js';
import { adminRoutes } from './routes/admin.js';
import { confirmRoutes } from './routes/confirm.js';
import { digestRoutes } from './routes/digest.js';
import { feedbackRoutes } from './routes/feedback.js';
import { feedRoutes } from './routes/feeds.js';
import { healthRoutes } from './routes/health.js';
import { historyRoutes } from './routes/history.js';
import { homeRoutes } from './routes/home.js';
import { Metrics, metricsRoutes } from './routes/metrics.js';
import { papersRoutes } from './routes/papers.js';
import { personalDataRoutes } from './routes/personal-data.js';
import { preferencesRoutes } from './routes/preferences.js';
import { sampleRoutes } from './routes/sample.js';
import { subscribeRoutes } from './routes/subscribe.js';
import { unsubscribeRoutes } from './routes/unsubscribe.js';
import { webhookRoutes } from './routes/webhooks.js';
import { securityHeaders } from './security.js';
import { SharedPages } from './shared-pages.js';
import type { Site } from './site.js';
import { createTopicCounts } from './topic-counts.js';

/**
 * The web site, as a listener for a server's requests.
 * @param isStopping whether the process is about to end, which /readyz tells
 */
export function createWebApp(ctx: Context, isStopping: () => boolean = () => false): express.Express {
  const site: Site = {
    ctx,
    limit: createSignUpLimit(ctx),
    noticeLimit: createNoticeLimit(ctx),
    codeLimit: createCodeLimit(ctx),
    proofOfWork: createProofOfWork(ctx),
    topicCounts: createTopicCounts(ctx),
    sharedPages: new SharedPages(ctx),
    isStopping,
  };
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', ctx.config.web.trustProxy);
  app.set('query parser', 'simple');
  const facts: SiteFacts = { operator: ctx.config.operator, baseUrl: ctx.config.web.baseUrl };
  app.locals['site'] = facts;
  app.use(securityHeaders(ctx.config.web.baseUrl.startsWith('https:')));
  const metrics = new Metrics(ctx);
  app.use(metrics.measure, healthRoutes(site), metricsRoutes(metrics));
  app.use(compressPublic);
  // What a browser solves tasks with, as it comes.
  app.use(
    '/assets/altcha',
    express.static(dirname(fileURLToPath(import.meta.resolve('altcha-lib'))), { index: false }),
  );
  app.use('/assets', express.static(projectPath('templates/pages/assets'), { index: false, maxAge: '1h' }));
  app.use(chooseLanguage);
  // Before the bodies are read: whatever a mail program sends along, unsubscribing works.
  app.use(unsubscribeRoutes(site), webhookRoutes(site));
  app.use(express.urlencoded({ extended: false, limit: '20kb', parameterLimit: 200 }));
  app.use(express.json({ limit: '20kb' }));
  app.use(homeRoutes(site), papersRoutes(site), sampleRoutes(site), subscribeRoutes(site), confirmRoutes(site));
  app.use(feedRoutes(site), aboutRoutes(), languageRoutes(ctx));
  app.use(personalDataRoutes(site), preferencesRoutes(site), digestRoutes(site), historyRoutes(site));
  app.use(feedbackRoutes(site), adminRoutes(site));
  app.use(notFound);
  app.use(errorHandler(ctx.log));
  return app;
}
