/**
 * Six of the seven parts of the bench (the seventh: busy-phone.ts). Each prints nothing and returns rows for the table,
 * and whether the targets hold.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { BareKind } from './bare-process.js';
import { customerOf, median, phoneOf } from './numbers.js';
import { fillOutbox } from './old-outbox.js';
import { authFolders } from './pool.js';
import {
  acquaint,
  bareWith,
  LEAST_DURABLE,
  leastDurableWith,
  measure,
  ServiceSide,
  serviceWith,
  type House,
  type Measured,
  type Side,
} from './sides.js';

export interface Sizes {
  rounds: number;
  /** Messages of one measurement, one at a time and sixteen at a time. */
  messages: { 1: number; 16: number };
  /** ms that the twenty organizations send in one measurement. */
  ms: number;
  sessions: number;
  idleMs: number;
  /** With one customer, until the acquaintance is old. */
  oldAge: number;
  finished: number;
  /** Only the sides whose names begin so; all when empty. */
  only: string;
}

export interface Target {
  what: string;
  wanted: string;
  got: string;
  holds: boolean;
}

export interface PartResult {
  title: string;
  columns: string[];
  rows: (string | number)[][];
  targets: Target[];
}

const KINDS: BareKind[] = ['memory', 'multi-file', 'multi-file cached'];
const CUSTOMERS = 10;

/** How many identities each part takes from the pool; parts 1 and 2 hold all their sides at one time. */
export function identitiesFor(parts: readonly number[], { sessions }: Sizes): number {
  return Math.max(
    parts.includes(2) ? 20 * 4 : 0,
    parts.includes(1) ? 5 : 0,
    parts.includes(3) || parts.includes(4) ? sessions : 0,
    parts.includes(5) ? 5 : 0,
  );
}

async function allSides(house: House, each: number, only: string): Promise<{ side: Side; organizations: number[] }[]> {
  const range = (index: number) => Array.from({ length: each }, (_, one) => index * each + one);
  const sides: { side: Side; organizations: number[] }[] = [];
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

/** The order changes from round to round, so that nobody always comes after the same one. */
function rotated<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

const fixed = (value: number, digits = 1): number => Number(value.toFixed(digits));

function middle(runs: readonly Measured[], of: (run: Measured) => number): number {
  return median(runs.map(of));
}

async function sending(
  house: House,
  sizes: Sizes,
  options: { each: number; title: string; withShare: boolean },
): Promise<PartResult> {
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
    const runs = new Map<string, Measured[]>(sides.map(({ side }) => [side.name, []]));
    for (let round = 0; round < sizes.rounds; round++) {
      for (const { side, organizations } of rotated(sides, round)) {
        const amount = withShare ? { ms: sizes.ms } : { messages: sizes.messages[atOnce] };
        runs.get(side.name)?.push(await measure(side, house.emulator, { organizations, customers, atOnce, ...amount }));
      }
    }
    const rate = (name: string) => middle(runs.get(name) as Measured[], (run) => run.perSecond);
    for (const { side } of sides) {
      const measured = runs.get(side.name) as Measured[];
      const counts = measured.map((run) => Object.values(run.counts));
      const share = median(counts.map((each) => Math.min(...each) / Math.max(...each)));
      rows.push([
        `${each === 1 ? '' : `${each} x `}${atOnce}`,
        side.name,
        Math.round(rate(side.name)),
        fixed(middle(measured, (run) => run.p50)),
        fixed(middle(measured, (run) => run.p99)),
        fixed(
          middle(measured, (run) => run.cpuMsPerMessage),
          2,
        ),
        fixed(
          middle(measured, (run) => run.emulatorCpuMsPerMessage),
          2,
        ),
        ...(withShare ? [fixed(share, 2)] : []),
      ]);
    }
    if (sizes.only) continue;
    /** Of each round the quotient, then the median: what the machine did meanwhile hit both sides alike. */
    const quotient = (name: string): number => {
      const others = runs.get(name) as Measured[];
      return median(
        (runs.get('this service') as Measured[]).map((run, i) => run.perSecond / (others[i]?.perSecond ?? NaN)),
      );
    };
    for (const [kind, least] of [
      ['memory', 0.8],
      ['multi-file', 1.5],
    ] as const) {
      const ratio = quotient(`bare, ${kind}`);
      targets.push({
        what: `messages/s at ${each === 1 ? '' : `${each} x `}${atOnce}, service : bare ${kind}`,
        wanted: `>= ${least}`,
        got: ratio.toFixed(2),
        holds: ratio >= least,
      });
    }
  }
  for (const { side } of sides) await side.stop();
  const columns = [
    'at once',
    'side',
    'acked/s',
    'p50 ms',
    'p99 ms',
    'CPU ms/msg',
    'emulator CPU',
    ...(withShare ? ['min/max'] : []),
  ];
  return { title, columns, rows, targets };
}

