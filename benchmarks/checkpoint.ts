import pg from 'pg';
import type { Context } from '../src/context.js';
import { name, worker } from '../src/database/embedded/cluster.js';

/** Brings to the disk what was written so far, so that it is nobody's lot in what is measured. Only the superuser may ask for it. */
export async function checkpoint({ db }: Pick<Context, 'db'>): Promise<void> {
  const client = new pg.Client(db.url.replace(`//${worker}:`, `//${name}:`));
  await client.connect();
  await client.query('checkpoint').finally(() => client.end());
}
