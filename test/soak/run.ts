/**
 * `npm run soak [-- --seed <number>] [--minutes <number>] [--organizations <number>]`: the real service in a stranger
 * world than any real one, at random, until the time is over. Ends with 1, and prints the seed and what was done, when
 * anything did not hold.
 */
import { parseArgs } from 'node:util';
import buildOnce from '../stage/build-once.js';
import { soak, type SoakReport } from './soak.js';
import { BREAKS } from './witness.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string' },
    phases: { type: 'string' },
    steps: { type: 'string', default: '120' },
    organizations: { type: 'string', default: '3' },
    customers: { type: 'string', default: '6' },
    pause: { type: 'string', default: '120' },
    /** One of BREAKS: the checks are shown a spoiled world, and must find it. */
    break: { type: 'string' },
    /** Steps by how their names begin, separated by commas. */
    only: { type: 'string' },
    without: { type: 'string' },
    'no-build': { type: 'boolean', default: false },
  },
});

const LINES_OF_JOURNAL = 400;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(): Promise<number> {
  const how = BREAKS.find((one) => one === values.break);
  if (values.break !== undefined && !how) throw new Error(`--break must be one of ${BREAKS.join(', ')}`);
  if (!values['no-build']) buildOnce();
  const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
  const report = await soak({
    seed: Number(values.seed ?? Date.now() % 1_000_000),
    organizations: Number(values.organizations),
    customers: Number(values.customers),
    phases: values.phases !== undefined ? Number(values.phases) : minutes === undefined ? 3 : Infinity,
    stepsPerPhase: Number(values.steps),
    pauseMs: Number(values.pause),
    ...(minutes !== undefined && { until: Date.now() + minutes * 60_000 }),
    ...(how && { break: how }),
    ...(values.only !== undefined && { only: values.only.split(',') }),
    ...(values.without !== undefined && { without: values.without.split(',') }),
    say,
  });
  print(report);
  return report.violations.length + report.notFound.length === 0 ? 0 : 1;
}

function print(report: SoakReport): void {
  const { seed, steps, orders, letters, logins, fates, taken, journal, violations, seconds } = report;
  const counts = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  say(
    `\nseed ${seed}: ${steps} steps in ${seconds.toFixed(0)} s, ${logins} logins; ` +
      `${orders} messages (${counts(fates)}), ${letters} of customers`,
  );
  say(`taken: ${counts(taken)}`);
  for (const how of report.notFound) say(`FAIL: the checks do not find a world that was spoiled: ${how}`);
  if (violations.length === 0)
    return say('ok: everything holds, and the checks find each world that is spoiled for them');
  if (journal.length > LINES_OF_JOURNAL) say(`… ${journal.length - LINES_OF_JOURNAL} steps before`);
  for (const line of journal.slice(-LINES_OF_JOURNAL)) say(`  ${line}`);
  say(`FAIL with seed ${seed}:`);
  for (const violation of violations) say(`  ${violation}`);
}

process.exitCode = await main();
