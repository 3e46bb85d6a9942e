/**
 * How fast digests are delivered, all included (claim, compose, SMTP, outcome on record), against what the network and the
 * server allow: `npm run bench:deliver -- --mails 20000 --workers 2`. The server is Postfix's smtp-sink and the limit is its
 * smtp-source at the same size, in the same run. Each mail is of 35 to 45 KB and has papers of its own. In a throw-away
 * database; prints a line of JSON. CPU and memory are read from /proc, so it needs Linux, and Debian's package "postfix".
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { findPostfixProgram, startSink } from '../src/bench/sink.js';
import { parseConfig } from '../src/config.js';
import { type Context, openContext } from '../src/context.js';
import { snapshotPapers } from '../src/digests/editions.js';
import { workerNodeOptions } from '../src/heap.js';
import { checkpoint } from './checkpoint.js';

const { values } = parseArgs({
  options: {
    mails: { type: 'string', default: '20000' },
    workers: { type: 'string', default: '2' },
    connections: { type: 'string', default: '10' },
    signed: { type: 'boolean', default: false },
    /** Where the workers write profiles of their CPU. */
    profile: { type: 'string' },
    /** Milliseconds of a round trip to the server. */
    'round-trip': { type: 'string', default: '0' },
  },
});
const [mails, workers, connections] = [values.mails, values.workers, values.connections].map(Number) as [
  number,
  number,
  number,
];
const roundTripMs = Number(values['round-trip']);
const profiling = values.profile ? ['--cpu-prof', `--cpu-prof-dir=${values.profile}`] : [];
const nodeOptions = [...workerNodeOptions, ...profiling];
const papers = 1_500;
const papersPerDigest = 11;

/** Papers with abstracts of real length, no two alike. */
async function makePapers({ db }: Context): Promise<number[]> {
  await db.pool.query(
    `insert into papers (identifier, title, abstract, summary, authors, organization, published_at, upvotes, comments,
       code_url, code_stars, discussion_url, created_at, updated_at)
     select '2602.' || lpad(n::text, 5, '0'), 'On ' || left(words, 70), words, left(words, 200),
       '{Ada Lovelace,Alan Turing,Émilie du Châtelet,Grace Hopper}', 'Institute ' || n % 50, '2026-02-01', n % 200, n % 20,
       'https://github.com/example/' || n, n, 'https://huggingface.co/papers/2602.' || lpad(n::text, 5, '0'), now(), now()
     from generate_series(1, $1::int) n, lateral (
       select string_agg(substr(md5(n::text || '-' || i::text), 1, 3 + (n + i) % 7), ' ') as words from generate_series(1, 170) i
     ) text`,
    [papers],
  );
  const { rows } = await db.pool.query<{ id: number }>('select id from papers');
  const snapshots = await snapshotPapers(
    db.prisma,
    rows.map(({ id }) => id),
    new Date(),
  );
  return [...snapshots.values()];
}

/** Planned digests, each for a subscriber of its own and with a choice of its own. */
async function makeDigests({ db }: Context, snapshots: number[]): Promise<void> {
  await db.pool.query(
    `insert into subscribers (email, email_key, status, created_at, confirmed_at)
     select 's' || n || '@example.org', 's' || n || '@example.org', 'active', now(), now() from generate_series(1, $1::int) n`,
    [mails],
  );
  await db.pool.query(
    `insert into editions (id, paper_ids, snapshot_ids, topics, created_at)
     select md5(n::text)::uuid, chosen.ids, chosen.ids, chosen.topics, now()
     from generate_series(1, $1::int) n, lateral (
       select array_agg(($2::int[])[1 + (n * 31 + i * 97 + n / 7 * i) % $3::int]) as ids,
         jsonb_agg(jsonb_build_array('Topic ' || i % 5, 'Topic ' || n % 40)) as topics
       from generate_series(1, $4::int) i
     ) chosen`,
    [mails, snapshots, snapshots.length, papersPerDigest],
  );
  await db.pool.query(
    `insert into digests (id, subscriber_id, day, edition_id, planned_at, not_before, abstract_length)
     select ('01900000-0000-7000-8000-' || lpad(to_hex(id), 12, '0'))::uuid, id, current_date, md5(id::text)::uuid, now(), now(), 'full'
     from subscribers`,
  );
  await db.pool.query('vacuum analyze');
  await checkpoint(ctx);
}

/** Passes everything on, half a round trip later. */
async function slowLink(to: number, oneWayMs: number): Promise<Server> {
  const later = (from: Socket, into: Socket) => {
    from.on('data', (chunk) => setTimeout(() => into.write(chunk), oneWayMs));
    from.on('end', () => setTimeout(() => into.end(), oneWayMs));
    from.on('error', () => into.destroy());
  };
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: to, host: '127.0.0.1', noDelay: true });
    later(near, far);
    later(far, near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const ticksPerSecond = 100;

/** CPU seconds of a process and its ended children, and its largest resident memory in MB. */
function usage(pid: number): { cpu: number; peakMb: number } {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
      .map(Number);
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
    const cpu = fields.slice(11, 15).reduce((sum, ticks) => sum + ticks, 0) / ticksPerSecond;
    return { cpu, peakMb: Math.round(Number(peak) / 1_000) };
  } catch {
    return { cpu: 0, peakMb: 0 };
  }
}

