// npm run test:faults [-- --rounds 100 [--seed 1]]: every cell of the matrix, and so many more at random.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '0' }, seed: { type: 'string' } } });
const env = { ...process.env, FAULT_ROUNDS: values.rounds, ...(values.seed && { FAULT_SEED: values.seed }) };
const { status } = spawnSync('npx', ['vitest', 'run', '--config', 'vitest.faults.config.ts'], {
  env,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
