import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'emulator/**/*.test.ts'],
    globalSetup: ['test/stage/build-once.ts'],
    // A scenario pairs, cuts and restarts real sockets; on a shared machine that may take minutes when the machine is
    // busy. Nothing waits for this long unless it hangs.
    testTimeout: 240_000,
    hookTimeout: 120_000,
    pool: 'forks',
    isolate: false,
    maxWorkers: 3,
    reporters: ['default', ['json', { outputFile: 'test-results/vitest.json' }]],
  },
});
