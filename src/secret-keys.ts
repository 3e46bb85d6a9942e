import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Secret } from './config.js';

/** The generated key of a set-up without SECRET_KEY. Of several processes that start at once, one makes it. */
export async function loadSecretKeys(dataDir: string): Promise<Secret<string[]>> {
  const file = join(dataDir, 'secret-key');
  await mkdir(dataDir, { recursive: true });
  await writeFile(file, randomBytes(32).toString('hex'), { flag: 'wx', mode: 0o600 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    },
  );
  return new Secret([(await readFile(file, 'utf8')).trim()]);
}
