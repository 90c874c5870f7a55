import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventName, ServiceEvent } from '../../src/events/catalogue.js';
import type { OrganizationId } from '../../src/organization-id.js';
import type { EventStores, NewEvent } from '../../src/store/ports.js';

export const [SHOP, OTHER] = ['shop-1', 'shop-2'] as [OrganizationId, OrganizationId];
export const NOW = Date.UTC(2026, 0, 2);

/** A storage that is empty at first; `open` opens it, also again after it was closed. */
export interface EventsPlace {
  open(): Promise<EventStores>;
  remove(): Promise<void>;
}

/** An event; `data` is what is told of it. */
export function newEvent(
  name: EventName,
  organizationId: OrganizationId,
  data: object = {},
  { at = NOW, webhookIds = [] }: { at?: number; webhookIds?: readonly string[] } = {},
): NewEvent {
  return { fact: { name, organizationId, at, data } as NewEvent['fact'], webhookIds };
}

export const undelivered = (messageId: string): NewEvent =>
  newEvent('message.undelivered', SHOP, { message_id: messageId, status: 'queued' });

/** Opens a place before each test, and removes it after. */
export function stage(make: () => Promise<EventsPlace>) {
  const on = {} as { stores: EventStores; reopen: () => Promise<void> };
  let place: EventsPlace;
  beforeEach(async () => {
    place = await make();
    on.stores = await place.open();
    on.reopen = async () => {
      await on.stores.close();
      on.stores = await place.open();
    };
  });
  afterEach(async () => {
    await on.stores.close();
    await place.remove();
  });
  return on;
}

