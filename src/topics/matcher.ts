import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { projectPath } from '../project.js';
import { Classifier } from './classifier.js';
import { definitions } from './definitions.js';
import { readModel } from './model.js';

/** A classifier and which it is: another number where weights or definitions are others. */
export interface Matcher {
  classifier: Classifier;
  version: number;
}

let matcher: Matcher | undefined;

/** The classifier of the topics, with the weights that come with Offprint; read once. */
export function loadMatcher(): Matcher {
  if (!matcher) {
    const weights = readFileSync(projectPath('models/topics.txt'), 'utf8');
    const hash = createHash('sha256').update(weights).update(JSON.stringify(definitions)).digest();
    matcher = { classifier: new Classifier(readModel(weights), definitions), version: hash.readInt32BE() };
  }
  return matcher;
}
