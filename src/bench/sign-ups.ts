import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import type { Config } from '../config.js';
import type { Context } from '../context.js';
import { projectPath } from '../project.js';
import { addressHashes } from '../subscribers/address-hash.js';
import { seedTopics } from '../topics/vocabulary.js';
import { rounded } from './measured.js';

const kinds = ['new', 'pending', 'active', 'unsubscribed', 'suppressed'] as const;
type Kind = (typeof kinds)[number];

const randomIp = () => Array.from({ length: 4 }, () => 1 + Math.floor(Math.random() * 250)).join('.');

function signUp(url: string, email: string, more: object = {}): Promise<Response> {
  return fetch(`${url}/subscribe`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': randomIp() },
    body: JSON.stringify({ email, topics: ['agents'], ...more }),
  });
}

/** Puts so many addresses of each kind into the database. */
async function prepare({ db, keys }: Context, count: number): Promise<Record<Kind, string[]>> {
  const addresses = (kind: Kind) => Array.from({ length: count }, (_, i) => `${kind}${i}@example.org`);
  for (const kind of ['pending', 'active', 'unsubscribed'] as const) {
    await db.pool.query(
      `insert into subscribers (email, email_key, status, topics, created_at, confirmed_at)
       select email, email, $2::subscriber_status, '{}', now(), now() from unnest($1::text[]) as given (email)`,
      [addresses(kind), kind],
    );
  }
  for (const email of addresses('suppressed')) {
    const [hash] = addressHashes(keys, email);
    await db.pool.query('insert into suppressions (address_hash, reason, created_at) values ($1, $2, now())', [
      hash,
      'complained',
    ]);
  }
  return Object.fromEntries(kinds.map((kind) => [kind, addresses(kind)])) as Record<Kind, string[]>;
}

/** The largest distance between two empirical distributions (Kolmogorov and Smirnov). */
function distance(a: readonly number[], b: readonly number[]): number {
  const share = (values: readonly number[], at: number) => values.filter((value) => value <= at).length / values.length;
  return Math.max(...[...a, ...b].map((at) => Math.abs(share(a, at) - share(b, at))));
}

/** Beyond this two samples of that size are told apart at 1 %. */
const critical = (n: number, m: number) => 1.628 * Math.sqrt((n + m) / (n * m));

const percentile = (values: readonly number[], p: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(p * values.length))] ?? 0;

