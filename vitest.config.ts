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
    // Each file in a process of its own would load Baileys, the service and the emulator anew: 1.5 to 2 s of CPU.
    isolate: false,
    // Scenarios wait for each other's timers and disks: two workers keep two cores busy by a half only.
    maxWorkers: 4,
    reporters: ['default', ['json', { outputFile: 'test-results/vitest.json' }]],
  },
});
