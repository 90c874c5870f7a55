/**
 * `npm run bench -- [--parts 1,2,3,4,5,6,7,8] [--rounds 5] [--sessions 300] [--finished 1000000] [--age 10000]
 * [--quick] [--json FILE] [--only SIDE] [--profile DIR]`
 *
 * Every side in a process of its own, WhatsApp (the emulator) in another, by turns in rounds; medians over the rounds.
 * Prints a table and writes bench/results.json (not in git).
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { acquaintance, oldOutbox } from './age.js';
import { busyPhone } from './busy-phone.js';
import { cleaning } from './cleaning.js';
import { commitCost, type CommitCost } from './commit-cost.js';
import { idle, restart } from './many-sessions.js';
import { identitiesFor, type PartResult, type Sizes } from './parts.js';
import { pairAll, type Urls } from './pool.js';
import { pageSearch } from './page.js';
import { Child } from './rpc.js';
import { oneOrganization, twentyOrganizations } from './sending.js';
import type { House } from './sides.js';

const { values: options } = parseArgs({
  options: {
    parts: { type: 'string', default: '1,2,3,4,5,6,7,8' },
    rounds: { type: 'string' },
    sessions: { type: 'string' },
    finished: { type: 'string' },
    age: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string', default: 'bench/results.json' },
    only: { type: 'string', default: '' },
    profile: { type: 'string' },
  },
});

const FULL: Sizes = {
  rounds: 5,
  messages: { 1: 500, 16: 1500 },
  ms: 4000,
  sessions: 300,
  idleMs: 60_000,
  oldAge: 10_000,
  finished: 1_000_000,
  only: '',
};
const QUICK: Sizes = {
  rounds: 3,
  messages: { 1: 200, 16: 600 },
  ms: 1500,
  sessions: 30,
  idleMs: 5000,
  oldAge: 1000,
  finished: 100_000,
  only: '',
};

const number = (text: string | undefined, fallback: number): number => (text === undefined ? fallback : Number(text));
const base = options.quick ? QUICK : FULL;
const sizes: Sizes = {
  ...base,
  rounds: number(options.rounds, base.rounds),
  sessions: number(options.sessions, base.sessions),
  finished: number(options.finished, base.finished),
  oldAge: number(options.age, base.oldAge),
  only: options.only,
};
const parts = options.parts.split(',').map(Number);

execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'whatsapp-bench-'));
const results: PartResult[] = [];

function print({ title, columns, rows, targets }: PartResult): void {
  const lines = [columns, ...rows.map((row) => row.map(String))];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  console.log(`\n${title}`);
  for (const [row, line] of lines.entries()) {
    const cells = line.map((text, index) => {
      const isNumber = row > 0 && !Number.isNaN(Number(text));
      return isNumber ? text.padStart(widths[index] ?? 0) : text.padEnd(widths[index] ?? 0);
    });
    console.log(`  ${cells.join('   ')}`);
  }
  for (const { what, wanted, got, holds } of targets)
    console.log(`  ${holds ? 'holds ' : 'MISSED'}  ${what}: ${got} (wanted ${wanted})`);
}

/** An emulator with so many paired phones, and what is measured over it. */
async function over(
  name: string,
  identities: number,
  decrypt: boolean,
  work: (house: House) => Promise<void>,
): Promise<void> {
  const emulator = new Child('bench/emulator-process.ts', { env: { ...process.env, DECRYPT: decrypt ? '1' : '0' } });
  const home = path.join(directory, name);
  try {
    const urls = await emulator.ask<Urls>('urls');
    const pool = path.join(home, 'pool');
    await pairAll(identities, pool, emulator, urls);
    await work({ emulator, urls, pool, directory: home, profile: options.profile });
    const problems = await emulator.ask<string[]>('problems');
    if (problems.length > 0) console.error(`The emulator stumbled: ${problems.join('\n')}`);
  } finally {
    await emulator.end();
    fs.rmSync(home, { recursive: true, force: true });
  }
}

async function part(number: number, work: () => Promise<PartResult>): Promise<void> {
  if (!parts.includes(number)) return;
  const before = await commitCost(directory);
  const result = await work();
  const after = await commitCost(directory);
  const middle = (of: keyof CommitCost): string => ((before[of] + after[of]) / 2).toFixed(2);
  const cost = `a commit costs ${middle('atOnce')} ms on this disk now, after a pause of 5 ms ${middle('rested')} ms`;
  result.title += ` (${cost})`;
  results.push(result);
  print(result);
}

const begun = Date.now();
console.log(
  `${os.cpus().length} x ${os.cpus()[0]?.model.trim()}, Node ${process.version}, load ${os.loadavg()[0]?.toFixed(1)}`,
);
try {
  const common = parts.filter((each) => each < 6);
  if (common.length > 0) {
    await over('sides', identitiesFor(common, sizes), false, async (house) => {
      const in_ = (name: string): House => ({ ...house, directory: path.join(house.directory, name) });
      await part(1, () => oneOrganization(in_('one'), sizes));
      await part(2, () => twentyOrganizations(in_('twenty'), sizes));
      await part(3, () => idle(in_('idle'), sizes));
      await part(4, () => restart(in_('restart'), sizes));
      await part(5, () => cleaning(in_('cleaning'), sizes));
    });
  }
  if (parts.includes(6)) {
    await over('age', 1, true, (house) => part(6, () => acquaintance(house, sizes)));
    await over('outbox', 2, false, (house) => part(6, () => oldOutbox(house, sizes)));
  }
  if (parts.includes(7)) await over('busy', 1, false, (house) => part(7, () => busyPhone(house, sizes)));
  if (parts.includes(8)) await over('page', 0, false, (house) => part(8, () => pageSearch(house, sizes)));
} finally {
  fs.rmSync(directory, { recursive: true, force: true });
}
const missed = results.flatMap(({ targets }) => targets).filter(({ holds }) => !holds).length;
console.log(
  `\n${missed === 0 ? 'All targets hold' : `${missed} targets missed`}; ${Math.round((Date.now() - begun) / 1000)} s.`,
);
const machine = {
  cpus: os.cpus().length,
  model: os.cpus()[0]?.model.trim(),
  node: process.version,
  load: os.loadavg(),
};
const report = { at: new Date(begun).toISOString(), command: process.argv.slice(2), machine, sizes, results };
fs.writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
