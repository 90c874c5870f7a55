import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { EventStores } from '../../../src/store/ports.js';
import { BROKEN, HOLA, OK, OTHER, Room, SHOP, T0 } from './fixtures.js';

type Port = Exclude<keyof EventStores, 'close'>;

/** The same storage; what this method did is answered only when the test lets it. */
function late<Name extends Port>(name: Name, method: keyof EventStores[Name]) {
  let isHeld = false;
  const waiting: (() => void)[] = [];
  const distance = (stores: EventStores): EventStores => ({
    ledger: stores.ledger,
    webhooks: stores.webhooks,
    deliveries: stores.deliveries,
    undelivered: stores.undelivered,
    close: () => stores.close(),
    [name]: new Proxy(stores[name], {
      get: (store, key) => {
        const asked = (store as unknown as Record<PropertyKey, (...args: unknown[]) => Promise<unknown>>)[key];
        return async (...args: unknown[]): Promise<unknown> => {
          const answer = await asked?.apply(store, args);
          if (isHeld && key === method) await new Promise<void>((resolve) => waiting.push(resolve));
          return answer;
        };
      },
    }),
  });
  return {
    distance,
    hold: () => (isHeld = true),
    isWaiting: () => waiting.length > 0,
    release: () => {
      isHeld = false;
      for (const answer of waiting.splice(0)) answer();
    },
  };
}

describe('with a storage that answers late', () => {
  it('an event is brought to whom it was stored for, though the webhook wants others by now', async () => {
    const append = late('ledger', 'append');
    const room = new Room({}, append.distance);
    const { webhookId } = await room.hook('https://a.example/');
    append.hold();
    const told = room.tell();
    await room.until(append.isWaiting, 'stored');
    await room.webhooks.change(webhookId, { eventTypes: ['session.qr'] });
    append.release();
    await told;
    await room.until(async () => (await room.webhooks.backlog(webhookId)).waiting === 0, 'delivered');
    expect(room.sent.map(({ name }) => name)).toEqual(['session.stable']);
  });

  it('a line goes on when somebody says so while its failure is noted', async () => {
    const noteFailed = late('deliveries', 'noteFailed');
    const room = new Room({ baseMs: 60_000, maxMs: 60_000 }, noteFailed.distance);
    const { webhookId } = await room.hook('https://a.example/');
    room.answer = () => BROKEN;
    noteFailed.hold();
    await room.tell();
    await room.until(noteFailed.isWaiting, 'noted');
    room.answer = () => OK;
    await room.webhooks.change(webhookId, { description: 'back' });
    noteFailed.release();
    await room.until(async () => (await room.webhooks.backlog(webhookId)).waiting === 0, 'delivered');
  });

  it('nothing is parked of a webhook that was enabled again meanwhile', async () => {
    const endTrouble = late('deliveries', 'endTrouble');
    const room = new Room({}, endTrouble.distance);
    const { webhookId } = await room.hook('https://a.example/');
    endTrouble.hold();
    const disabled = room.webhooks.change(webhookId, { disabledReason: 'by_request' });
    await room.until(endTrouble.isWaiting, 'disabled');
    const enabled = room.webhooks.change(webhookId, { disabledReason: null });
    await room.until(() => room.webhooks.get(webhookId).disabledReason === null, 'enabled');
    // The receiver is slow: it waits when it is looked at what there is to park.
    let take = (): void => {};
    room.answer = () => new Promise((resolve) => (take = () => resolve(OK)));
    await room.tell();
    await room.until(() => room.sent.length === 1, 'sent');
    endTrouble.release();
    await Promise.all([disabled, enabled]);
    expect(await room.webhooks.backlog(webhookId)).toMatchObject({ waiting: 1, parked: 0 });
    take();
  });

  it('an organization that chooses another delay gets it also for the message that is just looked at', async () => {
    const wasTold = late('undelivered', 'wasTold');
    const room = new Room({}, wasTold.distance);
    const clock = { now: T0 };
    room.clock = clock;
    const watch = await room.watch(60_000);
    await watch.choose(OTHER, 1000);
    await room.outbox.accept({ organizationId: SHOP, phone: '573001112233', content: HOLA, expiresAt: T0 + 90_000 });
    clock.now += 2000;
    wasTold.hold();
    const tick = watch.tick();
    await room.until(wasTold.isWaiting, 'looked at');
    const chosen = watch.choose(SHOP, 5000);
    await nextTurn();
    wasTold.release();
    await Promise.all([tick, chosen]);
    clock.now = T0 + 5000;
    await watch.tick();
    expect(await room.names()).toEqual(['message.undelivered']);
  });

  it('a message received twice at one moment is told once, and known to both when it is stored', async () => {
    const append = late('ledger', 'append');
    const room = new Room({}, append.distance);
    append.hold();
    const answered: boolean[] = [];
    const both = [1, 2].map(async () => answered.push(await room.ledger.tellReceived(SHOP, 'A')));
    const other = room.ledger.tellReceived(OTHER, 'A');
    await room.until(append.isWaiting, 'stored');
    await nextTurn();
    expect(answered).toEqual([]);
    append.release();
    await Promise.all(both);
    expect(answered).toEqual([true, false]);
    expect(await other).toBe(true);
    expect(await room.names()).toEqual(['message.received', 'message.received']);
    expect(await room.ledger.tellReceived(SHOP, 'A')).toBe(false);
  });
});
