import { afterEach, describe, expect, it } from 'vitest';
import type { PassingStanza } from '../../emulator/taps.js';
import { Stage, type StageOptions } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';

interface Page {
  readonly events: readonly { readonly name: string; readonly data: { readonly message_id: string } }[];
  readonly next: string | null;
}

describe('a message of a customer is told exactly once, though', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  const begin = async (options: StageOptions = {}): Promise<void> => {
    stage = await Stage.set(options);
    await stage.pair('2', PHONE);
  };
  const write = async (customer = CUSTOMER): Promise<string> =>
    (await stage.whatsapp.customer(customer).write(PHONE, stage.text())).id;
  const told = async (): Promise<string[]> => {
    const ids: string[] = [];
    for (let after: string | null = ''; after !== null;) {
      const { body } = await stage.api.get(`/api/events?organization_id=2&limit=200${after && `&after=${after}`}`);
      const { events, next } = body as unknown as Page;
      for (const { name, data } of events) if (name === 'message.received') ids.push(data.message_id);
      after = next;
    }
    return ids;
  };
  /** Until WhatsApp has an answer to everything. */
  const answered = (): Promise<void> =>
    stage.whatsapp.record.until(() =>
      [...stage.whatsapp.phone(PHONE).companions.values()].every(({ unacknowledged }) => unacknowledged === 0),
    );
  /**
   * Resolves at the `count`-th stanza that this fits, at the very moment that it passes, with what `act` returns then.
   */
  const at = async <T>(count: number, fits: (passing: PassingStanza) => boolean, act: () => T): Promise<Awaited<T>> =>
    await new Promise<T>((resolve) => {
      let left = count;
      const end = stage.whatsapp.tap((passing) => {
        if (!fits(passing) || --left > 0) return;
        end();
        resolve(act());
      });
    });
  const receipts = ({ direction, stanza }: PassingStanza): boolean => direction === 'in' && stanza.tag === 'receipt';
  /** Twenty messages that wait for the organization, of five customers. */
  const twenty = async (): Promise<string[]> => {
    await stage.api.stop('2');
    const ids: string[] = [];
    for (let n = 0; n < 20; n++) ids.push(await write(`57310999880${n % 5}`));
    return ids;
  };

  it.each([1, 2, 3, 7, 12])('the session is restarted by hand when receipt %i of twenty arrives', async (count) => {
    await begin();
    const ids = await twenty();
    const restarted = at(count, receipts, () => stage.api.restart('2'));
    await stage.api.start('2');
    await restarted;
    await answered();
    expect((await told()).sort()).toEqual([...ids].sort());
  });

  it.each([1, 2, 3, 7, 12])('the service stops when receipt %i of twenty arrives', async (count) => {
    await begin();
    const ids = await twenty();
    const stopped = at(count, receipts, () => stage.stopService());
    await stage.api.start('2');
    await stopped;
    await stage.startService();
    await answered();
    expect((await told()).sort()).toEqual([...ids].sort());
  });

  it.each([1, 7])('the service is killed when receipt %i of twenty arrives', async (count) => {
    await begin({ asProcess: true });
    const ids = await twenty();
    const killed = at(count, receipts, () => stage.process.end('SIGKILL'));
    await stage.api.start('2').catch(() => {});
    await killed;
    await stage.startService();
    await answered();
    expect((await told()).sort()).toEqual([...ids].sort());
  });

  it('its receipt is lost, and the service starts anew before it comes again', async () => {
    await begin();
    let lost = false;
    const end = stage.whatsapp.tap((passing) => {
      if (lost || !receipts(passing)) return;
      lost = true;
      return 'lose';
    });
    await stage.whatsapp.mishaps.refuseConnections(true);
    const id = await write();
    await stage.log.until('session_disconnected', { org: '2', count: 2 });
    end();
    await stage.stopService();
    await stage.whatsapp.mishaps.refuseConnections(false);
    await stage.startService();
    // This process cannot read it again; the customer's phone sends it afresh, under the same id.
    await answered();
    const next = await write();
    await stage.whatsapp.customer(CUSTOMER).delivered(next);
    expect(await told()).toEqual([id, next]);
    expect(stage.log.events('message_received')).toHaveLength(2);
  });

  it.each(['cut', 'endStream'] as const)(
    'the connection ends at any moment after it was delivered: %s',
    async (end) => {
      await begin({ env: { HEALTH_STABLE_AFTER: '10' } });
      const ids: string[] = [];
      for (let turns = 0; turns < 30; turns++) {
        const delivered = ({ direction, stanza }: PassingStanza): boolean =>
          direction === 'out' && stanza.tag === 'message';
        const ended = at(1, delivered, async () => {
          for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
          stage.whatsapp.mishaps[end](PHONE);
        });
        ids.push(await write());
        await ended;
        await answered();
      }
      expect(await told()).toEqual(ids);
    },
  );
});