/** A process and all below it. */
function family(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [
          [
            Number(name),
            Number(
              readFileSync(`/proc/${name}/stat`, 'utf8')
                .replace(/^.*\) /, '')
                .split(' ')[1],
            ),
          ] as const,
        ];
      } catch {
        return [];
      }
    });
  const below = (id: number): number[] => [
    id,
    ...parents.flatMap(([child, parent]) => (parent === id ? below(child) : [])),
  ];
  return below(pid);
}

/** Mails a second of smtp-source over as many sessions as we have, each for many mails. */
async function limit(port: number, size: number): Promise<number> {
  const started = performance.now();
  const arguments_ = [
    '-d',
    '-s',
    `${workers * connections}`,
    '-l',
    `${size}`,
    '-m',
    `${mails}`,
    '-f',
    'a@example.org',
    '-t',
    'b@example.org',
  ];
  const [code] = await once(
    spawn(findPostfixProgram('smtp-source') ?? 'smtp-source', [...arguments_, `127.0.0.1:${port}`], {
      stdio: 'inherit',
    }),
    'exit',
  );
  if (code !== 0) throw new Error(`smtp-source ended with ${code}`);
  return (mails * 1_000) / (performance.now() - started);
}

/** Runs the workers over all that is planned. */
async function measure(ctx: Context, env: Record<string, string>) {
  const { rows } = await ctx.db.pool.query<{ pid: number }>(`select pg_backend_pid() as pid`);
  const postmaster = Number(
    readFileSync(`/proc/${rows[0]?.pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')[1],
  );
  const started = Array.from({ length: workers }, () =>
    spawn(process.execPath, [...nodeOptions, 'bin/offprint.js', 'deliver'], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    }),
  );
  const ended = Promise.all(started.map((child: ChildProcess) => once(child, 'exit')));
  const count = async () => {
    const { rows } = await ctx.db.pool.query<{ n: number }>(
      `select count(*)::int as n from digests where status in ('queued', 'sending')`,
    );
    return rows[0]?.n ?? 0;
  };
  const pids = () => started.map(({ pid }) => pid ?? 0);
  const snapshot = () => ({
    at: performance.now(),
    ours: pids().reduce((sum, pid) => sum + usage(pid).cpu, 0),
    postgres: family(postmaster).reduce((sum, pid) => sum + usage(pid).cpu, 0),
    peakMb: Math.max(...pids().map((pid) => usage(pid).peakMb)),
  });
  // The start of the processes is not the matter here.
  let open = await count();
  while (open > mails * 0.98) {
    await sleep(20);
    open = await count();
  }
  const first = { ...snapshot(), open };
  let last = snapshot();
  while (open > mails * 0.02) {
    // To count is work for PostgreSQL, which is not to be measured.
    await sleep(250);
    open = await count();
    const seen = snapshot();
    // A process that has ended tells nothing any more.
    if (seen.peakMb > 0) last = { ...seen, peakMb: Math.max(last.peakMb, seen.peakMb) };
  }
  const sent = first.open - open;
  await ended;
  const each = (seconds: number) => Number(((seconds * 1_000) / sent).toFixed(3));
  return {
    perSecond: Math.round((sent * 1_000) / (last.at - first.at)),
    cpuMsEach: each(last.ours - first.ours + last.postgres - first.postgres),
    oursMsEach: each(last.ours - first.ours),
    postgresMsEach: each(last.postgres - first.postgres),
    peakMb: last.peakMb,
    roundTripsEach:
      roundTripMs > 0
        ? Number((((last.at - first.at) * workers * connections) / sent / roundTripMs).toFixed(2))
        : undefined,
  };
}

const dataDir = await mkdtemp(join(tmpdir(), 'offprint-bench-'));
const ctx = await openContext(parseConfig({ DATA_DIR: dataDir, LOG_LEVEL: 'warn' }));
const sink = await startSink();
const { port } = sink;
const link = roundTripMs > 0 ? await slowLink(port, roundTripMs / 2) : null;
try {
  await makeDigests(ctx, await makePapers(ctx));
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const size = 41_000;
  const before = await limit(port, size);
  const report = await measure(ctx, {
    DATA_DIR: dataDir,
    LOG_LEVEL: 'warn',
    MAIL_FROM: 'Offprint <digest@example.org>',
    BASE_URL: 'https://papers.example.org',
    SMTP_URL: `smtp://127.0.0.1:${link ? (link.address() as AddressInfo).port : port}`,
    SEND_CONNECTIONS: `${connections}`,
    ...(values.signed && {
      DKIM_SELECTOR: 'bench',
      DKIM_PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    }),
  });
  const after = await limit(port, size);
  const best = Math.max(before, after);
  const ofLimit = Number((report.perSecond / best).toFixed(2));
  process.stdout.write(
    `${JSON.stringify({ mails, workers, connections, signed: values.signed, limitPerSecond: Math.round(best), ofLimit, ...report })}\n`,
  );
} finally {
  link?.close();
  await sink.stop();
  await ctx.db.close();
  await rm(dataDir, { recursive: true, force: true });
}
