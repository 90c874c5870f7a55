import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { EventStores } from '../../../src/store/ports.js';
import { BROKEN, HOLA, OK, OTHER, Room, SHOP } from './fixtures.js';

/**
 * The same storage, as behind a network: one call after another, each of them some turns later.
 * @param isShared false: only what promises an order with another store (events and their deliveries) shares its queue
 */
function farAway(stores: EventStores, isShared: boolean): EventStores {
  const queue = () => {
    let before: Promise<unknown> = Promise.resolve();
    return <Store extends object>(store: Store, turns: number): Store =>
      new Proxy(store, {
        get: (target, name) => {
          const method = target[name as keyof Store] as (...args: unknown[]) => Promise<unknown>;
          return (...args: unknown[]): Promise<unknown> => {
            const called = before.then(async () => {
              for (let turn = 0; turn < turns; turn++) await nextTurn();
              return method.apply(target, args);
            });
            before = called.catch(() => {});
            return called;
          };
        },
      });
  };
  const events = queue();
  const webhooks = isShared ? events : queue();
  const undelivered = isShared ? events : queue();
  return {
    ledger: events(stores.ledger, 1),
    deliveries: events(stores.deliveries, 1),
    webhooks: webhooks(stores.webhooks, isShared ? 1 : 5),
    undelivered: undelivered(stores.undelivered, isShared ? 1 : 3),
    close: () => stores.close(),
  };
}

const inOrder = (room: Room, organization: string): number[] =>
  room.sent.filter((one) => one.organization === organization).map(({ eventId }) => eventId);

describe.each([
  ['one queue for all', true],
  ['a queue for each store', false],
])('with a storage far away, %s', (_, isShared) => {
  const far = (stores: EventStores): EventStores => farAway(stores, isShared);

  it('each event comes once and in order, whenever it is told', async () => {
    const room = new Room({}, far);
    await room.hook('https://a.example/');
    const told: number[] = [];
    for (let i = 0; i < 40; i++) {
      const events = [room.tell(SHOP), room.tell(OTHER)];
      // Some come while a line looks for the next one, some when it has just come to rest.
      for (let turns = 0; turns < i % 7; turns++) await nextTurn();
      if (i % 3 === 0) told.push(...(await Promise.all(events)));
      else void Promise.all(events).then((ids) => told.push(...ids));
    }
    await room.until(() => room.sent.length >= 80, 'all');
    await room.until(() => told.length === 80, 'all told');
    for (const organization of [SHOP, OTHER]) {
      const ids = inOrder(room, organization);
      expect(ids).toHaveLength(40);
      expect([...ids].sort((a, b) => a - b)).toEqual(ids);
    }
  });

  it('a line that was in trouble goes on at once when somebody says so, also while it reads its trouble', async () => {
    const room = new Room({ baseMs: 60_000, maxMs: 60_000 }, far);
    const { webhookId } = await room.hook('https://a.example/');
    room.answer = () => BROKEN;
    await room.tell();
    await room.until(async () => (await room.webhooks.backlog(webhookId)).nextTryAt !== null, 'in trouble');
    await room.webhooks.stop();
    await room.build();
    room.answer = () => OK;
    // The new process begins to read what it knows of the line.
    const started = room.webhooks.start();
    const changed = room.webhooks.change(webhookId, { description: 'back' });
    await Promise.all([started, changed]);
    await room.until(async () => (await room.webhooks.backlog(webhookId)).waiting === 0, 'delivered');
  });

  it('two changes at one moment are both kept, and one too many is refused', async () => {
    const room = new Room({}, far);
    const { webhookId } = await room.hook('https://a.example/', SHOP);
    await Promise.all([
      room.webhooks.change(webhookId, { url: 'https://b.example/' }),
      room.webhooks.change(webhookId, { description: 'the till' }),
      room.webhooks.rotateSecret(webhookId),
    ]);
    await room.build();
    expect(room.webhooks.get(webhookId)).toMatchObject({ url: 'https://b.example/', description: 'the till' });
    expect(room.webhooks.get(webhookId).oldSecret).not.toBeNull();
    const more = await Promise.allSettled(Array.from({ length: 12 }, () => room.hook('https://c.example/', SHOP)));
    expect(more.filter(({ status }) => status === 'fulfilled')).toHaveLength(9);
    expect(room.webhooks.list(SHOP)).toHaveLength(10);
  });

  it('a message is told as undelivered once, though two look at it at one moment', async () => {
    const room = new Room({}, far);
    const watch = await room.watch(60_000);
    const message = { organizationId: SHOP, phone: '573001112233', content: HOLA, expiresAt: Date.now() + 60_000 };
    const { messageId } = (await room.outbox.accept(message)).message;
    await room.outbox.move(messageId, 'failed', { errorCode: 'not_on_whatsapp' });
    const change = { messageId, state: 'failed' } as const;
    await Promise.all([watch.onChange(change), watch.tick(), watch.onChange(change)]);
    expect(await room.names()).toEqual(['message.undelivered']);
    expect(room.log.filter(({ event }) => event === 'undelivered_watch_failed')).toEqual([]);
  });

  it('what was told is stored when the ledger is closed, and nothing before it was stored was heard', async () => {
    const room = new Room({}, far);
    const heard: unknown[] = [];
    room.ledger.onEvent(({ id, name }) => {
      heard.push({ id, stored: room.database.prepare('SELECT name FROM events WHERE id = ?').pluck().get(id), name });
    });
    const received = [room.ledger.tellReceived(SHOP, 'A'), room.ledger.tellReceived(SHOP, 'B')];
    room.ledger.tellSoon('session.stable', SHOP, {});
    void room.tell();
    await room.ledger.close();
    expect(await Promise.all(received)).toEqual([true, true]);
    const [stable, message] = ['session.stable', 'message.received'];
    expect(heard).toEqual([stable, stable, message, message].map((name, at) => ({ id: at + 1, stored: name, name })));
  });

  it('whoever follows hears all that he missed and all that happens meanwhile, each once', async () => {
    const room = new Room({}, far);
    for (let i = 0; i < 30; i++) void room.tell();
    const heard: number[] = [];
    const following = room.ledger.follow({ after: 0 }, ({ id }) => heard.push(id));
    for (let i = 0; i < 30; i++) {
      void room.tell();
      await nextTurn();
    }
    await following.caughtUp;
    await room.tell();
    expect(heard).toEqual(Array.from({ length: 61 }, (_, n) => n + 1));
  });
});
