import { statSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const ID = '2';
const PHONE = '573001150001';
const CUSTOMER = '573109998877';
const ROUND_TRIPS = 2000;

/**
 * What a message costs in ms of the processor, per round trip: until WhatsApp has the service's, until the customer's
 * was read and acknowledged. No clock is read, for the machine may have other work.
 */
interface Cost {
  sent: number;
  received: number;
}

/** ms of the processor that this process, service and emulator, has taken. */
function spent(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

describe('a long acquaintance', () => {
  let stage: Stage;
  beforeAll(async () => {
    // The log of 2,000 round trips is searched at the end; what is done below `info` is not what this is about.
    stage = await Stage.set({ env: { LOG_LEVEL: 'info' } });
    await stage.pair(ID, PHONE);
  });
  afterAll(() => stage.end());

  /** Bytes of the largest stored Signal session, and of the database with its journal. */
  function stored(): { session: number; file: number } {
    const file = path.join(stage.authDirectory, ID, 'auth.sqlite');
    const database = new Database(file, { readonly: true });
    try {
      const rows = database
        .prepare("SELECT length(CAST(value AS BLOB)) FROM keys WHERE type = 'session'")
        .pluck()
        .all() as number[];
      const journal = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
      return { session: Math.max(...rows), file: statSync(file).size + journal };
    } finally {
      database.close();
    }
  }

  it(
    `costs after ${ROUND_TRIPS} round trips with one customer what it cost at the beginning`,
    { timeout: 240_000 },
    async () => {
      const { api } = stage;
      const customer = stage.whatsapp.customer(CUSTOMER);
      // One text that is looked for in the output, and a number behind it that makes each message another one.
      const about = stage.text('Su cita');
      const costs: Cost[] = [];
      const sizes: { round: number; session: number; file: number }[] = [];

      for (let round = 1; round <= ROUND_TRIPS; round++) {
        const start = spent();
        const answer = await api.send(ID, CUSTOMER, `${about} ${round}`);
        expect(answer.status).toBe(200);
        const sent = spent();
        // The answer goes out in a chain of its own: the ratchet turns with every message.
        await customer.received(round);
        const writing = spent();
        const { id } = await customer.write(PHONE, `${about} re ${round}`);
        await customer.delivered(id);
        costs.push({ sent: sent - start, received: spent() - writing });
        if (round === 20 || round % 200 === 0) sizes.push({ round, ...stored() });
      }

      const part = (from: number, to: number): Cost => {
        const slice = costs.slice(from, to);
        return { sent: median(slice.map(({ sent }) => sent)), received: median(slice.map(({ received }) => received)) };
      };
      // The very first ones compile the code and would flatter the comparison.
      const early = part(100, 300);
      const late = part(ROUND_TRIPS - 200, ROUND_TRIPS);
      const told = (cost: Cost): string => `${cost.sent.toFixed(2)} ms out, ${cost.received.toFixed(2)} ms in`;
      process.stdout.write(
        `round trips 101-300: ${told(early)}; last 200: ${told(late)} (medians)\n` +
          sizes.map(({ round, session, file }) => `  ${round}: session ${session} B, files ${file} B\n`).join(''),
      );

      // Nothing was read by a second try, and nothing was lost on the way.
      expect(customer.messages.filter(({ duplicate }) => duplicate)).toEqual([]);
      expect(customer.distinctMessages).toBe(ROUND_TRIPS);
      expect(stage.log.events('message_received', ID)).toHaveLength(ROUND_TRIPS);
      expect(stage.log.events('fault_counted')).toEqual([]);
      expect(stage.whatsapp.record.totals).toMatchObject({ unreadable: 0, problems: 0, logins: 1 });

      // Baileys alone would store 211 KB here, and need 10 ms for each message more.
      const [first, ...later] = sizes;
      const after200 = later[0]?.session ?? 0;
      expect(first?.session).toBeGreaterThan(500);
      for (const { round, session } of later) {
        expect(session, `session after ${round} round trips`).toBeLessThan(6_000);
        expect(Math.abs(session - after200), `growth after ${round} round trips`).toBeLessThan(500);
      }
      // 0.15 MB of keys and at most a MB of journal.
      for (const { round, file } of sizes) expect(file, `files after ${round} round trips`).toBeLessThan(2_000_000);
      // Loose: the growth that this is about was tenfold.
      expect(late.sent).toBeLessThan(3 * early.sent);
      expect(late.received).toBeLessThan(3 * early.received);
    },
  );

  it('is still readable both ways after a restart', async () => {
    await stage.restartService();
    expect((await stage.api.ready(ID)).body.status).toBe('connected');
    await stage.receive(PHONE, CUSTOMER);
    await stage.send(ID, CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);
    expect(stage.log.events('fault_counted')).toEqual([]);
    expect(stage.whatsapp.record.totals.unreadable).toBe(0);
  });
});
