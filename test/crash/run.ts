/**
 * `npm run test:crash [-- --plan <part of a name>] [--scale <number>] [--seed <number>]`: kills the service hundreds of
 * times and prints what was lost. Ends with 1 when anything was.
 */
import { parseArgs } from 'node:util';
import buildOnce from '../stage/build-once.js';
import { Chance } from './chance.js';
import { longForm } from './plans.js';
import { moments, table } from './table.js';
import type { Verdict } from './verdict.js';

const { values } = parseArgs({
  options: {
    plan: { type: 'string', default: '' },
    scale: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    'no-build': { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  if (!values['no-build']) buildOnce();
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const { plans, skipped } = longForm();
  const chance = new Chance(Number(values.seed));
  say(`seed ${values.seed}`);
  for (const what of skipped) say(`NOT SHOWN: ${what}`);
  const verdicts: Verdict[] = [];
  let failed = false;
  for (const plan of plans.filter(({ name }) => name.includes(values.plan))) {
    const { name, kills } = plan;
    try {
      const verdict = await plan.run(Math.max(1, Math.round(kills * Number(values.scale))), chance);
      verdicts.push(verdict);
      failed ||= verdict.violations.length > 0;
      say(
        `${verdict.violations.length === 0 ? 'ok  ' : 'FAIL'} ${name}: ` +
          `${verdict.kills} kills, ${verdict.seconds.toFixed(0)} s`,
      );
      for (const violation of verdict.violations.slice(0, 40)) say(`     ${violation}`);
    } catch (error) {
      failed = true;
      say(`FAIL ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }
  say(`\n${moments(verdicts)}\n\n${table(verdicts)}`);
  return failed ? 1 : 0;
}

// A plan that failed may have left something open.
process.exit(await main());
