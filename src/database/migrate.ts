import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool, PoolClient } from 'pg';
import { UserError } from '../errors.js';
import { projectPath } from '../project.js';

const migrationsFolder = projectPath('prisma/migrations');

/** Any number, the same for all: one process migrates, the others wait for it. */
const migrationLock = 7_461_021;

interface Migration {
  name: string;
  sql: string;
  /** SHA-256 of the file, as Prisma keeps it. */
  checksum: string;
}

/**
 * Brings the database to the newest schema: what `prisma migrate deploy` does, with the same folder and the same table
 * `_prisma_migrations`, but without an engine to download. Each migration and its record are one transaction, so that a crash
 * leaves nothing half done. Safe when several processes call it at once.
 * @returns the names of the migrations that were applied now
 * @throws UserError when the database was made by another version, or a migration fails
 */
export async function migrate(pool: Pool): Promise<string[]> {
  const migrations = await readMigrations();
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    await client.query(createTable);
    const missing = await findMissing(client, migrations);
    for (const migration of missing) await apply(client, migration);
    return missing.map(({ name }) => name);
  } finally {
    // Closes the connection, and the lock goes with it: also where the connection has broken and takes no more queries.
    client.release(true);
  }
}

/** As Prisma's engine creates it. */
const createTable = `
  create table if not exists _prisma_migrations (
    id varchar(36) primary key, checksum varchar(64) not null, finished_at timestamptz, migration_name varchar(255) not null,
    logs text, rolled_back_at timestamptz, started_at timestamptz not null default now(),
    applied_steps_count integer not null default 0
  )`;

async function readMigrations(): Promise<Migration[]> {
  const entries = await readdir(migrationsFolder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.toSorted().map(async (name) => {
      const sql = await readFile(join(migrationsFolder, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/** Those that the database does not have. One that another tool began and did not finish is among them. */
async function findMissing(client: PoolClient, migrations: readonly Migration[]): Promise<Migration[]> {
  const { rows } = await client.query<{ name: string; checksum: string }>(
    `select migration_name as name, checksum from _prisma_migrations
     where finished_at is not null and rolled_back_at is null`,
  );
  const applied = new Map(rows.map(({ name, checksum }) => [name, checksum]));
  const known = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  const unknown = rows.find(({ name }) => !known.has(name));
  if (unknown) {
    throw new UserError(
      `The database is newer than this Offprint: it has the migration ${unknown.name}. Use the version that made it, or a later one`,
    );
  }
  const changed = rows.find(({ name, checksum }) => known.get(name) !== checksum);
  if (changed) {
    throw new UserError(
      `The database was made before the first release, by another form of the migration ${changed.name}: ` +
        'set DATA_DIR or DATABASE_URL to an empty one',
    );
  }
  return migrations.filter(({ name }) => !applied.has(name));
}

async function apply(client: PoolClient, { name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query('begin');
    // As one query, which PostgreSQL itself cuts into statements.
    await client.query(sql);
    await client.query(
      `insert into _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
       values ($1, $2, $3, now(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw new UserError(`The migration ${name} failed, and nothing of it was kept: ${(error as Error).message}`);
  }
}
