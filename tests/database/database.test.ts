import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parseConfig } from '../../src/config.js';
import { type Database, openDatabase } from '../../src/database/database.js';
import { UserError } from '../../src/errors.js';
import { createLogger } from '../../src/log.js';
import { projectPath } from '../../src/project.js';

const log = createLogger({ log: { level: 'silent', format: 'json' } });
const open = (url: string) => openDatabase(parseConfig({ DATABASE_URL: url }), log);

/** An address of a database that is empty, on the cluster of the tests. */
let url: string;
let admin: pg.Client;
const name = `empty_${randomUUID().replaceAll('-', '')}`;

beforeAll(async () => {
  admin = new pg.Client(inject('clusterUrl'));
  await admin.connect();
  await admin.query(`create database ${name}`);
  url = inject('clusterUrl').replace(/[^/]+$/, name);
});
afterAll(async () => {
  await admin.query(`drop database ${name} with (force)`);
  await admin.end();
});

describe('opening a database', () => {
  it('migrates it once, however many do so at once, and never again', async () => {
    const databases: Database[] = await Promise.all([open(url), open(url), open(url)]);
    const applied = databases.map((database) => database.applied).sort((a, b) => b.length - a.length);
    expect(applied[0]?.length).toBeGreaterThan(0);
    expect(applied.slice(1)).toEqual([[], []]);
    expect(await databases[0]?.prisma.subscriber.count()).toBe(0);
    await Promise.all(databases.map((database) => database.close()));

    const again = await open(url);
    expect(again.applied).toEqual([]);
    await again.close();
  });

  it('is migrated again as if nothing had been after a crash in the middle of it', async () => {
    await (await open(url)).close();
    const client = new pg.Client(url);
    await client.connect();
    // A migration is a transaction: of one that was cut off nothing is there, at most a record that another tool began.
    await client.query('drop schema public cascade; create schema public; drop schema graphile_worker cascade');
    const database = await open(url);
    const migrations = (await readdir(projectPath('prisma/migrations'))).filter((name) => /^\d+_/.test(name));
    expect(database.applied).toEqual(migrations.toSorted());
    await database.close();
    await client.query("update _prisma_migrations set checksum = 'another'");
    await expect(open(url)).rejects.toThrow('made before the first release');
    await client.query('delete from _prisma_migrations');
    await expect(open(url)).rejects.toThrow(
      /^The migration \w+first_schema failed, and nothing of it was kept: .*already exists/,
    );
    await client.query('drop schema public cascade; create schema public; drop schema graphile_worker cascade');
    await client.end();
    await (await open(url)).close();
  });

  it('is refused where a newer version has migrated it', async () => {
    const client = new pg.Client(url);
    await client.connect();
    const newer = '29990101000000_newer';
    await client.query(
      `insert into _prisma_migrations (id, checksum, migration_name, finished_at) values ('1', '', '${newer}', now())`,
    );
    await expect(open(url)).rejects.toThrow(`newer than this Offprint: it has the migration ${newer}`);
    await client.query(`delete from _prisma_migrations where migration_name = '${newer}'`);
    await client.end();
  });

  it('leaves no connection behind when it is closed', async () => {
    const database = await open(url);
    await database.close();
    const sql = 'select count(*)::int as n from pg_stat_activity where datname = $1';
    await expect.poll(async () => (await admin.query(sql, [name])).rows).toEqual([{ n: 0 }]);
  });
});

describe('a database that cannot be reached is named in one line, without the password:', () => {
  const failure = async (wrong: string): Promise<string> => {
    const error = await open(wrong).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(UserError);
    const { message } = error as UserError;
    expect(message).not.toMatch(/hush|\n/);
    return message;
  };
  const at = (host: string, database = 'papers') => `postgresql://me:hush@${host}/${database}`;

  it('where nothing listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    expect(await failure(at(`127.0.0.1:${port}`))).toBe(
      `DATABASE_URL: the database papers at 127.0.0.1:${port} cannot be reached: connect ECONNREFUSED 127.0.0.1:${port}`,
    );
  });

  it('where the host is unknown', async () => {
    expect(await failure(at('nowhere.invalid'))).toMatch(
      /^DATABASE_URL: the database papers at nowhere\.invalid:5432 cannot be reached: getaddrinfo \w+ nowhere\.invalid$/,
    );
  });

  it('where the password is wrong, or the database is not there', async () => {
    const { host, username } = new URL(url);
    expect(await failure(`postgresql://${username}:hush@${host}/${name}`)).toContain('password authentication failed');
    expect(await failure(url.replace(name, 'missing'))).toContain('database "missing" does not exist');
  });

  it('where something else listens', async () => {
    const server = createServer((socket) => socket.end('SSH-2.0-other\r\n')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await failure(at(`127.0.0.1:${port}`))).toContain(`at 127.0.0.1:${port} cannot be reached: `);
    server.close();
  });
});
