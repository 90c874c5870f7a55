/**
 * Part 7: sends while the organization's phone gets 500 group messages a minute, against the same service with quiet
 * phones.
 */
import { median, phoneOf } from './numbers.js';
import type { PartResult, Sizes } from './parts.js';
import { acquaint, measure, serviceWith, type House, type Measured } from './sides.js';

const GROUP_MESSAGES_PER_MINUTE = 500;
const MEMBERS = 40;
const CUSTOMERS = 10;
/** Sends beside the group keep at least this share of their rate. */
const LEAST = 0.9;

/** One service with one organization; round by round without and with the group, the order by turns. */
export async function busyPhone(house: House, sizes: Sizes): Promise<PartResult> {
  const organizations = [0];
  const side = await serviceWith(house, 'this service', organizations);
  const customers = await acquaint(house.emulator, organizations, CUSTOMERS);
  const phone = phoneOf(0);
  await side.load({ organizations, customers, atOnce: 1, messages: CUSTOMERS });
  await side.load({ organizations, customers, atOnce: 16, messages: 800 });
  const rows: (string | number)[][] = [];
  const targets: PartResult['targets'] = [];
  for (const atOnce of [1, 16] as const) {
    const runs: Record<'quiet' | 'busy', Measured[]> = { quiet: [], busy: [] };
    const heard: number[] = [];
    for (let round = 0; round < sizes.rounds; round++) {
      for (const kind of round % 2 === 0 ? (['quiet', 'busy'] as const) : (['busy', 'quiet'] as const)) {
        const busy = kind === 'busy';
        if (busy)
          await house.emulator.ask('chatter', { phone, perMinute: GROUP_MESSAGES_PER_MINUTE, members: MEMBERS });
        runs[kind].push(await measure(side, house.emulator, { organizations, customers, atOnce, ms: sizes.ms }));
        if (busy) heard.push(await house.emulator.ask<number>('silence'));
        await house.emulator.ask('settled', phone);
      }
    }
    for (const kind of ['quiet', 'busy'] as const) {
      const of = (figure: (run: Measured) => number, digits = 1): number =>
        Number(median(runs[kind].map(figure)).toFixed(digits));
      rows.push([
        atOnce,
        kind === 'quiet' ? 'a quiet phone' : `${GROUP_MESSAGES_PER_MINUTE} group messages a minute`,
        Math.round(of((run) => run.perSecond)),
        of((run) => run.p50),
        of((run) => run.p99),
        of((run) => run.cpuMsPerMessage, 2),
        kind === 'quiet' ? 0 : median(heard),
      ]);
    }
    // Of each round the quotient, then the median: what the machine did meanwhile hit both alike.
    const share = median(runs.busy.map((run, round) => run.perSecond / (runs.quiet[round]?.perSecond ?? NaN)));
    const heardRate = Math.min(...heard.map((count, n) => (count / (runs.busy[n]?.ms ?? NaN)) * 60_000));
    targets.push(
      {
        what: `messages/s at ${atOnce}, busy phone : quiet phone`,
        wanted: `>= ${LEAST}`,
        got: share.toFixed(2),
        holds: share >= LEAST,
      },
      {
        what: `group messages a minute beside them, at ${atOnce}`,
        wanted: `>= ${GROUP_MESSAGES_PER_MINUTE}`,
        got: heardRate.toFixed(0),
        holds: heardRate >= GROUP_MESSAGES_PER_MINUTE,
      },
    );
  }
  await side.stop();
  const columns = ['at once', 'side', 'acked/s', 'p50 ms', 'p99 ms', 'CPU ms/msg', 'group messages'];
  return { title: '7. One organization whose phone is in busy groups', columns, rows, targets };
}
