import type pg from 'pg';

/** Class of the advisory locks by which workers are known to be alive; the second key is a hash of the worker's id. */
const lockClass = 7_461_021;

/** The workers of this process, made known to others for as long as it lives. */
export interface Heartbeat {
  /** Makes a worker of the job engine known. */
  announce(workerId: string): Promise<void>;
  /**
   * Takes the jobs back that workers of dead processes have had in hand for 10 s or more; first, where the connection that
   * tells of this process was lost, makes its workers known again.
   * @returns the ids of the dead workers
   */
  freeJobsOfTheDead(): Promise<string[]>;
  /** Lets go of it all, after what is being made known. */
  close(): Promise<void>;
}

/**
 * graphile-worker frees the jobs of a worker that died after four hours. Here each worker holds a lock on a connection
 * of its process, and the database lets go of it when the process ends, however that comes about. A connection that
 * breaks takes the locks with it: they are taken again on a new one, at once.
 * @param comeBackSeconds after a start of the database, how long workers have for that before they count as dead
 */
export async function openHeartbeat(pool: pg.Pool, comeBackSeconds = 30): Promise<Heartbeat> {
  const workerIds = new Set<string>();
  let client: Promise<pg.PoolClient> | null = null;
  let closed = false;
  const released = new WeakSet<pg.PoolClient>();
  const release = (connection: pg.PoolClient) => {
    if (released.has(connection)) return;
    released.add(connection);
    connection.release(true);
  };

  const connect = async (): Promise<pg.PoolClient> => {
    const connection = await pool.connect();
    connection.on('error', () => {
      if (released.has(connection)) return;
      release(connection);
      client = null;
      // Not before the next look, where the database is still away.
      if (!closed) void connected().catch(() => {});
    });
    for (const id of workerIds) await lock(connection, id);
    return connection;
  };
  const connected = (): Promise<pg.PoolClient> => {
    client ??= connect().catch((error) => {
      client = null;
      throw error;
    });
    return client;
  };
  const lock = (connection: pg.PoolClient, workerId: string) =>
    connection.query('select pg_advisory_lock_shared($1, hashtext($2))', [lockClass, workerId]);
  /** One query at a time on the one connection. */
  let announced: Promise<unknown> = Promise.resolve();

  await connected();
  return {
    announce: async (workerId) => {
      const announce = async () => {
        if (closed) return;
        const connection = await connected();
        workerIds.add(workerId);
        await lock(connection, workerId);
      };
      announced = announced.then(announce, announce);
      await announced;
    },
    freeJobsOfTheDead: async () => {
      if (closed) return [];
      await connected();
      const { rows } = await pool.query<{ dead: string[] | null }>(
        `with dead as materialized (
          select locked_by from (
            select distinct locked_by from graphile_worker.jobs
            where locked_at < now() - interval '10 seconds' and now() > pg_postmaster_start_time() + make_interval(secs => $2)
          ) holders
          where pg_try_advisory_xact_lock($1, hashtext(locked_by))
        )
        select array_agg(locked_by) as dead from dead`,
        [lockClass, comeBackSeconds],
      );
      const dead = rows[0]?.dead ?? [];
      if (dead.length > 0) await pool.query('select graphile_worker.force_unlock_workers($1)', [dead]);
      return dead;
    },
    close: async () => {
      closed = true;
      await announced.catch(() => {});
      await client?.then(release).catch(() => {});
      client = null;
    },
  };
}
