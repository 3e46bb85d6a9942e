import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { parseConfig } from '../../src/config.js';
import { type Context, openContext } from '../../src/context.js';
import { findRestored } from '../../src/database/high-water-mark.js';
import { resumeAfterRestore } from '../../src/digests/after-restore.js';
import { deliver } from '../../src/digests/deliver.js';
import { planDue } from '../../src/digests/plan.js';
import { RefusalBudget } from '../../src/digests/refusal-budget.js';
import { loadDigestTemplates } from '../../src/digests/templates.js';
import { createDatabase } from '../helpers/context.js';
import { runProgram } from '../helpers/program.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { startSmtpServer, type TestSmtpServer } from '../helpers/smtp-server.js';

const yesterday = new Date('2026-02-03T12:00:00Z');
const today = new Date('2026-02-04T12:00:00Z');
const tomorrow = new Date('2026-02-05T12:00:00Z');

let server: TestSmtpServer;
let dataDir: string;
let url: string;
let drops: (() => Promise<void>)[];
beforeEach(async () => {
  server = await startSmtpServer();
  dataDir = await mkdtemp(join(tmpdir(), 'offprint-restored-'));
  const made = await createDatabase();
  url = made.url;
  drops = [made.drop];
});
afterEach(async () => {
  await server.close();
  for (const drop of drops) await drop();
  await rm(dataDir, { recursive: true });
});

/** Works in a database at an instant, as a process does that starts then and ends again. */
async function at<Result>(now: Date, database: string, work: (ctx: Context) => Promise<Result>): Promise<Result> {
  const config = parseConfig({ DATABASE_URL: database, DATA_DIR: dataDir, LOG_LEVEL: 'silent' });
  const ctx = await openContext(config, () => now);
  try {
    return await work(ctx);
  } finally {
    await ctx.db.close();
  }
}

const send = async (ctx: Context) => {
  const templates = await loadDigestTemplates();
  const refusals = new RefusalBudget();
  return deliver({ ctx, relays: [server.relay], templates, refusals }, new AbortController().signal);
};
const plan = (ctx: Context) => planDue(ctx, ctx.clock());
const day = async (ctx: Context) => {
  await plan(ctx);
  return send(ctx);
};
/** How many mails each paper came in. */
const papersSent = async () => {
  const texts = (await server.parsed()).map(({ text }) => text ?? '');
  return ['Of yesterday', 'Of today', 'Of tomorrow'].map(
    (title) => texts.filter((text) => text.includes(title)).length,
  );
};
const listPaper = (ctx: Context, listed: string, title: string) => makePaper(ctx.db.prisma, listed, { title });

/** Restores a dump: a database with what this one holds now. @returns its address */
async function dump(): Promise<string> {
  const name = `dump_${drops.length}_${process.pid}_${Date.now()}`;
  const client = new pg.Client(inject('clusterUrl'));
  await client.connect();
  await client.query(`create database ${name} template ${new URL(url).pathname.slice(1)}`);
  await client.end();
  drops.push(async () => {
    const admin = new pg.Client(inject('clusterUrl'));
    await admin.connect();
    await admin.query(`drop database ${name} with (force)`);
    await admin.end();
  });
  return url.replace(/[^/]+$/, name);
}

/** A dump of yesterday, and a digest that was sent since. */
async function sentSinceTheDump(): Promise<string> {
  await at(yesterday, url, async (ctx) => {
    await makeSubscriber(ctx.db.prisma);
    await listPaper(ctx, '2026-02-02', 'Of yesterday');
    expect(await day(ctx)).toMatchObject({ sent: 1 });
  });
  const copy = await dump();
  await at(today, url, async (ctx) => {
    await listPaper(ctx, '2026-02-03', 'Of today');
    expect(await day(ctx)).toMatchObject({ sent: 1 });
  });
  return copy;
}