export function oneOrganization(house: House, sizes: Sizes): Promise<PartResult> {
  return sending(house, sizes, { each: 1, title: '1. One organization, 10 customers', withShare: false });
}

export function twentyOrganizations(house: House, sizes: Sizes): Promise<PartResult> {
  return sending(house, sizes, { each: 20, title: '2. Twenty organizations, 10 customers each', withShare: true });
}

const MB = 1024 * 1024;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function idle(house: House, sizes: Sizes): Promise<PartResult> {
  const { sessions, idleMs } = sizes;
  const organizations = Array.from({ length: sessions }, (_, index) => index);
  const rows: (string | number)[][] = [];
  const perSession: number[] = [];
  const open = [
    {
      name: 'this service',
      empty: () => serviceWith(house, 'service without sessions', []),
      full: () => serviceWith(house, `service with ${sessions}`, organizations),
    },
    {
      name: 'bare, memory',
      empty: () => bareWith(house, 'memory', []),
      full: () => bareWith(house, 'memory', organizations),
    },
  ];
  for (const { name, empty, full } of open) {
    const none: Side = await empty();
    await pause(3000);
    await none.collect();
    const before = (await none.collect()).rss;
    await none.stop();
    const side: Side = await full();
    // The first half minute after a login is not idle yet.
    await pause(Math.min(30_000, idleMs));
    const first = await side.usage();
    await pause(idleMs);
    const second = await side.usage();
    await side.collect();
    const collected = await side.collect();
    await side.stop();
    perSession.push((collected.rss - before) / MB / sessions);
    rows.push([
      name,
      Math.round(before / MB),
      Math.round(second.rss / MB),
      Math.round(collected.rss / MB),
      fixed((collected.rss - before) / MB / sessions, 2),
      fixed(((second.cpuMs - first.cpuMs) / idleMs) * 100, 2),
    ]);
  }
  const ratio = (perSession[0] as number) / (perSession[1] as number);
  return {
    title: `3. ${sessions} paired sessions, idle`,
    columns: ['side', 'MB without', 'MB with', 'after GC', 'MB/session', 'CPU % idle'],
    rows,
    targets: [{ what: 'memory per session, service : bare', wanted: '<= 2', got: ratio.toFixed(2), holds: ratio <= 2 }],
  };
}

