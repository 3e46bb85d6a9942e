import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../src/project.js';

interface Locked {
  version?: string;
  license?: string;
  dev?: boolean;
  devOptional?: boolean;
}

/** Those that ask for no more than to be named. */
const permissive =
  'MIT MIT-0 ISC Apache-2.0 BSD-2-Clause BSD-3-Clause 0BSD BlueOak-1.0.0 CC0-1.0 CC-BY-4.0 Python-2.0 Unlicense'.split(
    ' ',
  );
/** Where the lock file has other words: of a choice the one that we take, or what stands in the package. */
const inOtherWords: Record<string, string> = {
  '(MIT OR EUPL-1.1+)': 'MIT',
  '(MPL-2.0 OR Apache-2.0)': 'Apache-2.0',
  'MIT (http://mootools.net/license.txt)': 'MIT',
  'xmlhttprequest-ssl': 'MIT',
};

const { packages } = JSON.parse(readFileSync(projectPath('package-lock.json'), 'utf8')) as {
  packages: Record<string, Locked>;
};
const used = Object.entries(packages)
  .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
  .map(([path, { version = '', license = '' }]) => {
    const name = path.replace(/^.*node_modules\//, '');
    return { name, version, licence: inOtherWords[license || name] ?? license };
  });

/** Each licence with the packages that are under it. */
function list(): string {
  const licences = [...new Set(used.map(({ licence }) => licence))].sort();
  const packagesUnder = (licence: string) =>
    [...new Set(used.flatMap((one) => (one.licence === licence ? `${one.name} ${one.version}` : [])))].sort();
  return [
    '# Licences of what Offprint installs',
    '',
    'Offprint itself is under MIT (`LICENSE`). What `npm ci --omit=dev` brings along, by licence; made from the lock file by',
    '`npx vitest run licences -u`.',
    ...licences.map((licence) => `\n## ${licence}\n\n${packagesUnder(licence).join(', ')}`),
    '',
  ].join('\n');
}

describe('the licences of what is installed', () => {
  it('ask for no more than to be named', () => {
    expect(used.filter(({ licence }) => !permissive.includes(licence))).toEqual([]);
  });

  it('are listed', async () => {
    await expect(list()).toMatchFileSnapshot(projectPath('docs/licences.md'));
  });
});
