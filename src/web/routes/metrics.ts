import { BlockList, isIPv4 } from 'node:net';
import { type Request, type RequestHandler, Router } from 'express';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { findRestored } from '../../database/high-water-mark.js';
import { collectStats } from '../../digests/stats.js';
import { plainAddress } from '../client-network.js';
import type { Site } from '../site.js';

/** From where Prometheus asks: this machine and private networks (RFC 1918, RFC 4193, RFC 4291 §2.5.6). */
const internal = new BlockList();
internal.addSubnet('127.0.0.0', 8);
internal.addSubnet('10.0.0.0', 8);
internal.addSubnet('172.16.0.0', 12);
internal.addSubnet('192.168.0.0', 16);
internal.addAddress('::1', 'ipv6');
internal.addSubnet('fc00::', 7, 'ipv6');
internal.addSubnet('fe80::', 10, 'ipv6');

/**
 * Whether a request comes from an internal network, and through no proxy: behind one all seem to. How many subscribe is the
 * operator's to know.
 */
function isInternal(req: Request): boolean {
  const throughProxy = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some((name) => name in req.headers);
  const address = plainAddress(req.socket.remoteAddress ?? '');
  return !throughProxy && internal.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

/** What `stats` tells, as metrics of this moment. */
async function databaseMetrics(ctx: Site['ctx']): Promise<Registry> {
  const { subscribers, papers, digests, oldestWaitingSeconds, outage } = await collectStats(ctx.db.prisma, ctx.clock());
  const registry = new Registry();
  const gauge = (name: string, help: string, value: number) =>
    new Gauge({ name: `offprint_${name}`, help, registers: [registry] }).set(value);
  const byStatus = (name: string, help: string, counts: Record<string, number>) => {
    const each = new Gauge({ name: `offprint_${name}`, help, labelNames: ['status'], registers: [registry] });
    for (const [status, count] of Object.entries(counts)) each.set({ status }, count);
  };
  byStatus('subscribers', 'Subscribers, by status.', subscribers);
  byStatus('digests', 'Planned digests, by status.', digests);
  gauge('papers', 'Papers.', papers.total);
  if (papers.newest)
    gauge(
      'papers_newest_day_timestamp_seconds',
      'The newest day that lists papers.',
      Date.parse(papers.newest) / 1_000,
    );
  gauge(
    'oldest_waiting_digest_seconds',
    'How long ago the oldest queued digest was planned; 0 where none is queued.',
    oldestWaitingSeconds ?? 0,
  );
  gauge('mail_outage', 'Whether no relay takes mail, so that sending pauses.', outage ? 1 : 0);
  const restored = await findRestored(ctx);
  gauge('held_after_restore', 'Whether the database is an older copy, so that nothing is sent.', restored ? 1 : 0);
  return registry;
}

/** What an operator watches, for Prometheus: all that `stats` tells, the requests to this process, and the process. */
export class Metrics {
  readonly #ctx: Site['ctx'];
  readonly #registry = new Registry();
  readonly #databaseUp = new Gauge({
    name: 'offprint_database_up',
    help: 'Whether the database answers; while it does not, what it counts is left out.',
    registers: [this.#registry],
  });
  readonly #requests = new Histogram({
    name: 'offprint_http_request_duration_seconds',
    help: 'How long requests took to answer.',
    labelNames: ['method', 'route', 'status'],
    registers: [this.#registry],
  });

  constructor(ctx: Site['ctx']) {
    this.#ctx = ctx;
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Measures each request. Its route is named by its pattern: an address may hold a token. */
  readonly measure: RequestHandler = (req, res, next) => {
    const end = this.#requests.startTimer({ method: req.method });
    res.once('finish', () => end({ route: req.route?.path ?? 'none', status: res.statusCode }));
    next();
  };

  /** All there is to tell, in the text format of Prometheus. */
  async read(): Promise<{ contentType: string; text: string }> {
    const ofDatabase = await databaseMetrics(this.#ctx).catch((error) => {
      this.#ctx.log.warn({ error: (error as Error).message }, 'metrics without those of the database');
      return null;
    });
    this.#databaseUp.set(ofDatabase ? 1 : 0);
    const own = await this.#registry.metrics();
    const text = ofDatabase ? `${own}\n${await ofDatabase.metrics()}` : own;
    return { contentType: this.#registry.contentType, text };
  }
}

/** What Prometheus reads, for whoever asks from an internal network; nobody else finds anything. */
export function metricsRoutes(metrics: Metrics): Router {
  const router = Router();
  router.get('/metrics', async (req, res, next) => {
    if (!isInternal(req)) return next();
    const { contentType, text } = await metrics.read();
    res.set({ 'Cache-Control': 'no-store', 'Content-Type': contentType }).send(text);
  });
  return router;
}
