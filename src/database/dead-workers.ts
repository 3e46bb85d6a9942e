import type pg from 'pg';

/** Class of the advisory locks by which workers are known to be alive; the second key is a hash of the worker's id. */
const lockClass = 7_461_021;

/** The workers of this process, made known to others for as long as it lives. */
export interface Presence {
  /** Makes a worker of the job engine known. */
  announce(workerId: string): Promise<void>;
  /** Takes the jobs back that workers of dead processes have had in hand for 10 s or more. @returns the ids of those workers */
  freeJobsOfTheDead(): Promise<string[]>;
  close(): void;
}

/**
 * graphile-worker frees the jobs of a worker that died after four hours. Here each worker holds a lock on a connection
 * of its process, and the database lets go of it when the process ends, however that comes about.
 */
export async function openPresence(pool: pg.Pool): Promise<Presence> {
  const client = await pool.connect();
  // A connection that is lost takes the locks with it: at worst a job is done twice.
  client.on('error', () => {});
  let announced: Promise<unknown> = Promise.resolve();
  return {
    announce: async (workerId) => {
      const lock = () => client.query('select pg_advisory_lock_shared($1, hashtext($2))', [lockClass, workerId]);
      announced = announced.then(lock, lock);
      await announced;
    },
    freeJobsOfTheDead: async () => {
      const { rows } = await pool.query<{ dead: string[] | null }>(
        `with dead as materialized (
          select locked_by from (
            select distinct locked_by from graphile_worker.jobs where locked_at < now() - interval '10 seconds'
          ) holders
          where pg_try_advisory_xact_lock($1, hashtext(locked_by))
        )
        select array_agg(locked_by) as dead from dead`,
        [lockClass],
      );
      const dead = rows[0]?.dead ?? [];
      if (dead.length > 0) await pool.query('select graphile_worker.force_unlock_workers($1)', [dead]);
      return dead;
    },
    close: () => client.release(true),
  };
}
