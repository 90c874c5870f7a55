/** WhatsApp in a process of its own. `DECRYPT=1` lets customers read what they get; without it they acknowledge only, and cost little. */
import { startEmulator } from '../emulator/emulator.js';
import { answer } from './rpc.js';

const emulator = await startEmulator({ control: true, decryptMessages: process.env.DECRYPT === '1' });

answer({
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