export async function restart(house: House, sizes: Sizes): Promise<PartResult> {
  const { sessions } = sizes;
  const organizations = Array.from({ length: sessions }, (_, index) => index);
  const folder = path.join(house.directory, 'restart');
  authFolders(organizations, house.pool, path.join(folder, 'auth_sessions'));
  const rows: (string | number)[][] = [];
  const caps = [
    ['default (4 logins at once)', {}],
    ['no cap', { MAX_CONCURRENT_LOGINS: '1000' }],
  ] as const;
  const seen = new Map<string, { seconds: number; listening: number; cpu: number; peak: number }[]>();
  for (let round = 0; round < Math.max(1, Math.min(3, sizes.rounds)); round++) {
    for (const [name, environment] of rotated(caps, round)) {
      const begun = Date.now();
      const side = await ServiceSide.start('this service', folder, house.urls, environment, house.profile);
      const connected = await side.events('session_connected', sessions);
      const [started] = await side.events('service_started', 1);
      const last = Math.max(...connected.map(({ time }) => Date.parse(time)));
      const { cpuMs, peakRss } = await side.usage();
      const runs = seen.get(name) ?? [];
      seen.set(name, runs);
      runs.push({
        seconds: (last - begun) / 1000,
        listening: (Date.parse(started?.time ?? '') - begun) / 1000,
        cpu: cpuMs / 1000,
        peak: peakRss / MB,
      });
      await side.stop();
    }
  }
  for (const [name, runs] of seen) {
    const of = (pick: (run: (typeof runs)[number]) => number) => median(runs.map(pick));
    rows.push([
      name,
      fixed(
        of((run) => run.listening),
        2,
      ),
      fixed(
        of((run) => run.seconds),
        2,
      ),
      fixed(
        of((run) => run.cpu),
        2,
      ),
      fixed((of((run) => run.cpu) * 1000) / sessions, 1),
      Math.round(of((run) => run.peak)),
    ]);
  }
  return {
    title: `4. Restart with ${sessions} sessions`,
    columns: ['governor', 's to listening', 's to all connected', 'CPU s', 'CPU ms/session', 'peak MB'],
    rows,
    targets: [],
  };
}

export async function cleaning(house: House, sizes: Sizes): Promise<PartResult> {
  const organizations = Array.from({ length: Math.min(5, Math.max(2, sizes.rounds)) }, (_, index) => index);
  const side = await serviceWith(house, 'cleaning', organizations);
  const customers = await acquaint(house.emulator, organizations, 1);
  const fromFault: number[] = [];
  const fromWrite: number[] = [];
  for (const organization of organizations) {
    const org = String(organization);
    const from = customers[organization]?.[0] as string;
    await house.emulator.ask('badMac', { org: phoneOf(organization), n: 3 });
    let written = 0;
    for (let count = 1; count <= 3; count++) {
      written = Date.now();
      await house.emulator.ask('write', { from, to: phoneOf(organization), wait: false });
      await side.events('fault_counted', count, org);
    }
    const [, , third] = await side.events('fault_counted', 3, org);
    const [qr] = await side.events('qr_ready', 1, org);
    fromFault.push(Date.parse(qr?.time ?? '') - Date.parse(third?.time ?? ''));
    fromWrite.push(Date.parse(qr?.time ?? '') - written);
  }
  await side.stop();
  return {
    title: '5. From the third Bad MAC to the new QR',
    columns: ['', 'median ms', 'slowest ms'],
    rows: [
      ['counted -> QR ready', Math.round(median(fromFault)), Math.max(...fromFault)],
      ["customer's message leaves -> QR ready", Math.round(median(fromWrite)), Math.max(...fromWrite)],
    ],
    targets: [],
  };
}

/** `old : young` of what a message costs, by turns, in blocks. */
async function byTurns(
  rounds: number,
  young: () => Promise<Measured>,
  old: () => Promise<Measured>,
): Promise<{ young: Measured[]; old: Measured[] }> {
  const seen = { young: [] as Measured[], old: [] as Measured[] };
  for (let round = 0; round < rounds; round++) {
    const turns = rotated([async () => seen.young.push(await young()), async () => seen.old.push(await old())], round);
    for (const turn of turns) await turn();
  }
  return seen;
}

function ageRows(name: [string, string], seen: { young: Measured[]; old: Measured[] }): PartResult['rows'] {
  return (['young', 'old'] as const).map((age, index) => [
    name[index] as string,
    fixed(
      middle(seen[age], (run) => run.p50),
      2,
    ),
    fixed(
      middle(seen[age], (run) => run.cpuMsPerMessage),
      2,
    ),
    Math.round(middle(seen[age], (run) => run.perSecond)),
  ]);
}

