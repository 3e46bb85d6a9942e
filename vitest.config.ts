import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: 'tests/helpers/cluster.ts',
    include: ['tests/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // No module holds state by which one test could fail another; loading all anew for each file took a third of the time.
    isolate: false,
  },
});
