import { describe, expect, it } from 'vitest';
import { openHeartbeat } from '../../src/database/heartbeat.js';
import { addJob } from '../../src/database/queue.js';
import { useContext } from '../helpers/context.js';

const context = useContext();

describe('the jobs of a worker', () => {
  it('are taken back when its process is gone, and only then', async () => {
    const { pool, prisma } = context().db;
    const presence = await openHeartbeat(pool, 0);
    await presence.announce('worker-alive');
    for (const [name, worker] of [
      ['plan', 'worker-alive'],
      ['prune', 'worker-dead'],
    ] as const) {
      await addJob(prisma, name, {}, { key: name });
      await pool.query(
        "update graphile_worker._private_jobs set locked_by = $1, locked_at = now() - interval '1 minute' where key = $2",
        [worker, name],
      );
    }
    const locked = async () => {
      const { rows } = await pool.query(
        'select key from graphile_worker.jobs where locked_at is not null order by key',
      );
      return rows.map(({ key }) => key);
    };
    expect(await presence.freeJobsOfTheDead()).toEqual(['worker-dead']);
    expect(await locked()).toEqual(['plan']);
    await presence.close();
    const survivor = await openHeartbeat(pool, 0);
    await expect.poll(() => survivor.freeJobsOfTheDead()).toEqual(['worker-alive']);
    expect(await locked()).toEqual([]);
    await survivor.close();
  });

  it('stay theirs when the database has dropped every connection: workers make themselves known again', async () => {
    const { pool, prisma } = context().db;
    await pool.query('delete from graphile_worker._private_jobs');
    const heartbeat = await openHeartbeat(pool, 0);
    await heartbeat.announce('worker-alive');
    await addJob(prisma, 'plan', {}, { key: 'plan' });
    await pool.query(
      "update graphile_worker._private_jobs set locked_by = 'worker-alive', locked_at = now() - interval '1 minute'",
    );
    const { rows } = await pool.query<{ pid: number }>(
      'select pid, pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    // They are asked to end, and take a moment for it: until then the old connection still speaks for the worker.
    const ended = () =>
      pool.query('select from pg_stat_activity where pid = any ($1::int[])', [rows.map(({ pid }) => pid)]).then(
        ({ rowCount }) => rowCount,
        () => null,
      );
    await expect.poll(ended).toBe(0);
    await expect.poll(() => heartbeat.freeJobsOfTheDead().catch((error: Error) => error.message)).toEqual([]);
    const other = await openHeartbeat(pool, 0);
    expect(await other.freeJobsOfTheDead()).toEqual([]);
    await other.close();
    await heartbeat.close();
  });

  it('are left alone for a while after a start of the database, so that workers can come back', async () => {
    const { pool, prisma } = context().db;
    await pool.query('delete from graphile_worker._private_jobs');
    await addJob(prisma, 'plan', {}, { key: 'plan' });
    await pool.query(
      "update graphile_worker._private_jobs set locked_by = 'worker-gone', locked_at = now() - interval '1 minute'",
    );
    const heartbeat = await openHeartbeat(pool, 86_400);
    expect(await heartbeat.freeJobsOfTheDead()).toEqual([]);
    await heartbeat.close();
  });

  it('are made known before the last word: to stop at once fails nothing', async () => {
    const heartbeat = await openHeartbeat(context().db.pool, 0);
    const announced = ['one', 'two', 'three'].map((worker) => heartbeat.announce(worker));
    await heartbeat.close();
    expect(await Promise.allSettled(announced)).toEqual(
      announced.map(() => ({ status: 'fulfilled', value: undefined })),
    );
    await heartbeat.announce('too late');
  });
});
