import cron from 'node-cron';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startClock } from '../../jobs/schedule.js';
import { openContext } from '../../src/context.js';
import { Secret } from '../../src/secret.js';
import { useContext } from '../helpers/context.js';

const context = useContext();
const clocks: (() => Promise<void>)[] = [];
beforeEach(() => context().db.pool.query('delete from graphile_worker._private_jobs'));
afterEach(async () => {
  for (const stop of clocks.splice(0)) await stop();
});

/** A clock whose hours strike only when the test says so: a minute that really begins meanwhile asks for nothing. */
const start = async (ctx = context()) => {
  clocks.push(startClock(ctx));
  for (const task of cron.getTasks().values()) await task.stop();
};
const tasks = (name: string) => [...cron.getTasks().values()].filter((task) => task.name === name);
/** As if its time had come. */
const strike = async (name: string) => {
  for (const task of tasks(name)) await task.execute();
};
const waiting = async () => {
  const { rows } = await context().db.pool.query(
    'select task_identifier as task, key from graphile_worker.jobs order by 1',
  );
  return rows.map(({ task, key }) => `${task} ${key}`);
};

describe('the clock', () => {
  it('asks for papers twice an hour, for plan and delivery every minute, and once a day to forget', async () => {
    await start();
    const minutes = Array.from({ length: 1_440 }, (_, minute) => new Date(Date.UTC(2026, 2, 29) + minute * 60_000));
    const timesADay = (name: string) => minutes.filter((minute) => tasks(name)[0]?.match(minute)).length;
    expect({
      ingest: timesADay('ingest'),
      plan: timesADay('plan'),
      deliver: timesADay('deliver'),
      prune: timesADay('prune'),
    }).toEqual({ ingest: 48, plan: 1_440, deliver: 1_440, prune: 1 });
  });

  it('puts a job in the queue, and does nothing itself', async () => {
    await start();
    for (const name of ['ingest', 'plan', 'deliver', 'prune']) await strike(name);
    expect(await waiting()).toEqual(['deliver deliver-0', 'ingest ingest', 'plan plan', 'prune prune']);
    expect(await context().db.prisma.sourceDay.count()).toBe(0);
  });

  it('has bounces read every minute where there is an inbox for them', async () => {
    await start();
    expect(tasks('bounces')).toEqual([]);
    const config = { ...context().config, bounceInbox: new Secret('imaps://user:password@imap.example.org') };
    await start({ ...context(), config });
    await strike('bounces');
    expect(await waiting()).toEqual(['bounces bounces']);
  });

  it('lets none of plan, papers and forgetting begin while another of its kind still runs', async () => {
    await start();
    for (const name of ['ingest', 'plan', 'deliver', 'prune']) await strike(name);
    const { rows } = await context().db.pool.query(
      'select task_identifier as task, queue_name as queue from graphile_worker.jobs order by 1',
    );
    expect(rows.map(({ task, queue }) => `${task} ${queue}`)).toEqual([
      'deliver null',
      'ingest ingest',
      'plan plan',
      'prune prune',
    ]);
  });

  it('row 20: asks for no job that waits already, however often and however many clocks strike', async () => {
    await start();
    await start();
    expect(tasks('plan')).toHaveLength(2);
    for (let minute = 0; minute < 3; minute++) await strike('plan');
    expect(await waiting()).toEqual(['plan plan']);
  });

  it('goes on when the database cannot be reached', async () => {
    const ctx = await openContext(context().config, context().clock);
    await ctx.db.close();
    context().expectsLog(/could not ask for a job/);
    await start({ ...context(), db: ctx.db });
    await strike('plan');
    expect(await waiting()).toEqual([]);
  });

  it('is silent once it is stopped', async () => {
    await start();
    for (const stop of clocks.splice(0)) await stop();
    expect(cron.getTasks().size).toBe(0);
  });
});
