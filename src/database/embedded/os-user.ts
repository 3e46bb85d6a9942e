import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { UserError } from '../../errors.js';

const run = promisify(execFile);

/** The user that the embedded PostgreSQL runs as. It refuses to run as root; anyone else runs it as themselves. */
export interface OsUser {
  uid: number;
  gid: number;
  /**
   * Whether it is root after all, seen from outside a user namespace: the way into folders that only root can enter, as
   * when everything lies under /root. Capabilities do not do: PostgreSQL asks access(2), which leaves them out.
   */
  namespaced: boolean;
}

/**
 * Chooses the user: the owner of an existing cluster, else `postgres`, else `nobody`.
 * @param cluster the cluster's folder, which need not exist yet
 * @param needed files and folders that the user must reach
 * @returns null where this process is not root and nothing is to be changed
 */
export async function chooseOsUser(cluster: string, needed: string[]): Promise<OsUser | null> {
  if (process.getuid?.() !== 0) return null;
  const ids = (await ownerOf(cluster)) ?? (await idsOf('postgres')) ?? (await idsOf('nobody'));
  if (!ids)
    throw new UserError(
      'Running as root, Offprint needs a user for its embedded PostgreSQL: add a user named postgres',
    );
  for (const osUser of [
    { ...ids, namespaced: false },
    { ...ids, namespaced: true },
  ]) {
    if (await reaches(osUser, needed)) return osUser;
  }
  throw new UserError(
    `Running as root, Offprint runs its embedded PostgreSQL as uid ${ids.uid}, which cannot reach ${needed.join(' and ')}. ` +
      'Set DATA_DIR to a folder that others can enter, run as an ordinary user, or set DATABASE_URL',
  );
}

/** The command that runs `command` as the user. */
export function asOsUser(
  osUser: OsUser | null,
  command: string,
  args: string[],
): { file: string; args: string[]; uid?: number; gid?: number } {
  if (!osUser) return { file: command, args };
  const { uid, gid, namespaced } = osUser;
  if (!namespaced) return { file: command, args, uid, gid };
  return { file: 'unshare', args: ['--user', `--map-user=${uid}`, `--map-group=${gid}`, '--', command, ...args] };
}

async function reaches(osUser: OsUser, paths: string[]): Promise<boolean> {
  const tests = paths.map((path) => {
    const { file, args, ...ids } = asOsUser(osUser, 'test', ['-x', path]);
    return run(file, args, ids);
  });
  return Promise.all(tests).then(
    () => true,
    () => false,
  );
}

async function ownerOf(folder: string): Promise<{ uid: number; gid: number } | null> {
  const found = await stat(folder).catch(() => null);
  return found && found.uid !== 0 ? { uid: found.uid, gid: found.gid } : null;
}

async function idsOf(name: string): Promise<{ uid: number; gid: number } | null> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return null;
  }
}
