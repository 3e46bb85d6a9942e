import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { useContext } from '../helpers/context.js';
import { startProgram } from '../helpers/program.js';
import { type KeptMail, startSmtpServer } from '../helpers/smtp-server.js';
import { account, type Cell, prepare } from './cell.js';
import { startDatabaseProxy } from './database-proxy.js';

const context = useContext();
const cell: Cell = { failpoint: 'after 250', signal: 'SIGTERM', workers: 1, policy: 'hold', nth: 1 };

/** Delivers, and lets `happen` go wrong once so many mails have been taken. */
async function deliverThrough(
  mailsBefore: number,
  happen: (world: Awaited<ReturnType<typeof startWorld>>) => Promise<void>,
): Promise<void> {
  await prepare(context(), cell);
  const world = await startWorld(mailsBefore);
  const program = startProgram(['deliver', '--until-idle'], {
    DATABASE_URL: world.proxy.url,
    DATA_DIR: context().config.database.dataDir,
    SMTP_URL: world.smtp.url,
    SEND_CONNECTIONS: '4',
    SEND_RATE: '100',
    IN_DOUBT: 'hold',
    MAIL_FROM: 'Offprint <digest@example.org>',
    BASE_URL: 'https://papers.example.org',
    LOG_LEVEL: 'fatal',
  });
  program.stdout?.resume();
  program.stderr?.pipe(process.stderr);
  const ended = once(program, 'exit');
  try {
    await world.reached;
    await happen(world);
    await ended;
    expect(await account(context(), cell, world.kept())).toMatchObject({ lost: 0, doubled: 0, inDoubt: 0 });
    const attempts = await context().db.prisma.digest.groupBy({ by: ['status', 'attempts'], _count: true });
    expect(attempts).toEqual([{ status: 'sent', attempts: 1, _count: 400 }]);
  } finally {
    program.kill('SIGKILL');
    world.proxy.close();
    await world.smtp.close();
  }
}

async function startWorld(mailsBefore: number) {
  const proxy = await startDatabaseProxy(context().db.url, null);
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
  const world = {
    proxy,
    smtp: first,
    reached,
    kept: () => kept.flat(),
    /** The relay is gone, and comes back at the same address. */
    restartRelay: async (goneMs: number) => {
      // Between two mails of a connection: what is on its way when a relay dies nobody can know.
      await context().db.pool.query("update send_rate set next_at = clock_timestamp() + interval '2 seconds'");
      await sleep(1_500);
      await world.smtp.close();
      await sleep(goneMs);
      world.smtp = await startSmtpServer({ port: first.port });
      kept.push(world.smtp.mails);
    },
  };
  return world;
}

describe('nothing is lost, doubled or in doubt, and no attempt is used up, when', () => {
  it('the database is gone for ten seconds', async () => {
    await deliverThrough(50, async ({ proxy }) => {
      proxy.cut();
      await sleep(10_000);
      proxy.resume();
    });
  });

  it('the database hangs for thirty seconds', async () => {
    await deliverThrough(50, async ({ proxy }) => {
      proxy.freeze();
      await sleep(30_000);
      proxy.resume();
    });
  });

  it('the relay is gone for half a minute', async () => {
    await deliverThrough(50, ({ restartRelay }) => restartRelay(30_000));
  });
});
