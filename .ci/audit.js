// Fails where a package that Offprint installs has a known hole of high severity. Not every registry answers that question: then it
// says so, and goes on.
import { spawnSync } from 'node:child_process';

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8', timeout: 120_000 });
const { metadata, vulnerabilities = {} } = parse(stdout) ?? {};
const found = metadata?.vulnerabilities;
const say = (text) => process.stdout.write(`npm audit: ${text}\n`);
if (!found) say('the registry does not tell of known holes');
else say(`${found.total} known holes, ${found.high + found.critical} of high severity`);
for (const { name, severity, range } of Object.values(vulnerabilities)) say(`${severity}: ${name} ${range}`);
if (found && found.high + found.critical > 0) process.exitCode = 1;

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
