const ground =
  '^src/(config|environment|errors|secret|calendar-day|heap|kept|log|project|context|secret-keys)\\.ts$|^src/(database|generated|languages)/';

/** @param {string} from @param {string[]} may what it may import beside the ground and itself */
const layer = (from, may, comment) => ({
  name: `${from}-stands-on-${may.join('-') || 'the-ground'}`,
  severity: 'error',
  comment,
  from: { path: `^src/${from}/` },
  to: { path: '^(src|jobs)/', pathNot: [ground, `^src/${from}/`, ...may.map((name) => `^src/${name}/`)] },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: { pathNot: '^src/generated/' },
      to: { circular: true },
    },
    {
      name: 'nothing-unresolved',
      severity: 'error',
      comment: 'What cannot be found cannot be checked.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.d\\.ts$', '^src/generated/'] },
      to: {},
    },
    layer('papers', [], 'Papers know of no sources, topics, subscribers or digests.'),
    layer('sources', ['papers'], 'Sources make papers.'),
    layer('ingest', ['sources', 'papers', 'topics'], 'Reading brings sources, papers and topics together.'),
    layer('topics', ['papers'], 'Topics are about papers, and of nothing else.'),
    layer('interests', ['papers', 'topics'], 'Interests are found in papers, by the words that topics are found by.'),
    layer('mail', [], 'The wire knows nothing of papers or subscribers.'),
    layer(
      'subscribers',
      ['interests', 'mail'],
      'Subscribers get mail; they know what an interest may be, and topics by slug alone.',
    ),
    layer(
      'digests',
      ['sources', 'papers', 'topics', 'interests', 'subscribers', 'mail'],
      'Digests bring them together.',
    ),
    layer(
      'web',
      ['sources', 'ingest', 'papers', 'topics', 'interests', 'subscribers', 'digests', 'mail'],
      'Pages stand on all of it, commands and jobs excepted.',
    ),
    layer(
      'doctor',
      ['sources', 'papers', 'mail'],
      'What is examined is what is configured; nobody who subscribes is looked at.',
    ),
    layer(
      'bench',
      ['sources', 'ingest', 'papers', 'topics', 'interests', 'subscribers', 'digests', 'mail', 'web'],
      'What is measured is the same that is used.',
    ),
    {
      ...layer(
        'commands',
        ['sources', 'ingest', 'papers', 'topics', 'interests', 'subscribers', 'digests', 'mail'],
        'Commands stand on all of it; roles are started through the service.',
      ),
      to: { path: '^(src/web|jobs)/' },
    },
    {
      name: 'jobs-stand-beside-web-and-commands',
      severity: 'error',
      from: { path: '^jobs/' },
      to: { path: '^src/(web|commands|service|cli)' },
    },
    {
      name: 'the-ground-stands-on-nothing',
      severity: 'error',
      from: {
        path: '^src/(config|environment|errors|secret|calendar-day|heap|kept|log|project|context|secret-keys)\\.ts$|^src/database/',
      },
      to: { path: '^(src|jobs)/', pathNot: ground },
    },
    {
      name: 'only-stores-and-the-plan-speak-sql',
      severity: 'error',
      comment: 'The generated client is imported where SQL or types of rows stand; everyone else takes plain values.',
      from: { path: '^(src/web|src/commands|src/mail|jobs)/' },
      to: { path: '^src/generated/' },
    },
    {
      name: 'no-dev-dependencies',
      severity: 'error',
      from: { path: '^(src|jobs)/' },
      to: { dependencyTypes: ['npm-dev'], pathNot: '@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
