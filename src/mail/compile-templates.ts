import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import mjml2html from 'mjml';
import { projectPath } from '../project.js';

// A part of the build: makes HTML of each templates/NAME.mjml, so that nothing that sends mail has to load MJML, which takes half a
// second and 100 MB.

const folder = projectPath('templates');
const compiled = projectPath('dist/templates');

await mkdir(compiled, { recursive: true });
for (const file of await readdir(folder)) {
  // These two are parts of the others.
  if (!file.endsWith('.mjml') || file === 'head.mjml' || file === 'foot.mjml') continue;
  const filePath = `${folder}/${file}`;
  // No fonts: a mail asks no third party for anything.
  const options = { filePath, fonts: {}, ignoreIncludes: false, validationLevel: 'strict' as const };
  const { html } = await mjml2html(await readFile(filePath, 'utf8'), options);
  await writeFile(`${compiled}/${file.replace(/mjml$/, 'html')}`, html.replace(/\n\s*/g, '\n'));
}
