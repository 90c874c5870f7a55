import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../src/webhooks/safe-request.js';
import { BROKEN, OK, OTHER, Room, SHOP, T0 } from './fixtures.js';

const never = (): Promise<Outcome> => new Promise(() => {});

describe('an event and its deliveries', () => {
  it('are one commit: both are there, or neither', async () => {
    const room = new Room();
    room.answer = never;
    const { webhookId } = await room.hook('https://a.example/');
    await room.tell();
    room.database.exec(
      "CREATE TEMP TRIGGER full BEFORE INSERT ON deliveries BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    );
    await expect(room.tell()).rejects.toThrow('disk full');
    room.database.exec('DROP TRIGGER full');
    expect(await room.names()).toHaveLength(1);
    expect((await room.webhooks.deliveries(webhookId, { limit: 10 })).deliveries).toHaveLength(1);
    await room.tell();
    expect((await room.webhooks.backlog(webhookId)).waiting).toBe(2);
  });

  it('survive the ledger: what it has forgotten is delivered all the same', async () => {
    const room = new Room();
    await room.hook('https://a.example/');
    let open: (outcome: Outcome) => void = () => {};
    room.answer = () => new Promise((resolve) => (open = resolve));
    const first = await room.tell();
    room.database.prepare('DELETE FROM events').run();
    const second = await room.tell();
    await room.until(() => room.sent.length === 1, 'the first');
    room.answer = () => OK;
    open(OK);
    await room.until(() => room.sent.length === 2, 'the second');
    expect(room.sent.map(({ eventId }) => eventId)).toEqual([first, second]);
  });

  it('are for those who were there: a new webhook is not told of the past', async () => {
    const room = new Room();
    await room.tell();
    const { webhookId } = await room.hook('https://a.example/');
    const second = await room.tell();
    await room.until(async () => (await room.webhooks.backlog(webhookId)).waiting === 0, 'delivered');
    expect(room.sent.map(({ eventId }) => eventId)).toEqual([second]);
  });
});

describe('lines', () => {
  it('go on in order after a start, from what is on disk', async () => {
    const room = new Room();
    const { webhookId } = await room.hook('https://a.example/');
    room.answer = () => BROKEN;
    const ids = await Promise.all([1, 2, 3, 4, 5].map(() => room.tell()));
    await room.until(() => room.sent.length >= 2, 'tries');
    await room.webhooks.stop();
    const waiting = (await room.webhooks.deliveries(webhookId, { state: 'waiting', limit: 10 })).deliveries;
    room.sent.length = 0;
    room.answer = () => OK;
    await room.build();
    await room.webhooks.start();
    await room.until(() => room.sent.length === 5, 'all');
    expect(room.sent.map(({ eventId }) => eventId)).toEqual(ids);
    expect(room.sent.map(({ id }) => id)).toEqual(waiting.map(({ deliveryId }) => deliveryId));
  });

  it("take at most four requests of one receiver; who fails or is slow takes nobody's place", async () => {
    const room = new Room();
    // Forty receivers of ten organizations that fail, and then do not answer at all: more lines than there are slots.
    room.answer = ({ url }) => (url.includes('dead') ? BROKEN : OK);
    for (let i = 0; i < 40; i++) await room.hook(`https://dead-${i}.example/`);
    for (let i = 0; i < 10; i++) await room.tell(`shop-${i}` as typeof SHOP);
    await room.until(() => room.log.filter(({ event }) => event === 'webhook_failed').length >= 400, 'all failed once');
    const hangingAt = new Map<string, number>();
    room.answer = ({ url }) => {
      if (!url.includes('dead')) return OK;
      hangingAt.set(url, (hangingAt.get(url) ?? 0) + 1);
      return never();
    };
    for (let i = 0; i < 10; i++) await room.tell(`shop-${i}` as typeof SHOP);
    const hanging = () => [...hangingAt.values()].reduce((sum, n) => sum + n, 0);
    await room.until(() => hanging() === 32, 'the slots of those in trouble are taken');
    await room.hook('https://well.example/');
    const begun = Date.now();
    for (let i = 0; i < 10; i++) await room.tell(`shop-${i}` as typeof SHOP);
    await room.until(() => room.sent.filter(({ url }) => url.includes('well')).length === 10, 'the living one');
    expect(Date.now() - begun).toBeLessThan(2000);
    expect(hanging()).toBe(32);
    expect(Math.max(...hangingAt.values())).toBeLessThanOrEqual(4);
  });

  it('are parked together when their receiver was dead all the time, untried ones too, in one sweep', async () => {
    const room = new Room({ retryForMs: 60 });
    const { webhookId } = await room.hook('https://a.example/');
    room.answer = () => BROKEN;
    for (let i = 0; i < 5000; i++) await room.tell();
    await room.until(async () => (await room.webhooks.backlog(webhookId)).parked === 5000, 'all parked');
    // One at its end, the next at its first try, and all others with that.
    expect(new Set(room.sent.map(({ id }) => id)).size).toBeLessThan(10);
    expect(room.parked.reduce((sum, n) => sum + n, 0)).toBe(5000);
    // What comes then is tried again, and its line is still known to be in trouble.
    room.answer = () => OK;
    const last = await room.tell();
    await room.until(() => room.sent.at(-1)?.eventId === last, 'the line goes on');
    expect(await room.webhooks.redeliver(webhookId, 'parked')).toBe(2000);
    await room.until(async () => (await room.webhooks.backlog(webhookId)).waiting === 0, 'delivered again');
    expect((await room.webhooks.backlog(webhookId)).parked).toBe(3000);
  });
});

describe('the list of deliveries', () => {
  it('is in the order of what happened, whatever became of each, page by page', async () => {
    const room = new Room({ maxWaiting: 10 });
    const { webhookId } = await room.hook('https://a.example/');
    const other = await room.hook('https://b.example/', OTHER);
    const all: number[] = [];
    for (let i = 0; i < 5; i++) all.push(await room.tell());
    await room.until(async () => (await room.webhooks.backlog(webhookId)).waiting === 0, 'delivered');
    room.answer = never;
    for (let i = 0; i < 15; i++) all.push(await room.tell(i % 2 ? SHOP : OTHER));
    await (room.webhooks as unknown as { tidyUp: () => Promise<void> }).tidyUp();
    const pages: number[][] = [];
    for (let after: number | null = 0; after !== null;) {
      const page = await room.webhooks.deliveries(webhookId, { after, limit: 3 });
      pages.push(page.deliveries.map(({ eventId }) => eventId));
      after = page.next;
    }
    expect(pages.flat()).toEqual(all);
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 3, 3, 3, 3, 2]);
    const states = (await room.webhooks.deliveries(webhookId, { limit: 100 })).deliveries.map(({ state }) => state);
    expect(new Set(states)).toEqual(new Set(['delivered', 'parked', 'waiting']));
    // An id leads to its own delivery, and no other webhook's.
    const [first] = (await room.webhooks.deliveries(webhookId, { limit: 1 })).deliveries;
    const id = first?.deliveryId as string;
    await expect(room.webhooks.redeliver(other.webhookId, { deliveryId: id })).rejects.toThrow('unknown_delivery');
    const guessed = id.replace(/msg_../, 'msg_zz');
    await expect(room.webhooks.redeliver(webhookId, { deliveryId: guessed })).rejects.toThrow('unknown_delivery');
    expect(await room.webhooks.redeliver(webhookId, { deliveryId: id })).toBe(1);
  });
});

