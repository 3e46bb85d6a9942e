import { defineConfig } from 'vitest/config';

/** Processes that are killed, and a database and a relay that go: minutes, not seconds. `npm run test:faults`. */
export default defineConfig({
  test: {
    globalSetup: 'tests/helpers/cluster.ts',
    include: ['tests/faults/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    maxWorkers: 3,
  },
});
