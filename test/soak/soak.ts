import { setTimeout as pause } from 'node:timers/promises';
import { Chance } from '../crash/chance.js';
import { judgeLetters, judgeLog, judgeOrders, judgeScans } from './checks.js';
import type { Shop } from './people.js';
import type { Step } from './step.js';
import { drawn, STEPS } from './steps.js';
import { BREAKS, look, spoil, type Break, type Witness } from './witness.js';
import { World } from './world.js';

export interface SoakOptions {
  readonly seed: number;
  readonly organizations: number;
  readonly customers: number;
  /** Phases end with a calm in which everything is checked. */
  readonly phases: number;
  readonly stepsPerPhase: number;
  /** No phase begins after this, epoch ms. */
  readonly until?: number;
  /** Longest pause between two steps, ms. */
  readonly pauseMs: number;
  /** Spoils what is shown to the checks at the end. */
  readonly break?: Break;
  /** Only steps whose names begin with one of these. */
  readonly only?: readonly string[];
  /** Without those whose names begin with one of these. */
  readonly without?: readonly string[];
  readonly say?: (line: string) => void;
}

export interface SoakReport {
  readonly seed: number;
  readonly steps: number;
  readonly orders: number;
  readonly fates: Readonly<Record<string, number>>;
  readonly letters: number;
  readonly logins: number;
  readonly taken: Readonly<Record<string, number>>;
  readonly journal: readonly string[];
  readonly violations: readonly string[];
  /** Worlds that were spoiled for it, and that the checks took for good ones; must be empty. */
  readonly notFound: readonly Break[];
  readonly seconds: number;
}

