/**
 * WhatsApp in a process of its own. `DECRYPT=1` lets customers read what they get; without it they acknowledge only,
 * and cost little.
 */
import { startEmulator } from '../emulator/emulator.js';
import { answer } from './rpc.js';

const emulator = await startEmulator({ control: true, decryptMessages: process.env.DECRYPT === '1' });

/** The group that is talked in now: ends the talking, and says how many messages it had. */
let chatter: { end: () => Promise<number> } | undefined;

function startChatter(phone: string, perMinute: number, members: number): void {
  const numbers = Array.from({ length: members }, (_, n) => String(573_205_000_000 + n));
  const group = emulator.group('120363000000000001@g.us', { phones: [phone], members: numbers });
  const begun = Date.now();
  let written = 0;
  const all: Promise<unknown>[] = [];
  // As many as are due by now, and the first at once.
  const write = (): void => {
    const due = Math.ceil(((Date.now() - begun) / 60_000) * perMinute) + 1;
    for (; written < due; written++) all.push(group.write(numbers[written % members] ?? '', `message ${written}`));
  };
  write();
  const timer = setInterval(write, 20);
  chatter = {
    end: async () => {
      write();
      clearInterval(timer);
      await Promise.all(all);
      return written;
    },
  };
}

answer({
  chatter: ({ phone, perMinute, members }: { phone: string; perMinute: number; members: number }) =>
    startChatter(phone, perMinute, members),
  silence: async () => (await chatter?.end()) ?? 0,
  urls: () => ({ url: emulator.url, controlUrl: emulator.controlUrl }),
  connections: () => emulator.record.connections,
  unreadable: () => emulator.record.totals.unreadable,
  problems: () => emulator.record.problems.slice(-3).map(({ what }) => what),
  /** Everything that WhatsApp has for this phone's devices is with them. */
  settled: (number: string) =>
    emulator.record.until(
      () => [...emulator.phone(number).companions.values()].every(({ unacknowledged }) => unacknowledged === 0),
      { what: `an empty inbox of ${number}`, timeoutMs: 60_000 },
    ),
  /** A customer writes, and the organization's side has read it: so both have an established Signal session. */
  write: async ({ from, to, wait = true }: { from: string; to: string; wait?: boolean }) => {
    const customer = emulator.customer(from);
    const { id } = await customer.write(to, 'Hola');
    if (wait) await customer.delivered(id, { timeoutMs: 60_000 });
  },
  badMac: ({ org, n }: { org: string; n: number }) => emulator.mishaps.badMac(org, n),
});