async function timing(url: string, ctx: Context, count: number, underLoad: boolean) {
  const addresses = await prepare(ctx, count);
  const order = kinds
    .flatMap((kind) => addresses[kind].map((email) => ({ kind, email, at: Math.random() })))
    .sort((a, b) => a.at - b.at);
  const times: Record<Kind, number[]> = { new: [], pending: [], active: [], unsubscribed: [], suppressed: [] };
  let loading = underLoad;
  const load = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (loading) await (await fetch(`${url}/papers`)).arrayBuffer();
    }),
  );
  const work = async () => {
    for (let next = order.pop(); next; next = order.pop()) {
      const started = performance.now();
      const response = await signUp(url, next.email);
      await response.arrayBuffer();
      if (response.status !== 202) throw new Error(`answered ${response.status}`);
      times[next.kind].push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
  loading = false;
  await load;
  const distances = kinds.slice(1).map((kind) => [kind, rounded(distance(times.new, times[kind]))]);
  return {
    medianMs: rounded(
      percentile(
        kinds.flatMap((kind) => times[kind]),
        0.5,
      ),
    ),
    distanceToNew: Object.fromEntries(distances),
    toldApartBeyond: rounded(critical(count, count)),
  };
}

async function flood(url: string, ctx: Context, seconds: number, rss: () => Promise<number>) {
  const until = performance.now() + seconds * 1_000;
  const statuses: Record<number, number> = {};
  const pages: number[] = [];
  const memory: number[] = [];
  let n = 0;
  /** 10,000 a minute, whatever becomes of them. */
  const attack = async () => {
    while (performance.now() < until) {
      const waiting = Array.from({ length: 17 }, () =>
        signUp(url, `flood${n++}@example.org`)
          .then(async (response) => {
            await response.arrayBuffer();
            statuses[response.status] = (statuses[response.status] ?? 0) + 1;
          })
          .catch(() => {}),
      );
      await sleep(100);
      void waiting;
    }
  };
  const visit = async () => {
    while (performance.now() < until) {
      const started = performance.now();
      await (await fetch(`${url}/papers`)).arrayBuffer();
      pages.push(performance.now() - started);
      await sleep(50);
    }
  };
  const watch = async () => {
    while (performance.now() < until) {
      memory.push(await rss());
      await sleep(1_000);
    }
  };
  /** Somebody who means it: what the form's script does. */
  const honest = async () => {
    let got = 0;
    let tries = 0;
    while (performance.now() < until) {
      await sleep(2_000);
      const email = `honest${tries++}@example.com`;
      const first = await signUp(url, email);
      if (first.status === 202) {
        got++;
        continue;
      }
      const { challenge } = (await first.json()) as { challenge: Parameters<typeof solveChallenge>[0]['challenge'] };
      const solution = await solveChallenge({ challenge, deriveKey });
      const altcha = Buffer.from(JSON.stringify({ challenge, solution })).toString('base64');
      if ((await signUp(url, email, { altcha })).status === 202) got++;
    }
    return { tries, got };
  };
  const [, , , honestly] = await Promise.all([attack(), visit(), watch(), honest()]);
  const { rows } = await ctx.db.pool.query('select count(*)::int as n from graphile_worker._private_jobs');
  const third = Math.ceil(memory.length / 3);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length / 1e6;
  return {
    seconds,
    sent: n,
    statuses,
    mails: rows[0]?.n,
    honest: honestly,
    pagesP99Ms: rounded(percentile(pages, 0.99)),
    memoryMb: {
      firstThird: Math.round(mean(memory.slice(0, third))),
      lastThird: Math.round(mean(memory.slice(-third))),
    },
  };
}

/** Does something with the site in a process of its own, so that what measures it takes none of its time. */
async function withSite<Result>(
  ctx: Context,
  settings: Partial<Config['web']>,
  work: (url: string, rss: () => Promise<number>) => Promise<Result>,
): Promise<Result> {
  await seedTopics(ctx.db.prisma);
  const given = JSON.stringify({ trustProxy: 1, ...settings });
  const site = fork(projectPath('dist/src/bench/web-process.js'), [ctx.config.database.dataDir, given]);
  try {
    const [port] = (await once(site, 'message')) as [number];
    return await work(`http://127.0.0.1:${port}`, async () => {
      site.send('rss');
      return ((await once(site, 'message')) as [number])[0];
    });
  } finally {
    const ended = once(site, 'exit');
    site.disconnect();
    await ended;
  }
}

const unlimited = 1_000_000;

/** Whether the time of an answer tells who subscribes, with that many addresses of each kind: on an idle site, and on a busy one. */
export async function benchSignUps(ctx: Context, count: number) {
  const signUpsPerHour = { ...ctx.config.web.signUpsPerHour, perDomain: unlimited, inAll: unlimited };
  return withSite(ctx, { signUpsPerHour }, async (url) => {
    const measureOnce = async (underLoad: boolean) => {
      await ctx.db.pool.query(
        'truncate subscribers, suppressions, confirmation_requests, rate_limits restart identity cascade',
      );
      return timing(url, ctx, count, underLoad);
    };
    return { idle: await measureOnce(false), busy: await measureOnce(true) };
  });
}

/** What 10,000 sign-ups a minute, for that many seconds, do to everybody else. */
export async function benchFlood(ctx: Context, seconds: number) {
  return withSite(ctx, {}, (url, rss) => flood(url, ctx, seconds, rss));
}
