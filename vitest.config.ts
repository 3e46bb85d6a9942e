import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: 'tests/helpers/cluster.ts',
    include: ['tests/**/*.test.ts'],
    // They have scripts of their own: npm run test:faults, and test:bench.
    exclude: ['tests/faults/**', 'tests/bench/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // No module holds state by which one test could fail another; loading all anew for each file took a third of the time.
    isolate: false,
  },
});
