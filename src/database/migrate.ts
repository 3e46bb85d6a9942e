import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm';
import type { Pool } from 'pg';
import { UserError } from '../config.js';
import { projectPath } from '../project.js';

const migrationsFolder = projectPath('prisma/migrations');
const filters = { externalTables: [], externalEnums: [] };

/** Any number, the same for all: one process migrates, the others wait for it. */
const migrationLock = 7_461_021;

/**
 * Brings the database to the newest schema: what `prisma migrate deploy` does, by Prisma's own schema engine in WASM,
 * so that no engine binary is downloaded. Safe when several processes call it at once.
 * @returns the names of the migrations that were applied now
 * @throws UserError when the database has migrations that this version does not know
 */
export async function migrate(pool: Pool, databaseUrl: string): Promise<string[]> {
  const migrations = await readMigrations();
  if (await isUpToDate(pool, migrations)) return [];
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    const scripts = new WholeScripts(databaseUrl);
    const engine = await openSchemaEngine(scripts);
    try {
      const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList: migrations, filters });
      return appliedMigrationNames;
    } finally {
      engine.free();
      await scripts.disconnect();
    }
  } finally {
    // Closes the connection, and the lock goes with it: also where the connection has broken and takes no more queries.
    client.release(true);
  }
}

/** Loading the engine takes a second: most starts find nothing to do and skip it. */
async function isUpToDate(pool: Pool, { migrationDirectories }: MigrationList): Promise<boolean> {
  const { rows } = await pool.query<{ known: boolean }>(
    `select to_regclass('_prisma_migrations') is not null as known`,
  );
  if (!rows[0]?.known) return false;
  const applied = await pool.query<{ migration_name: string }>(
    'select migration_name from _prisma_migrations where finished_at is not null and rolled_back_at is null',
  );
  const names = new Set(applied.rows.map((row) => row.migration_name));
  const known = new Set(migrationDirectories.map(({ path }) => path));
  const unknown = [...names].find((name) => !known.has(name));
  if (unknown) {
    throw new UserError(
      `The database is newer than this Offprint: it has the migration ${unknown}. Use the version that made it, or a later one`,
    );
  }
  return names.size === known.size;
}

async function readMigrations(): Promise<MigrationList> {
  const entries = await readdir(migrationsFolder, { withFileTypes: true });
  const folders = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  const migrationDirectories = await Promise.all(
    folders.map(async (path) => ({
      path,
      migrationFile: {
        path: 'migration.sql',
        content: { tag: 'ok' as const, value: await readFile(join(migrationsFolder, path, 'migration.sql'), 'utf8') },
      },
    })),
  );
  const lockfile = { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' };
  return { baseDir: migrationsFolder, lockfile, shadowDbInitScript: '', migrationDirectories };
}

async function openSchemaEngine(scripts: WholeScripts): Promise<SchemaEngine> {
  loading ??= loadSchemaEngine();
  const { SchemaEngine } = await loading;
  const schema = await readFile(projectPath('prisma/schema.prisma'), 'utf8');
  const adapter = bindMigrationAwareSqlAdapterFactory(scripts);
  return SchemaEngine.new({ datamodels: [['schema.prisma', schema]] }, () => {}, adapter);
}

/** Once a process: a second one would take the first one's memory for its own. */
let loading: ReturnType<typeof loadSchemaEngine> | undefined;

async function loadSchemaEngine() {
  const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm');
  const glue = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const { instance } = await WebAssembly.instantiate(await readFile(join(dirname(entry), 'schema_engine_bg.wasm')), {
    './schema_engine_bg.js': endingWithUs(glue),
  });
  glue.__wbg_set_wasm(instance.exports);
  (instance.exports['__wbindgen_start'] as () => void)();
  return glue;
}

/** The engine leaves a timeout of 10 s behind, which must not keep the process from ending. */
function endingWithUs(glue: object): object {
  const functions = Object.entries(glue).map(([name, value]) => [
    name,
    name.startsWith('__wbg_setTimeout') ? (run: () => void, ms: number) => setTimeout(run, ms).unref() : value,
  ]);
  return Object.fromEntries(functions);
}

/**
 * Prisma's adapter cuts a script at every semicolon, those in comments and functions too, and runs the parts one by one.
 * As one query PostgreSQL cuts it itself, and runs all of it in one transaction.
 */
class WholeScripts extends PrismaPg {
  readonly #connections: { dispose(): Promise<void> }[] = [];

  override async connect() {
    const connection = await super.connect();
    this.#connections.push(connection);
    connection.executeScript = async (script) => void (await connection.underlyingDriver().query(script));
    return connection;
  }

  /** The engine leaves its connections open when it is freed. */
  async disconnect(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.dispose()));
  }
}
