// npm run test:mutations: takes away, one at a time, what the promises about delivery rest on. Each time a test must fail.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const mutations = [
  {
    name: 'no unique key on day and subscriber',
    file: 'prisma/migrations/20261130030000_digests_by_day/migration.sql',
    from: 'CREATE UNIQUE INDEX "digests_day_subscriber_id_key"',
    to: 'CREATE INDEX "digests_day_subscriber_id_key"',
    tests: ['tests/digests/plan.test.ts'],
  },
  {
    name: 'no fence: whoever claimed a digest once may write what became of it',
    file: 'src/digests/claims.ts',
    from: "where d.id = s.id and d.status::text = 'sending' and d.owner = $1 and d.attempts = s.attempts",
    to: 'where d.id = s.id and $1::text is not null',
    tests: ['tests/digests/store.test.ts'],
  },
  {
    name: 'no second look at whether the subscriber still wants the mail',
    file: 'src/digests/claims.ts',
    from: "s.id is not null and s.status = 'active' as wanted",
    to: 's.id is not null as wanted',
    tests: ['tests/digests/deliver.test.ts'],
  },
  {
    name: 'no barrier: the next mail goes out before the outcome of the last one is on record',
    file: 'src/digests/ledger.ts',
    from: 'return this.#ask(this.#settlements, { digestId: id, attempts, next, reply, unsent });',
    to: 'void this.#ask(this.#settlements, { digestId: id, attempts, next, reply, unsent });\n    return Promise.resolve(true);',
    tests: ['tests/digests/ledger.test.ts'],
  },
  {
    name: 'no claim on record before the mail is sent',
    file: 'src/digests/claims.ts',
    from: "update digests d set status = 'sending', owner = $1, attempts = d.attempts + 1,",
    to: "update digests d set status = 'queued', owner = null, attempts = d.attempts + 1,",
    tests: ['tests/digests/deliver.test.ts', 'tests/digests/store.test.ts'],
  },
  {
    name: 'no mark that a claim has begun to be sent',
    file: 'src/digests/claims.ts',
    from: 'update digests d set begun = true',
    to: 'update digests d set begun = false',
    tests: ['tests/digests/store.test.ts'],
  },
];

const survived = mutations.filter(({ name, file, from, to, tests }) => {
  const original = readFileSync(file, 'utf8');
  if (original.split(from).length !== 2) throw new Error(`${file} no longer has what “${name}” takes away`);
  try {
    writeFileSync(
      file,
      original.replace(from, () => to),
    );
    // Itself, not by npx, which would leave it behind when it must be killed; and one failure is enough.
    const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--bail=1', ...tests];
    const { status } = spawnSync(process.execPath, vitest, {
      stdio: 'ignore',
      timeout: 300_000,
      killSignal: 'SIGKILL',
    });
    process.stdout.write(`${status === 0 ? 'NOT SEEN' : 'seen    '}  ${name}\n`);
    return status === 0;
  } finally {
    writeFileSync(file, original);
  }
});
process.exitCode = survived.length > 0 ? 1 : 0;
