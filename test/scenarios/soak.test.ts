import { expect, it } from 'vitest';
import { soak } from '../soak/soak.js';

/** The short form of `npm run soak`. */
it.each([
  { which: 'a fixed seed', seed: 23 },
  { which: 'another seed each time', seed: Date.now() % 1_000_000 },
])('random mishaps: nothing is lost, doubled or needlessly cleaned, with $which', async ({ seed }) => {
  process.stdout.write(
    `seed ${seed}: npm run soak -- --seed ${seed} --organizations 2 --customers 3 --phases 1 --steps 80 ` +
      `--pause 100\n`,
  );
  const report = await soak({ seed, organizations: 2, customers: 3, phases: 1, stepsPerPhase: 80, pauseMs: 100 });
  if (report.violations.length > 0) process.stdout.write(`${report.journal.join('\n')}\n`);
  expect(report.violations, `seed ${seed}`).toEqual([]);
  expect(report.notFound).toEqual([]);
  expect(report.orders).toBeGreaterThan(20);
  expect(report.letters).toBeGreaterThan(5);
});
