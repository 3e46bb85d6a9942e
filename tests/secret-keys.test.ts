import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../src/errors.js';
import { loadSecretKeys } from '../src/secret-keys.js';

describe('the generated secret key', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'offprint-keys-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is made once, for the owner alone, and read ever after', async () => {
    const [first] = (await loadSecretKeys(join(folder, 'new'))).reveal();
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect((await loadSecretKeys(join(folder, 'new'))).reveal()).toEqual([first]);
    expect((await stat(join(folder, 'new', 'secret-key'))).mode & 0o777).toBe(0o600);
  });

  it('is the same for all who start at once, and nothing else stays behind', async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, () => loadSecretKeys(folder)));
    expect(new Set(keys.map((key) => key.reveal()[0])).size).toBe(1);
    expect(await readdir(folder)).toEqual(['secret-key']);
  });

  it('is not used where it is damaged: everybody could sign with an empty one', async () => {
    await writeFile(join(folder, 'secret-key'), '\n');
    await expect(loadSecretKeys(folder)).rejects.toThrow(/the key in .*secret-key is damaged: remove it/);
  });

  it('says so where it cannot be kept', async () => {
    await writeFile(join(folder, 'file'), '');
    const attempt = loadSecretKeys(join(folder, 'file', 'data'));
    await expect(attempt).rejects.toThrow(UserError);
    await expect(attempt).rejects.toThrow(/^DATA_DIR .*file\/data cannot keep a secret key .* or set SECRET_KEY$/);
  });
});
