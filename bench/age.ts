/** Part 6: what age costs, of an acquaintance and of an outbox. */
import fs from 'node:fs';
import path from 'node:path';
import { customerOf, fixed, phoneOf, rotated } from './numbers.js';
import { fillOutbox } from './old-outbox.js';
import type { PartResult, Sizes, Target } from './parts.js';
import { acquaint, measure, middle, serviceWith, type House, type Measured, type Side } from './sides.js';

const CUSTOMERS = 10;

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