describe('what is kept', () => {
  it('has a bound for what waits: beyond it the oldest are parked', async () => {
    const room = new Room({ maxWaiting: 10 });
    room.answer = never;
    const { webhookId } = await room.hook('https://a.example/');
    const ids = await Promise.all(Array.from({ length: 15 }, () => room.tell()));
    await (room.webhooks as unknown as { tidyUp: () => Promise<void> }).tidyUp();
    const { deliveries } = await room.webhooks.deliveries(webhookId, { state: 'parked', limit: 100 });
    expect(deliveries.map(({ eventId }) => eventId)).toEqual(ids.slice(0, 5));
    expect(room.log.find(({ event }) => event === 'webhook_parked')).toMatchObject({ level: 'error', deliveries: 5 });
  });

  it('ends: what is done after its time, what belonged to a removed webhook, a secret that is out of use', async () => {
    const room = new Room({ retentionMs: 1000 });
    room.clock = { now: T0 };
    const kept = await room.hook('https://a.example/', SHOP);
    const removed = await room.hook('https://b.example/', OTHER);
    await room.tell(SHOP);
    for (let i = 0; i < 10; i++) await room.tell(OTHER);
    await room.until(async () => (await room.webhooks.depth()).waiting === 0, 'delivered');
    await room.webhooks.remove(removed.webhookId);
    const before = await room.webhooks.rotateSecret(kept.webhookId);
    const count = () => (room.database.prepare('SELECT count(*) AS n FROM deliveries').get() as { n: number }).n;
    const tidy = (): Promise<void> => (room.webhooks as unknown as { tidyUp: () => Promise<void> }).tidyUp();
    await tidy();
    expect(count()).toBe(1);
    room.clock.now += 1001;
    await tidy();
    expect(count()).toBe(0);
    expect(room.webhooks.get(kept.webhookId).oldSecret).not.toBeNull();
    room.clock.now += 86_400_000;
    await tidy();
    await room.build();
    expect(room.webhooks.get(kept.webhookId)).toMatchObject({ secret: before.secret, oldSecret: null });
  });
});
