import { describe, expect, it } from 'vitest';
import { Chance } from '../crash/chance.js';
import { shortForm } from '../crash/plans.js';
import { table } from '../crash/table.js';

/** The short form of `npm run test:crash`, which kills hundreds of times. */
describe('a pulled plug', () => {
  const { plans, skipped } = shortForm();
  for (const what of skipped) process.stdout.write(`NOT SHOWN: ${what}\n`);

  it.each(plans)('loses no accepted message, doubles none and leaves nothing unreadable: $name', async (plan) => {
    const verdict = await plan.run(plan.kills, new Chance(Date.now()));
    process.stdout.write(`${table([verdict])}\n`);
    expect(verdict.violations).toEqual([]);
    expect(verdict).toMatchObject({ lost: 0, doubled: 0, unreadable: 0, badMacs: 0 });
    expect(verdict.kills).toBeGreaterThanOrEqual(plan.kills);
    expect(verdict.accepted).toBeGreaterThan(0);
  });
});