/** How long everything may take to come to rest when the mishaps are over. */
const CALM_MS = 60_000;
/** What this process may hold once it is calm: its own files and listeners, and so many for each organization. */
const FDS_OF_PROCESS = 90;
const FDS_OF_ORGANIZATION = 8;
const MOST_MEMORY_MB = 400;

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { seed, say = () => {}, phases, stepsPerPhase, only = [''], without = [], until = Infinity } = options;
  const begun = Date.now();
  const chance = new Chance(seed);
  const world = await World.begin(options);
  const isOf = (names: readonly string[], { name }: Step): boolean => names.some((begin) => name.startsWith(begin));
  const steps = STEPS.filter((step) => isOf(only, step) && !isOf(without, step));
  const taken: Record<string, number> = {};
  const { violations } = world.stage;
  let total = 0;
  let notFound: Break[] = [];
  try {
    for (let phase = 1; phase <= phases && Date.now() < until && violations.length === 0; phase++) {
      for (let n = 0; n < stepsPerPhase; n++) {
        await takeOne(world, chance, { steps, taken, pauseMs: options.pauseMs });
        total++;
      }
      world.note(`phase ${phase} ends`);
      const isLast = phase === phases || Date.now() >= until;
      const { state, witness, judge } = await calmAndCheck(world, isLast ? options.break : undefined);
      // The checks must be able to fail.
      if (isLast && violations.length === 0) {
        notFound = BREAKS.filter((how) => {
          const spoiled = structuredClone(witness);
          spoil(world, spoiled, how);
          return judge(spoiled).length === 0;
        });
      }
      say(
        `phase ${phase}: ${total} steps, ${world.people.orders.length} sent, ` +
          `${world.people.letters.length} written; ${state}`,
      );
    }
  } catch (error) {
    violations.push(`the run broke off: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  const logins = world.whatsapp.record.totals.logins;
  try {
    await world.stage.stop();
    await world.stage.end();
  } catch (error) {
    violations.push(`secret: ${error instanceof Error ? error.message : String(error)}`);
  }
  return {
    seed,
    steps: total,
    orders: world.people.orders.length,
    fates: countOf(world.people.orders.map(({ fate }) => fate?.status ?? 'unknown')),
    letters: world.people.letters.length,
    logins,
    taken,
    journal: world.journal,
    violations: [...new Set(violations)],
    notFound,
    seconds: (Date.now() - begun) / 1000,
  };
}

async function takeOne(
  world: World,
  chance: Chance,
  { steps, taken, pauseMs }: { steps: readonly Step[]; taken: Record<string, number>; pauseMs: number },
): Promise<void> {
  const step = drawn(steps, chance);
  const own = new Chance(Math.floor(chance.next() * 2 ** 31));
  const rest = chance.between(0, pauseMs);
  const did = await step.take(world, own);
  world.note(`${step.name}: ${did ?? 'not now'}`);
  if (did !== null) taken[step.name] = (taken[step.name] ?? 0) + 1;
  await pause(rest);
}

/**
 * All mishaps end; everything comes to rest; then what must hold is looked at. Returns how the process is, and with
 * what was judged.
 */
async function calmAndCheck(
  world: World,
  how: Break | undefined,
): Promise<{ state: string; witness: Witness; judge: (witness: Witness) => string[] }> {
  const { stage, people, shops, customers, whatsapp } = world;
  const { violations } = stage;
  await world.relieve();
  const calmBy = Date.now() + CALM_MS;
  const left = (): number => Math.max(1, calmBy - Date.now());
  await people.settle();
  for (const { id } of shops) {
    const state = await connected(world, id, calmBy);
    if (state !== null) violations.push(`${id} does not come back: ${state}`);
  }
  // With everybody, one more message each way: the acquaintances themselves are whole.
  for (const shop of shops) {
    for (const customer of customers) {
      people.send(shop, customer);
      await people.write(shop, customer);
    }
  }
  await people.settle();
  await learnFates(world, left);
  const unread = new Set<string>();
  await Promise.all(
    people.letters.map(async ({ id, customer, shop, isPoisoned }) => {
      const read = whatsapp
        .customer(customer)
        .delivered(id, { timeoutMs: left() })
        .catch(() => unread.add(id));
      if (!isPoisoned) return read;
      // Set aside, it is taken off WhatsApp's list without a receipt.
      await Promise.race([read, whatsapp.record.until(() => isOffTheList(world, shop), { timeoutMs: left() })]);
    }),
  );
  await whatsapp.record
    .until(() => people.orders.every((order) => order.fate?.status !== 'sent' || world.hasRead(order)), {
      timeoutMs: left(),
    })
    .catch(() => {});
  for (const { id } of shops) {
    const state = await quiet(world, id, calmBy);
    if (state !== null) violations.push(`${id} does not come to rest: ${state}`);
  }
  const witness = await look(world);
  if (how) spoil(world, witness, how);
  const judge = (of: Witness): string[] => [
    ...judgeOrders(world, of),
    ...judgeLetters(world, of, unread),
    ...judgeScans(world, of),
  ];
  violations.push(...judge(witness), ...judgeLog(world));
  return { state: await processState(world), witness, judge };
}

/** Whether WhatsApp has nothing left for the devices of this organization. */
function isOffTheList({ whatsapp }: World, { number }: Shop): boolean {
  return [...whatsapp.phone(number).companions.values()].every(({ unacknowledged }) => unacknowledged === 0);
}

/** Null as soon as it is connected; what it is instead when the time is over. */
async function connected({ stage }: World, id: string, by: number): Promise<string | null> {
  for (;;) {
    const { body } = await (await stage.up()).api.start(id, { wait_ms: 2000 });
    if (body.status === 'connected') return null;
    if (Date.now() > by) return JSON.stringify(body);
    await pause(100);
  }
}

/** Null as soon as nothing is counted against it and nothing holds it up. */
async function quiet({ stage }: World, id: string, by: number): Promise<string | null> {
  for (;;) {
    const { body } = await (await stage.up()).api.status(id);
    const {
      status,
      attention,
      health,
      held_up: heldUp,
    } = body as {
      status: string;
      attention: unknown;
      held_up: unknown;
      health: { verdict: string; counters: { bad_mac: { count: number }; stream_error: { count: number } } };
    };
    const { bad_mac, stream_error } = health.counters;
    const isQuiet =
      status === 'connected' &&
      !attention &&
      !heldUp &&
      health.verdict === 'healthy' &&
      bad_mac.count + stream_error.count === 0;
    if (isQuiet) return null;
    if (Date.now() > by) return JSON.stringify(body);
    await pause(100);
  }
}

/** The same key again, which answers by what has become of the message, as soon as that is known. */
async function learnFates(world: World, left: () => number): Promise<void> {
  const queue = world.people.orders.filter(
    ({ fate }) => !['read', 'delivered', 'failed', 'expired', 'cancelled'].includes(fate?.status ?? ''),
  );
  const worker = async (): Promise<void> => {
    for (let order = queue.shift(); order; order = queue.shift()) {
      await world.people.ask(order, Math.min(30_000, left()));
      const { body } = await (await world.stage.up()).api.message(order.messageId ?? '');
      const { status, error } = body as { status: string; error: { code: string; ack_code: number | null } | null };
      order.fate = { status, error: error?.code ?? null, ackCode: error?.ack_code ?? null };
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

/** Memory and open handles of the service, as it tells them itself. */
async function processState({ stage, shops }: World): Promise<string> {
  const { body } = await (await stage.up()).api.get('/metrics');
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(String(body))?.[1] ?? NaN);
  const memory = value('process_resident_memory_bytes') / 1024 / 1024;
  const fds = value('process_open_fds');
  const most = FDS_OF_PROCESS + FDS_OF_ORGANIZATION * shops.length;
  if (fds > most) stage.violations.push(`${fds} open files, at most ${most} expected`);
  if (memory > MOST_MEMORY_MB)
    stage.violations.push(`${memory.toFixed(0)} MB of memory, at most ${MOST_MEMORY_MB} expected`);
  return (
    `${memory.toFixed(0)} MB, heap ${(value('nodejs_heap_size_used_bytes') / 1024 / 1024).toFixed(0)} MB, ` +
    `${fds} open files`
  );
}

function countOf(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
