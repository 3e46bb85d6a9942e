import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findCluster } from '../../../src/database/embedded/cluster.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../../../src/database/embedded/embedded.js';
import { findServer } from '../../../src/database/embedded/server.js';
import { projectPath } from '../../../src/project.js';

let folder: string;
let dataDir: string;
let opened: EmbeddedDatabase[];
let members: ChildProcess[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offprint-embedded-'));
});
afterAll(() => rm(folder, { recursive: true }));
// To make a cluster takes seconds: the tests share one, unless they are about the making.
beforeEach(() => {
  dataDir = join(folder, 'shared');
  opened = [];
  members = [];
});
afterEach(async () => {
  for (const member of members) member.kill('SIGKILL');
  for (const database of opened) await database.release();
});

async function open(): Promise<EmbeddedDatabase> {
  const database = await openEmbeddedDatabase(dataDir);
  opened.push(database);
  return database;
}

async function release(database: EmbeddedDatabase): Promise<void> {
  opened.splice(opened.indexOf(database), 1);
  await database.release();
}

/** Opens the database in a process of its own, which leaves it when it is told to by a line. */
async function openElsewhere(): Promise<ChildProcess> {
  const module = projectPath('dist/src/database/embedded/embedded.js');
  const code = `
    const { openEmbeddedDatabase } = await import(${JSON.stringify(module)});
    const { release } = await openEmbeddedDatabase(${JSON.stringify(dataDir)});
    process.stdout.write('open');
    process.stdin.once('data', async () => { await release(); process.exit(); });`;
  const member = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  members.push(member);
  await once(member.stdout, 'data');
  return member;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  return client
    .query(sql)
    .then(({ rows }) => rows)
    .finally(() => client.end());
}

const running = async () => findServer(await findCluster(dataDir));

describe('the embedded PostgreSQL', () => {
  it('starts in an empty folder, keeps what is written, and stops with its only user', async () => {
    dataDir = join(folder, 'new');
    const first = await open();
    await query(first.url, 'create table kept as select 1 as value');
    await release(first);
    expect(await running()).toBeNull();
    expect(await readdir(dataDir)).toEqual(['postgres']);
    const second = await open();
    expect(await query(second.url, 'select * from kept')).toEqual([{ value: 1 }]);
  });

  it('finding 20: is worked with by no superuser, so that no statement reads files or runs programs', async () => {
    const { url } = await open();
    expect(await query(url, 'select rolsuper from pg_roles where rolname = current_user')).toEqual([
      { rolsuper: false },
    ]);
    for (const sql of ["select pg_read_file('postgresql.conf')", "copy (select 1) to program 'true'"])
      await expect(query(url, sql)).rejects.toThrow(/permission denied/);
  });

  it('is shared by all who open it at once, and stops with the last', async () => {
    const other = await openElsewhere();
    const [one, two] = await Promise.all([open(), open()]);
    expect(one.url).toBe(two.url);
    await release(one);
    other.stdin?.write('leave\n');
    await once(other, 'exit');
    expect(await query(two.url, 'select 1 as value')).toEqual([{ value: 1 }]);
    await release(two);
    expect(await running()).toBeNull();
  });

  it('is made by one of those who find it missing at once, and what was left of earlier tries goes', async () => {
    dataDir = join(folder, 'contended');
    await mkdir(join(dataDir, 'postgres.being-made-abc'), { recursive: true });
    await writeFile(join(dataDir, 'postgres.being-made-abc.password'), '');
    await mkdir(join(dataDir, 'postgres-backup'));
    const [one, two] = await Promise.all([open(), open(), openElsewhere()]);
    expect(one.url).toBe(two.url);
    expect((await readdir(dataDir)).sort()).toEqual(['postgres', 'postgres-backup']);
  });

  it('outlives a user that is killed, and stops with the next', async () => {
    const killed = await openElsewhere();
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const next = await open();
    expect(await query(next.url, 'select 1 as value')).toEqual([{ value: 1 }]);
    await release(next);
    expect(await running()).toBeNull();
  });

  it('starts again after it was killed itself', async () => {
    const first = await open();
    await query(first.url, 'create table survivor as select 1 as value');
    const server = await running();
    process.kill(server?.pid ?? 0, 'SIGKILL');
    const second = await open();
    expect(await query(second.url, 'select * from survivor')).toEqual([{ value: 1 }]);
  });

  it('is not taken in by a lock file whose process id is another program’s by now', async () => {
    await release(await open());
    const stale = `${process.pid}\n${join(dataDir, 'postgres')}\n1790000000\n59999\n\n127.0.0.1\n 1 1\nready   \n`;
    await writeFile(join(dataDir, 'postgres', 'postmaster.pid'), stale);
    const { url } = await open();
    expect(url).not.toContain('59999');
    expect(await query(url, 'select 1 as value')).toEqual([{ value: 1 }]);
  });
});

describe('a data directory that cannot be used is named, with what is wrong:', () => {
  it('one that cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    dataDir = join(folder, 'file', 'data');
    await expect(open()).rejects.toThrow(
      /^DATA_DIR \/.*\/file\/data cannot be written \(.*\): set it to another folder/,
    );
  });

  it('one of another PostgreSQL version', async () => {
    dataDir = join(folder, 'old', 'data');
    await mkdir(join(dataDir, 'postgres'), { recursive: true });
    await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '12\n');
    await expect(open()).rejects.toThrow(
      /data\/postgres belongs to PostgreSQL 12, and this Offprint brings PostgreSQL \d+:/,
    );
  });

  it('one where something else has the name', async () => {
    dataDir = join(folder, 'other', 'data');
    await mkdir(join(dataDir, 'postgres'), { recursive: true });
    await writeFile(join(dataDir, 'postgres', 'notes.txt'), 'mine');
    await expect(open()).rejects.toThrow(/cannot be set up in .*data\/postgres/);
    expect(await readFile(join(dataDir, 'postgres', 'notes.txt'), 'utf8')).toBe('mine');
    expect(await readdir(dataDir)).toEqual(['postgres']);
  });

  it('one whose database is damaged, in PostgreSQL’s own words', async () => {
    await release(await open());
    const file = join(dataDir, 'postgres', 'global', 'pg_control');
    await rename(file, `${file}.away`);
    await expect(open()).rejects.toThrow(/cannot be used: .*pg_control.*server\.log tells more/);
  });
});
