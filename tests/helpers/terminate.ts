import type { Pool } from 'pg';

/** Ends the connections to this database whose statement waits for a lock, as its operator may. @returns how many */
export async function terminateWaiting(pool: Pool): Promise<number> {
  const { rowCount } = await pool.query(`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`);
  return rowCount ?? 0;
}
