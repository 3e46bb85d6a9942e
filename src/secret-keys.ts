import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UserError } from './errors.js';
import { Secret } from './secret.js';

const shortestKey = 16;

/**
 * The generated key of a set-up without SECRET_KEY. Of several processes that start at once, one makes it.
 * @throws UserError when it can be neither read nor made
 */
export async function loadSecretKeys(dataDir: string): Promise<Secret<string[]>> {
  const file = join(dataDir, 'secret-key');
  try {
    const key = (await read(file)) ?? (await make(file));
    if (key.length < shortestKey) throw new Error(`the key in ${file} is damaged: remove it, and a new one is made`);
    return new Secret([key]);
  } catch (error) {
    throw new UserError(
      `DATA_DIR ${resolve(dataDir)} cannot keep a secret key (${(error as Error).message}): ` +
        'set DATA_DIR to a folder that can be written, or set SECRET_KEY',
    );
  }
}

async function read(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return null;
  }
}

/** Written beside its place and then linked: a file that is there is whole, and the first one stays. */
async function make(file: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true, mode: 0o711 });
  const draft = `${file}-${randomUUID()}`;
  const key = randomBytes(32).toString('hex');
  await writeFile(draft, key, { mode: 0o600 });
  try {
    await link(draft, file);
    return key;
  } catch (error) {
    const madeByAnother = await read(file);
    if (madeByAnother === null) throw error;
    return madeByAnother;
  } finally {
    await rm(draft);
  }
}
