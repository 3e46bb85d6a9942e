import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config.js';
import { openContext } from '../../src/context.js';
import { findCluster } from '../../src/database/embedded/cluster.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../../src/database/embedded/embedded.js';
import { findServer } from '../../src/database/embedded/server.js';
import { projectPath } from '../../src/project.js';
import { seedTopics } from '../../src/topics/vocabulary.js';
import { type TestContext, useContext } from '../helpers/context.js';
import { startProgram } from '../helpers/program.js';
import { type KeptMail, startSmtpServer } from '../helpers/smtp-server.js';
import { account, type Cell, prepare } from './cell.js';
import { type DatabaseProxy, startDatabaseProxy } from './database-proxy.js';

const context = useContext();
const cell: Cell = { failpoint: 'after 250', signal: 'SIGTERM', workers: 1, policy: 'hold', nth: 1 };
/** With `--rounds` there is time for outages as they are; else they are shorter. */
const isLongRun = Number(process.env['FAULT_ROUNDS'] ?? 0) > 0;
const timeout = isLongRun ? 900_000 : 120_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offprint-outages-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Delivers, and lets `happen` go wrong once so many mails have been taken. */
async function deliverThrough(
  happen: (world: Awaited<ReturnType<typeof startWorld>>) => Promise<void>,
  ctx: TestContext = context(),
  databaseUrl = ctx.db.url,
): Promise<void> {
  await prepare(ctx, cell);
  const world = await startWorld(ctx, databaseUrl, 50);
  const program = startProgram(['deliver', '--until-idle'], {
    DATABASE_URL: world.proxy.url,
    DATA_DIR: ctx.config.database.dataDir,
    SMTP_URL: world.smtp.url.replace('127.0.0.1', 'relay.example'),
    SEND_CONNECTIONS: '4',
    SEND_RATE: '100',
    IN_DOUBT: 'hold',
    MAIL_FROM: 'Offprint <digest@example.org>',
    BASE_URL: 'https://papers.example.org',
    LOG_LEVEL: 'fatal',
    NODE_OPTIONS: `--import ${pathToFileURL(projectPath('tests/faults/name-server.js')).href}`,
    NAME_SERVER_DOWN: world.nameServerDown,
  });
  program.stdout?.resume();
  program.stderr?.pipe(process.stderr);
  const ended = once(program, 'exit');
  try {
    await world.reached;
    await happen(world);
    expect((await ended)[0]).toBe(0);
    expect(await account(ctx, cell, world.kept())).toMatchObject({ lost: 0, doubled: 0, inDoubt: 0 });
    const attempts = await ctx.db.prisma.digest.groupBy({ by: ['status', 'attempts'], _count: true });
    expect(attempts).toEqual([{ status: 'sent', attempts: 1, _count: 400 }]);
  } finally {
    program.kill('SIGKILL');
    world.proxy.close();
    await world.smtp.close();
  }
}

async function startWorld(ctx: TestContext, databaseUrl: string, mailsBefore: number) {
  const proxy = await startDatabaseProxy(databaseUrl, null);
  const nameServerDown = join(folder, 'name-server-down');
  let seen = 0;
  let reach = () => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const first = await startSmtpServer({
    on: ({ step }) => {
      if (step === 'dot' && ++seen === mailsBefore) reach();
      return undefined;
    },
  });
  const kept: KeptMail[][] = [first.mails];
  /** Waits until all connections are between two mails: what is on its way when a relay goes nobody can know. */
  const pause = async () => {
    await ctx.db.pool.query("update send_rate set next_at = clock_timestamp() + interval '2 seconds'");
    await sleep(1_500);
  };
  const world = {
    proxy,
    smtp: first,
    reached,
    nameServerDown,
    kept: () => kept.flat(),
    /** The relay is gone, and comes back at the same address. */
    restartRelay: async (goneMs: number) => {
      await pause();
      await world.smtp.close();
      await sleep(goneMs);
      world.smtp = await startSmtpServer({ port: first.port });
      kept.push(world.smtp.mails);
    },
    /** The relay ends its connections, and nobody knows its address for a while. */
    stopNameServer: async (goneMs: number) => {
      await pause();
      await writeFile(nameServerDown, '');
      world.smtp.dropConnections();
      await sleep(goneMs);
      await rm(nameServerDown);
    },
  };
  return world;
}

describe('nothing is lost, doubled or in doubt, and no attempt is used up, when', { timeout }, () => {
  it('row 22: the database is gone for a while right after mails were taken', async () => {
    await deliverThrough(async ({ proxy }) => {
      proxy.cut();
      await sleep(isLongRun ? 600_000 : 10_000);
      proxy.resume();
    });
  });

  it('the database hangs for thirty seconds', async () => {
    await deliverThrough(async ({ proxy }) => {
      proxy.freeze();
      await sleep(30_000);
      proxy.resume();
    });
  });

  it('row 23: the disk of PostgreSQL is full for a while: nothing more is claimed, and so nothing sent', async () => {
    const { pool } = context().db;
    await deliverThrough(async ({ kept }) => {
      // What PostgreSQL says when a table cannot grow.
      await pool.query(`
        create function disk_is_full() returns trigger language plpgsql as $$
          begin
            raise exception using errcode = 'disk_full', message = 'could not extend file: No space left on device';
          end $$;
        create trigger disk_is_full before update on digests for each statement execute function disk_is_full()`);
      try {
        await sleep(1_000);
        const taken = kept().length;
        await sleep(isLongRun ? 60_000 : 6_000);
        expect(kept()).toHaveLength(taken);
      } finally {
        await pool.query('drop trigger disk_is_full on digests; drop function disk_is_full()');
      }
    });
  });

  it('the relay is gone for a while', async () => {
    await deliverThrough(({ restartRelay }) => restartRelay(isLongRun ? 120_000 : 12_000));
  });

  it('the name of the relay is unknown for a while', async () => {
    await deliverThrough(({ stopNameServer }) => stopNameServer(isLongRun ? 120_000 : 5_000));
  });
});

describe('row 21: nothing is lost, doubled or in doubt, and no attempt is used up, when', { timeout }, () => {
  let server: EmbeddedDatabase;
  let front: DatabaseProxy;
  let ctx: TestContext;
  beforeAll(async () => {
    server = await openEmbeddedDatabase(folder);
    front = await startDatabaseProxy(server.url, null);
    const config = parseConfig({ DATABASE_URL: front.url, DATA_DIR: folder, LOG_LEVEL: 'silent' });
    const time = { now: new Date() };
    ctx = { ...(await openContext(config, () => time.now)), time, expectsLog: () => {} };
    await seedTopics(ctx.db.prisma);
  });
  afterAll(async () => {
    await ctx.db.close();
    front.close();
    await server.release();
  });

  it('PostgreSQL is stopped with "immediate", as after a loss of power, and started again', async () => {
    await deliverThrough(
      async ({ proxy }) => {
        const running = await findServer(await findCluster(folder));
        process.kill(running?.pid ?? 0, 'SIGQUIT');
        await sleep(3_000);
        expect(await findServer(await findCluster(folder))).toBeNull();
        server = await openEmbeddedDatabase(folder);
        for (const each of [proxy, front]) each.resume(server.url);
      },
      ctx,
      server.url,
    );
  });
});
