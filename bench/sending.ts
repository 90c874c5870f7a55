/** Parts 1 and 2: how fast, and at what cost, all sides send. */
import type { BareKind } from './bare-process.js';
import { fixed, median, rotated } from './numbers.js';
import type { PartResult, Sizes, Target } from './parts.js';
import { acquaint, bareWith, LEAST_DURABLE, leastDurableWith, measure, middle, serviceWith } from './sides.js';
import type { House, Measured, Side } from './sides.js';

const KINDS: BareKind[] = ['memory', 'multi-file', 'multi-file cached'];
const CUSTOMERS = 10;
const COLUMNS = ['at once', 'side', 'acked/s', 'p50 ms', 'p99 ms', 'CPU ms/msg', 'emulator CPU'];

/** One side with the organizations that are its own. */
interface Manned {
  readonly side: Side;
  readonly organizations: number[];
}

interface Options {
  /** So many organizations on each side. */
  readonly each: number;
  readonly title: string;
  /** Shows how even the organizations' shares are, and measures for a time instead of a number of messages. */
  readonly withShare: boolean;
}

/** The measurements by the name of the side. */
type Runs = ReadonlyMap<string, Measured[]>;

export function oneOrganization(house: House, sizes: Sizes): Promise<PartResult> {
  return sending(house, sizes, { each: 1, title: '1. One organization, 10 customers', withShare: false });
}

export function twentyOrganizations(house: House, sizes: Sizes): Promise<PartResult> {
  return sending(house, sizes, { each: 20, title: '2. Twenty organizations, 10 customers each', withShare: true });
}

async function allSides(house: House, each: number, only: string): Promise<Manned[]> {
  const range = (index: number) => Array.from({ length: each }, (_, one) => index * each + one);
  const sides: Manned[] = [];
  if ('this service'.startsWith(only)) {
    sides.push({ side: await serviceWith(house, 'this service', range(0)), organizations: range(0) });
  }
  for (const [index, kind] of KINDS.entries()) {
    if (!`bare, ${kind}`.startsWith(only)) continue;
    sides.push({ side: await bareWith(house, kind, range(index + 1)), organizations: range(index + 1) });
  }
  if (each === 1 && LEAST_DURABLE.startsWith(only)) {
    const organizations = range(KINDS.length + 1);
    sides.push({ side: await leastDurableWith(house, organizations), organizations });
  }
  return sides;
}

async function sending(house: House, sizes: Sizes, options: Options): Promise<PartResult> {
  const { each, title, withShare } = options;
  const sides = await allSides(house, each, sizes.only);
  const all = sides.flatMap(({ organizations }) => organizations);
  const customers = await acquaint(house.emulator, all, CUSTOMERS);
  const rows: (string | number)[][] = [];
  const targets: Target[] = [];
  for (const { side, organizations } of sides) {
    // First contacts, one at a time, and then until the code is warm.
    await side.load({ organizations, customers, atOnce: 1, messages: CUSTOMERS });
    await side.load({ organizations, customers, atOnce: 16, messages: Math.max(40, Math.round(800 / each)) });
  }
  for (const atOnce of [1, 16] as const) {
    const runs: Runs = new Map(sides.map(({ side }) => [side.name, []]));
    for (let round = 0; round < sizes.rounds; round++) {
      for (const { side, organizations } of rotated(sides, round)) {
        const amount = withShare ? { ms: sizes.ms } : { messages: sizes.messages[atOnce] };
        runs.get(side.name)?.push(await measure(side, house.emulator, { organizations, customers, atOnce, ...amount }));
      }
    }
    const load = `${each === 1 ? '' : `${each} x `}${atOnce}`;
    for (const { side } of sides) rows.push(row(load, side.name, runs.get(side.name) as Measured[], withShare));
    if (!sizes.only) targets.push(...targetsOf(load, runs));
  }
  for (const { side } of sides) await side.stop();
  return { title, columns: [...COLUMNS, ...(withShare ? ['min/max'] : [])], rows, targets };
}

function row(load: string, name: string, runs: readonly Measured[], withShare: boolean): (string | number)[] {
  const counts = runs.map((run) => Object.values(run.counts));
  const share = median(counts.map((each) => Math.min(...each) / Math.max(...each)));
  const cells = [
    load,
    name,
    Math.round(middle(runs, (run) => run.perSecond)),
    fixed(middle(runs, (run) => run.p50)),
    fixed(middle(runs, (run) => run.p99)),
  ];
  const costs = [middle(runs, (run) => run.cpuMsPerMessage), middle(runs, (run) => run.emulatorCpuMsPerMessage)];
  return [...cells, ...costs.map((cost) => fixed(cost, 2)), ...(withShare ? [fixed(share, 2)] : [])];
}

function targetsOf(load: string, runs: Runs): Target[] {
  /** Of each round the quotient, then the median: what the machine did meanwhile hit both sides alike. */
  const quotient = (name: string): number => {
    const others = runs.get(name) as Measured[];
    return median(
      (runs.get('this service') as Measured[]).map((run, i) => run.perSecond / (others[i]?.perSecond ?? NaN)),
    );
  };
  const wanted = [
    ['memory', 0.8],
    ['multi-file', 1.5],
  ] as const;
  return wanted.map(([kind, least]) => {
    const ratio = quotient(`bare, ${kind}`);
    return {
      what: `messages/s at ${load}, service : bare ${kind}`,
      wanted: `>= ${least}`,
      got: ratio.toFixed(2),
      holds: ratio >= least,
    };
  });
}