/** What every LedgerStore promises. */
export function ledgerContract(name: string, make: () => Promise<EventsPlace>): void {
  describe(`the ledger store of ${name}`, () => {
    const on = stage(make);
    const numbered = (number: number, organizationId = SHOP) => newEvent('session.qr', organizationId, { number });
    const all = () => on.stores.ledger.list({ limit: 10_000 });
    const numbers = (events: readonly ServiceEvent[]) => events.map(({ data }) => (data as { number: number }).number);

    it('gives back what was appended, with growing ids, also after it was opened again', async () => {
      const [first] = await on.stores.ledger.append([
        newEvent('session.linked', SHOP, { phone_last4: '2233' }, { at: 7 }),
      ]);
      expect(first).toMatchObject({
        name: 'session.linked',
        organizationId: SHOP,
        at: 7,
        data: { phone_last4: '2233' },
      });
      await on.reopen();
      const [second] = await on.stores.ledger.append([newEvent('session.stable', OTHER)]);
      expect(second?.id).toBeGreaterThan(first?.id ?? Infinity);
      expect(await all()).toEqual([first, second]);
    });

    it('keeps the order of the calls, though nobody waits, and settles in it; a read sees all before it', async () => {
      const settled: number[] = [];
      const appended = Array.from({ length: 50 }, (_, n) =>
        on.stores.ledger.append([numbered(2 * n), numbered(2 * n + 1)]).then(() => settled.push(n)),
      );
      const seen = numbers(await all());
      await Promise.all(appended);
      expect(seen).toEqual(Array.from({ length: 100 }, (_, n) => n));
      expect(settled).toEqual(Array.from({ length: 50 }, (_, n) => n));
      const ids = (await all()).map(({ id }) => id);
      expect([...ids].sort((a, b) => a - b)).toEqual(ids);
      expect(new Set(ids).size).toBe(100);
    });

    it('stores all of an append, or nothing, and never uses a number again', async () => {
      const { ledger, deliveries, undelivered: watch } = on.stores;
      await ledger.append([undelivered('A')]);
      const twice = [
        newEvent('session.stable', SHOP, {}, { webhookIds: ['wh_1'] }),
        undelivered('B'),
        undelivered('A'),
      ];
      await expect(ledger.append(twice)).rejects.toThrow();
      expect(await all()).toHaveLength(1);
      expect(await deliveries.lines()).toEqual([]);
      expect(await watch.wasTold('B')).toBe(false);
      const [next] = await ledger.append([numbered(1)]);
      await ledger.prune(SHOP, 1);
      const [after] = await ledger.append([numbered(2)]);
      expect(after?.id).toBeGreaterThan(next?.id ?? Infinity);
    });

    it('notes that a message was told as undelivered, once, and that it is looked at no more', async () => {
      const { ledger, undelivered: watch } = on.stores;
      await watch.lookLater('A', SHOP, NOW);
      await ledger.append([undelivered('A')]);
      await on.reopen();
      expect(await on.stores.undelivered.wasTold('A')).toBe(true);
      expect(await on.stores.undelivered.due(NOW, 10)).toEqual([]);
      await expect(on.stores.ledger.append([undelivered('A')])).rejects.toThrow();
      expect(await all()).toHaveLength(1);
    });

    it('knows which message was told as received, of each organization', async () => {
      const { ledger } = on.stores;
      await ledger.append([newEvent('message.received', SHOP, { message_id: 'A' })]);
      await ledger.append([newEvent('message.status', OTHER, { message_id: 'A', status: 'sent' })]);
      await on.reopen();
      expect(await on.stores.ledger.hasReceived(SHOP, 'A')).toBe(true);
      expect(await on.stores.ledger.hasReceived(SHOP, 'B')).toBe(false);
      expect(await on.stores.ledger.hasReceived(OTHER, 'A')).toBe(false);
    });

    it('lists a page from any place, in both directions, of one organization or all', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.constantFrom(SHOP, OTHER), { maxLength: 12 }),
          fc.record({
            after: fc.option(fc.nat(12), { nil: undefined }),
            limit: fc.integer({ min: 1, max: 6 }),
            newestFirst: fc.boolean(),
            organizationId: fc.constantFrom(undefined, SHOP, OTHER),
          }),
          async (organizations, { after: place, ...query }) => {
            await on.reopen();
            const before = (await all()).at(-1)?.id ?? 0;
            const own = await on.stores.ledger.append(organizations.map((id, n) => numbered(n, id)));
            const after = place === undefined ? undefined : (own[place]?.id ?? before);
            const found = await on.stores.ledger.list({ ...query, after });
            const expected = (query.newestFirst ? (await all()).reverse() : await all())
              .filter(({ organizationId }) => !query.organizationId || organizationId === query.organizationId)
              .filter(({ id }) => after === undefined || (query.newestFirst ? id < after : id > after))
              .slice(0, query.limit);
            expect(found).toEqual(expected);
          },
        ),
        { numRuns: 40 },
      );
    });

    it('forgets the oldest of one organization, and knows from when on it is complete', async () => {
      const { ledger } = on.stores;
      for (let n = 0; n < 10; n++) {
        await ledger.append([newEvent('session.qr', SHOP, { number: n }, { at: NOW + n })]);
      }
      await ledger.append([newEvent('session.qr', OTHER, { number: 99 }, { at: NOW })]);
      await ledger.prune(SHOP, 20);
      expect(await ledger.completeFrom(SHOP)).toBeNull();
      expect(await ledger.completeFrom()).toBeNull();
      await ledger.prune(SHOP, 3);
      await on.reopen();
      expect(numbers(await all())).toEqual([7, 8, 9, 99]);
      expect(await on.stores.ledger.completeFrom(SHOP)).toBe(NOW + 7);
      expect(await on.stores.ledger.completeFrom(OTHER)).toBeNull();
      expect(await on.stores.ledger.completeFrom()).toBe(NOW + 7);
    });

    it('rejects what is asked after it was closed', async () => {
      const { ledger } = on.stores;
      await on.reopen();
      await expect(ledger.append([numbered(1)])).rejects.toThrow();
      await expect(ledger.list({ limit: 1 })).rejects.toThrow();
    });
  });
}
