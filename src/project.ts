import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

let root = import.meta.dirname;
while (!existsSync(join(root, 'package.json'))) root = dirname(root);

/** The full path of a file of the project, whether this code runs from src/ or, compiled, from dist/. */
export function projectPath(relative: string): string {
  return join(root, relative);
}