describe('row 27: a database that is restored from yesterday’s dump', () => {
  it('holds plans and deliveries, and says why and how to go on', async () => {
    const copy = await sentSinceTheDump();
    const held = /^The database is an older copy: .* "offprint digests resume --help" tells how to go on$/;
    await at(today, copy, async (ctx) => {
      await expect(plan(ctx)).rejects.toThrow(held);
      await expect(send(ctx)).rejects.toThrow(held);
    });
    const env = { DATABASE_URL: copy, DATA_DIR: dataDir, LOG_LEVEL: 'fatal' };
    const { status, stdout, stderr } = await runProgram(['plan'], env);
    expect({ status, stdout, stderr: stderr.trim() }).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(held),
    });
    const stats = await runProgram(['stats', '--json'], env);
    expect(JSON.parse(stats.stdout)).toMatchObject({
      restored: { copyAt: expect.any(String), seenAt: expect.any(String) },
    });
    expect(server.mails).toHaveLength(2);
  });

  it('goes on, on an operator’s word, with what comes from now on: no paper comes twice', async () => {
    const copy = await sentSinceTheDump();
    await at(today, copy, async (ctx) => {
      // Read anew from its list, as the command does first.
      await listPaper(ctx, '2026-02-03', 'Of today');
      const restored = await findRestored(ctx);
      expect(await resumeAfterRestore(ctx, restored ?? expect.fail('it is held'), false)).toEqual({ dropped: 0 });
      expect(await day(ctx)).toMatchObject({ sent: 0 });
    });
    await at(tomorrow, copy, async (ctx) => {
      await listPaper(ctx, '2026-02-04', 'Of tomorrow');
      expect(await day(ctx)).toMatchObject({ sent: 1 });
    });
    expect(await papersSent()).toEqual([1, 1, 1]);
  });

  it('does not send what waited when it was dumped, and was sent since', async () => {
    await at(yesterday, url, async (ctx) => {
      await makeSubscriber(ctx.db.prisma);
      await listPaper(ctx, '2026-02-02', 'Of yesterday');
      await plan(ctx);
    });
    const copy = await dump();
    await at(yesterday, url, async (ctx) => expect(await send(ctx)).toMatchObject({ sent: 1 }));
    await at(yesterday, copy, async (ctx) => {
      await expect(send(ctx)).rejects.toThrow('older copy');
      const restored = await findRestored(ctx);
      expect(await resumeAfterRestore(ctx, restored ?? expect.fail('it is held'), false)).toEqual({ dropped: 1 });
      expect(await day(ctx)).toMatchObject({ sent: 0 });
      expect(await ctx.db.prisma.digest.findMany({ select: { status: true, lastReply: true } })).toEqual([
        { status: 'expired', lastReply: 'not sent again: it may have been sent before the database was restored' },
      ]);
    });
    expect(await papersSent()).toEqual([1, 0, 0]);
  });

  it('sends what may have been sent already where that is wanted', async () => {
    const copy = await sentSinceTheDump();
    const env = { DATABASE_URL: copy, DATA_DIR: dataDir, LOG_LEVEL: 'fatal' };
    const { status, stdout } = await runProgram(['digests', 'resume', '--send-again', '--json'], env);
    expect({ status, report: JSON.parse(stdout) }).toEqual({ status: 0, report: { dropped: 0 } });
    await at(today, copy, async (ctx) => {
      await listPaper(ctx, '2026-02-03', 'Of today');
      expect(await day(ctx)).toMatchObject({ sent: 1 });
    });
    expect(await papersSent()).toEqual([1, 2, 0]);
  });

  it('is left alone by the command while a source of papers cannot be read', async () => {
    const copy = await sentSinceTheDump();
    const env = { DATABASE_URL: copy, DATA_DIR: dataDir, LOG_LEVEL: 'fatal', PAPER_SOURCES: 'file:/no/such/file' };
    const { status, stderr } = await runProgram(['digests', 'resume'], env);
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('Nothing goes on yet') });
    await at(today, copy, (ctx) => expect(plan(ctx)).rejects.toThrow('older copy'));
  });
});

describe('no database is held', () => {
  it('that is the one that this machine has worked with', async () => {
    await sentSinceTheDump();
    await at(today, url, async (ctx) => expect(await findRestored(ctx)).toBeNull());
    const env = { DATABASE_URL: url, DATA_DIR: dataDir, LOG_LEVEL: 'fatal' };
    const { status, stderr } = await runProgram(['digests', 'resume'], env);
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('Nothing is held') });
  });

  it('that is another one, or one of which this machine has seen nothing', async () => {
    const copy = await sentSinceTheDump();
    const file = join(dataDir, 'high-water-marks.json');
    const marks = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ '01a224c3-345e-737b-bf69-aeba4455e5e2': Object.values(marks)[0] }));
    await at(today, copy, async (ctx) => expect(await findRestored(ctx)).toBeNull());
    await rm(file);
    await at(today, copy, async (ctx) => expect(await findRestored(ctx)).toBeNull());
  });

  it('where the file with the marks is damaged; the next delivery makes it whole', async () => {
    const copy = await sentSinceTheDump();
    const file = join(dataDir, 'high-water-marks.json');
    await writeFile(file, '{');
    await at(today, copy, async (ctx) => {
      await listPaper(ctx, '2026-02-03', 'Of today');
      expect(await day(ctx)).toMatchObject({ sent: 1 });
    });
    expect(Object.values(JSON.parse(await readFile(file, 'utf8')))).toEqual([
      { reached: expect.any(Number), reachedAt: expect.any(String) },
    ]);
  });
});
