import { existsSync } from 'node:fs';

/** Where a Chromium is on this machine; undefined where there is none. */
export function findChromium(): string | undefined {
  return [
    process.env['CHROMIUM'],
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ].find((path) => path && existsSync(path));
}

export const howToGetChromium =
  'No Chromium was found: install it (Debian: apt-get install chromium), or set CHROMIUM to the path of one';
