import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: 'tests/helpers/cluster.ts',
    include: ['tests/**/*.test.ts'],
    // They have a script of their own: npm run test:faults.
    exclude: ['tests/faults/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // No module holds state by which one test could fail another; loading all anew for each file took a third of the time.
    isolate: false,
  },
});
