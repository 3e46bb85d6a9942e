import { defineConfig } from 'vitest/config';

/** Every measurement in its shortest form: each starts a database and processes of its own. `npm run test:bench`. */
export default defineConfig({
  test: {
    include: ['tests/bench/**/*.test.ts'],
    testTimeout: 120_000,
    // What is measured is not to wait for what is measured beside it.
    maxWorkers: 1,
  },
});