function ageTarget(what: string, seen: { young: Measured[]; old: Measured[] }): Target {
  const ratio = middle(seen.old, (run) => run.cpuMsPerMessage) / middle(seen.young, (run) => run.cpuMsPerMessage);
  return { what: `CPU per message, ${what}`, wanted: '<= 1.2', got: ratio.toFixed(2), holds: ratio <= 1.2 };
}

/** Its own emulator, whose customers read and so take part in the ratchet; `house` is one over it. */
export async function acquaintance(house: House, sizes: Sizes): Promise<PartResult> {
  const { oldAge } = sizes;
  const side = await serviceWith(house, 'old acquaintance', [0]);
  const to = phoneOf(0);
  const old = customerOf(0, 0);
  const message = (customer: string, messages: number) =>
    side.load({ organizations: [0], customers: { 0: [customer] }, atOnce: 1, messages });
  await house.emulator.ask('write', { from: old, to });
  for (let age = 0; age < oldAge; age += 10) {
    await message(old, 10);
    // Their answer: with it both sides' ratchets turn.
    await house.emulator.ask('write', { from: old, to });
  }
  const block = (customer: string): Promise<Measured> =>
    measure(side, house.emulator, { organizations: [0], customers: { 0: [customer] }, atOnce: 1, messages: 40 });
  let next = 1;
  const seen = await byTurns(
    Math.max(8, sizes.rounds * 3),
    async () => {
      const fresh = customerOf(0, next++);
      await house.emulator.ask('write', { from: fresh, to });
      await message(fresh, 9);
      return block(fresh);
    },
    async () => {
      await house.emulator.ask('write', { from: old, to });
      await message(old, 9);
      return block(old);
    },
  );
  await side.stop();
  const unreadable = await house.emulator.ask<number>('unreadable');
  return {
    title: `6a. The same customer: message 10 and message ${oldAge}`,
    columns: ['', 'p50 ms', 'CPU ms/msg', 'acked/s'],
    rows: ageRows(['message 10 to 49', `message ${oldAge} and later`], seen),
    targets: [
      ageTarget(`message ${oldAge} : message 10`, seen),
      {
        what: 'messages that a customer could not read',
        wanted: '0',
        got: String(unreadable),
        holds: unreadable === 0,
      },
    ],
  };
}

export async function oldOutbox(house: House, sizes: Sizes): Promise<PartResult> {
  const { finished } = sizes;
  const empty = await serviceWith(house, 'empty outbox', [0]);
  const folder = path.join(house.directory, 'full-outbox', 'data');
  fs.mkdirSync(folder, { recursive: true });
  fillOutbox(folder, '1', finished);
  const full = await serviceWith(house, 'full outbox', [1]);
  const customers = await acquaint(house.emulator, [0, 1], CUSTOMERS);
  const rows: PartResult['rows'] = [];
  const targets: Target[] = [];
  for (const [side, organization] of [
    [empty, 0],
    [full, 1],
  ] as const) {
    await side.load({ organizations: [organization], customers, atOnce: 16, messages: 400 });
  }
  for (const atOnce of [1, 16] as const) {
    const load = (side: Side, organization: number) =>
      measure(side, house.emulator, {
        organizations: [organization],
        customers,
        atOnce,
        messages: sizes.messages[atOnce],
      });
    const seen = await byTurns(
      sizes.rounds,
      () => load(empty, 0),
      () => load(full, 1),
    );
    rows.push(
      ...ageRows([`empty, ${atOnce} at once`, `${finished.toLocaleString('en')} finished, ${atOnce} at once`], seen),
    );
    targets.push(ageTarget(`${finished.toLocaleString('en')} finished : none, ${atOnce} at once`, seen));
  }
  await empty.stop();
  await full.stop();
  return {
    title: `6b. An outbox with ${finished.toLocaleString('en')} finished messages`,
    columns: ['', 'p50 ms', 'CPU ms/msg', 'acked/s'],
    rows,
    targets,
  };
}
