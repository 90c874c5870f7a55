import { describe, expect, it } from 'vitest';
import type { OrganizationId } from '../../src/organization-id.js';
import type { Delivery, Failure, Webhook } from '../../src/webhooks/webhook.js';
import { type EventsPlace, newEvent, NOW, OTHER, SHOP, stage, undelivered } from './ledger.contract.js';

const FAILURE: Failure = { code: 'refused', httpStatus: 500, reason: null, at: NOW + 5 };
const TROUBLE = { failures: 1, since: NOW + 5, nextTryAt: NOW + 100 };

function webhook(webhookId: string, changes: Partial<Webhook> = {}): Webhook {
  return {
    webhookId,
    organizationId: null,
    url: 'https://a.example/',
    eventTypes: null,
    description: null,
    disabledReason: null,
    secret: 'whsec_a',
    oldSecret: null,
    createdAt: NOW,
    lastDeliveredAt: null,
    lastFailure: null,
    ...changes,
  };
}

/** What every WebhookStore, DeliveryStore and UndeliveredStore promise. */
export function webhooksContract(name: string, make: () => Promise<EventsPlace>): void {
  describe(`the webhook store of ${name}`, () => {
    const on = stage(make);

    it('has all webhooks in the order of their making, as they were saved last', async () => {
      const full = webhook('wh_b', {
        organizationId: SHOP,
        eventTypes: ['session.qr', 'message.received'],
        description: 'the till',
        disabledReason: 'gone',
        oldSecret: { secret: 'whsec_old', until: NOW + 1 },
      });
      await on.stores.webhooks.save(full);
      await on.stores.webhooks.save(webhook('wh_a', { createdAt: NOW + 1 }));
      await on.reopen();
      expect(await on.stores.webhooks.all()).toEqual([full, webhook('wh_a', { createdAt: NOW + 1 })]);
      const changed = webhook('wh_b', { organizationId: SHOP, url: 'https://b.example/', secret: 'whsec_b' });
      await on.stores.webhooks.save(changed);
      await on.reopen();
      expect(await on.stores.webhooks.all()).toEqual([changed, webhook('wh_a', { createdAt: NOW + 1 })]);
    });

    it('removes one, with its troubles; its deliveries are orphans', async () => {
      const { webhooks, deliveries, ledger } = on.stores;
      for (const id of ['wh_1', 'wh_2']) {
        await webhooks.save(webhook(id));
        const [delivery] = await deliver(id, 3);
        await deliveries.noteFailed(delivery as Delivery, FAILURE, TROUBLE);
      }
      await webhooks.remove('wh_1');
      expect((await webhooks.all()).map(({ webhookId }) => webhookId)).toEqual(['wh_2']);
      expect(await deliveries.trouble({ webhookId: 'wh_1', organizationId: SHOP })).toBeNull();
      expect(await deliveries.trouble({ webhookId: 'wh_2', organizationId: SHOP })).toEqual(TROUBLE);
      expect(await deliveries.eraseOrphans(2)).toBe(2);
      expect(await deliveries.eraseOrphans(2)).toBe(1);
      expect(await deliveries.eraseOrphans(2)).toBe(0);
      expect((await deliveries.list('wh_1', { limit: 10 })).deliveries).toEqual([]);
      expect((await deliveries.list('wh_2', { limit: 10 })).deliveries).toHaveLength(3);
      expect(await ledger.list({ limit: 10 })).toHaveLength(6);
    });

    /** Appends so many events for a webhook. Resolves with its deliveries. */
    async function deliver(
      webhookId: string,
      count: number,
      organizationId: OrganizationId = SHOP,
    ): Promise<Delivery[]> {
      const { ledger, deliveries } = on.stores;
      const events = await ledger.append(
        Array.from({ length: count }, (_, number) =>
          newEvent('session.qr', organizationId, { number }, { at: NOW + number, webhookIds: [webhookId] }),
        ),
      );
      const ids = new Set(events.map(({ id }) => id));
      return (await deliveries.list(webhookId, { limit: 1000 })).deliveries.filter(({ eventId }) => ids.has(eventId));
    }

    const line = (webhookId = 'wh_1', organizationId = SHOP) => ({ webhookId, organizationId });

    it('has a line for each webhook and organization, in the order of the events', async () => {
      const { ledger, deliveries } = on.stores;
      const both = { webhookIds: ['wh_1', 'wh_2'] };
      await ledger.append([newEvent('session.stable', SHOP, {}, both), newEvent('session.stable', OTHER, {}, both)]);
      const [qr] = await ledger.append([newEvent('session.qr', SHOP, { number: 1 }, { webhookIds: ['wh_1'] })]);
      await on.reopen();
      const lines = await on.stores.deliveries.lines();
      expect(lines).toHaveLength(4);
      expect(lines).toEqual(expect.arrayContaining([line(), line('wh_2'), line('wh_1', OTHER), line('wh_2', OTHER)]));
      const first = (await on.stores.deliveries.head(line())) as Delivery;
      expect(first).toMatchObject({ name: 'session.stable', state: 'waiting', attempts: 0, waitsSince: NOW, data: {} });
      await on.stores.deliveries.noteDelivered(first, NOW + 1);
      const next = await on.stores.deliveries.head(line());
      expect(next).toMatchObject({ eventId: qr?.id, name: 'session.qr', data: { number: 1 } });
      expect(await on.stores.deliveries.head(line('wh_3'))).toBeNull();
      await expect(deliveries.lines()).rejects.toThrow();
    });

    it('shows to a read every write that was called before it, though nobody waits for them', async () => {
      const { ledger, webhooks, deliveries } = on.stores;
      await webhooks.save(webhook('wh_1'));
      const to = { webhookIds: ['wh_1'] };
      const [qr, stable] = [newEvent('session.qr', SHOP, { number: 1 }, to), newEvent('session.stable', SHOP, {}, to)];
      const events = ledger.append([qr, stable]);
      const [lines, head] = [deliveries.lines(), deliveries.head(line())];
      expect(await lines).toEqual([line()]);
      const first = (await head) as Delivery;
      expect(first.eventId).toBe((await events)[0]?.id);
      const failed = deliveries.noteFailed(first, FAILURE, TROUBLE);
      const trouble = deliveries.trouble(line());
      const delivered = deliveries.noteDelivered(first, NOW + 6);
      const [over, next] = [deliveries.trouble(line()), deliveries.head(line())];
      const parked = deliveries.parkOldest('wh_1', 0, NOW + 7, 10);
      const [nothing, backlog] = [deliveries.head(line()), deliveries.backlog('wh_1')];
      const back = deliveries.putBackParked('wh_1', NOW + 8, 10);
      const again = deliveries.head(line());
      expect([await trouble, await over]).toEqual([TROUBLE, null]);
      expect([await next, await nothing, await again]).toMatchObject([
        { name: stable.fact.name },
        null,
        { waitsSince: NOW + 8 },
      ]);
      expect(await backlog).toMatchObject({ waiting: 0, parked: 1 });
      await Promise.all([failed, delivered, parked, back]);
    });

    it('notes how tries went: of the delivery, its line and its webhook', async () => {
      const { webhooks, deliveries } = on.stores;
      await webhooks.save(webhook('wh_1'));
      const [delivery] = (await deliver('wh_1', 1)) as [Delivery];
      await deliveries.noteFailed(delivery, FAILURE, TROUBLE);
      await on.reopen();
      const { code, httpStatus, reason, at } = FAILURE;
      const failed = { attempts: 1, lastTryAt: at, lastError: { code, httpStatus, reason }, state: 'waiting' };
      expect(await on.stores.deliveries.head(line())).toMatchObject(failed);
      expect(await on.stores.deliveries.trouble(line())).toEqual(TROUBLE);
      expect(await on.stores.webhooks.all()).toEqual([webhook('wh_1', { lastFailure: FAILURE })]);
      await on.stores.deliveries.noteDelivered(delivery, NOW + 9);
      await on.reopen();
      expect(await on.stores.deliveries.get('wh_1', delivery.deliveryId)).toMatchObject({
        state: 'delivered',
        attempts: 2,
        lastTryAt: NOW + 9,
        finishedAt: NOW + 9,
        lastError: null,
      });
      expect(await on.stores.deliveries.trouble(line())).toBeNull();
      const [noted] = await on.stores.webhooks.all();
      expect(noted).toMatchObject({ lastDeliveredAt: NOW + 9, lastFailure: FAILURE });
      // A person's change leaves it as it is.
      await on.stores.webhooks.save(webhook('wh_1', { url: 'https://b.example/' }));
      expect(await on.stores.webhooks.all()).toEqual([{ ...noted, url: 'https://b.example/' }]);
    });

    it('ends the trouble of one line, or of all of a webhook', async () => {
      const { deliveries } = on.stores;
      for (const [id, organization] of [
        ['wh_1', SHOP],
        ['wh_1', OTHER],
        ['wh_2', SHOP],
      ] as const) {
        const [delivery] = (await deliver(id, 1, organization)) as [Delivery];
        await deliveries.noteFailed(delivery, FAILURE, TROUBLE);
      }
      await deliveries.endTrouble(line());
      expect(await deliveries.trouble(line())).toBeNull();
      expect(await deliveries.trouble(line('wh_1', OTHER))).toEqual(TROUBLE);
      await deliveries.endTrouble({ webhookId: 'wh_1' });
      expect(await deliveries.trouble(line('wh_1', OTHER))).toBeNull();
      expect(await deliveries.trouble(line('wh_2'))).toEqual(TROUBLE);
    });

    it('parks one, what has waited for long in a line, and the oldest of a webhook; in pieces', async () => {
      const { deliveries } = on.stores;
      const [first, second] = (await deliver('wh_1', 10)) as [Delivery, Delivery];
      await deliver('wh_1', 2, OTHER);
      expect(await deliveries.parkOne(first, NOW + 50)).toBe(1);
      expect(await deliveries.parkOne(first, NOW + 51)).toBe(0);
      expect(await deliveries.get('wh_1', first.deliveryId)).toMatchObject({ state: 'parked', finishedAt: NOW + 50 });
      // Those of NOW + 1 to NOW + 5, in pieces of three.
      expect(await deliveries.parkLine(line(), NOW + 5, FAILURE, 3)).toBe(3);
      expect(await deliveries.parkLine(line(), NOW + 5, FAILURE, 3)).toBe(2);
      expect(await deliveries.parkLine(line(), NOW + 5, FAILURE, 3)).toBe(0);
      expect((await deliveries.get('wh_1', second.deliveryId))?.lastError).toMatchObject({ code: 'refused' });
      expect(await deliveries.backlog('wh_1')).toEqual({ waiting: 6, parked: 6, nextTryAt: null });
      expect(await deliveries.parkOldest('wh_1', 4, NOW + 60, 100)).toBe(2);
      expect(await deliveries.parkOldest('wh_1', 4, NOW + 60, 100)).toBe(0);
      expect((await deliveries.head(line()))?.data).toEqual({ number: 8 });
      expect(await deliveries.parkOldest('wh_1', 0, NOW + 60, 3)).toBe(3);
      expect(await deliveries.parkOldest('wh_1', 0, NOW + 60, 3)).toBe(1);
      expect(await deliveries.lines()).toEqual([]);
    });

    it('puts back into the old place, one or all that is parked', async () => {
      const { deliveries } = on.stores;
      const mine = await deliver('wh_1', 4);
      await deliver('wh_1', 1, OTHER);
      await deliveries.noteDelivered(mine[0] as Delivery, NOW);
      await deliveries.putBack(mine[0] as Delivery, NOW + 70);
      expect(await deliveries.head(line())).toMatchObject({
        seq: mine[0]?.seq,
        waitsSince: NOW + 70,
        finishedAt: null,
      });
      await deliveries.parkOldest('wh_1', 0, NOW + 80, 100);
      const first = await deliveries.putBackParked('wh_1', NOW + 90, 3);
      expect(first).toEqual({ count: 3, lines: [line()] });
      const rest = await deliveries.putBackParked('wh_1', NOW + 90, 3);
      expect(rest.count).toBe(2);
      expect(rest.lines).toEqual(expect.arrayContaining([line(), line('wh_1', OTHER)]));
      expect((await deliveries.head(line()))?.seq).toBe(mine[0]?.seq);
      expect(await deliveries.backlog('wh_1')).toMatchObject({ waiting: 5, parked: 0 });
    });

    it('lists page by page, all or those in one state, and finds one by its id and its webhook', async () => {
      const { deliveries } = on.stores;
      const all = await deliver('wh_1', 5);
      await deliver('wh_2', 5);
      await deliveries.noteDelivered(all[1] as Delivery, NOW);
      await deliveries.parkOne(all[3] as Delivery, NOW);
      const pages: number[][] = [];
      for (let after: number | null = 0; after !== null;) {
        const page = await deliveries.list('wh_1', { after, limit: 2 });
        pages.push(page.deliveries.map(({ seq }) => seq));
        after = page.next;
      }
      expect(pages.flat()).toEqual(all.map(({ seq }) => seq));
      expect(pages.map(({ length }) => length)).toEqual([2, 2, 1]);
      const states = ['waiting', 'delivered', 'parked'] as const;
      const counts = await Promise.all(states.map((state) => deliveries.list('wh_1', { state, limit: 10 })));
      expect(counts.map((page) => page.deliveries.length)).toEqual([3, 1, 1]);
      const id = all[2]?.deliveryId ?? '';
      expect((await deliveries.get('wh_1', id))?.seq).toBe(all[2]?.seq);
      expect(await deliveries.get('wh_2', id)).toBeNull();
      for (const wrong of ['', 'msg_', `${id}0`, id.replace(/^msg_../, 'msg_zz')]) {
        expect(await deliveries.get('wh_1', wrong)).toBeNull();
      }
      expect(new Set([...all, ...(await deliver('wh_1', 1))].map(({ deliveryId }) => deliveryId)).size).toBe(6);
    });

    it('counts what waits, and erases what was done long ago', async () => {
      const { deliveries } = on.stores;
      expect(await deliveries.depth(NOW)).toEqual({ waiting: 0, parked: 0, oldestWaitingAgeMs: 0 });
      const all = await deliver('wh_1', 5);
      await deliver('wh_2', 1);
      await deliveries.noteDelivered(all[0] as Delivery, NOW + 1);
      await deliveries.parkOne(all[1] as Delivery, NOW + 2);
      await deliveries.noteFailed(all[2] as Delivery, FAILURE, TROUBLE);
      expect(await deliveries.depth(NOW + 10)).toEqual({ waiting: 4, parked: 1, oldestWaitingAgeMs: 10 });
      expect(await deliveries.backlog('wh_1')).toEqual({ waiting: 3, parked: 1, nextTryAt: TROUBLE.nextTryAt });
      expect(await deliveries.erase(NOW + 1, 10)).toBe(0);
      expect(await deliveries.erase(NOW + 3, 1)).toBe(1);
      expect(await deliveries.erase(NOW + 3, 1)).toBe(1);
      expect(await deliveries.erase(NOW + 1000, 10)).toBe(0);
      expect((await deliveries.list('wh_1', { limit: 10 })).deliveries).toHaveLength(3);
    });
  });

  describe(`the store of the watch for undelivered messages of ${name}`, () => {
    const on = stage(make);

    it('remembers delays, and makes what is noted due when one is changed', async () => {
      const { undelivered: store } = on.stores;
      expect((await store.delays()).size).toBe(0);
      await store.lookLater('A', SHOP, NOW + 1000);
      await store.lookLater('B', OTHER, NOW + 1000);
      await store.saveDelay(SHOP, 60_000);
      await store.saveDelay(OTHER, 0);
      await store.saveDelay(OTHER, null);
      await on.reopen();
      expect([...(await on.stores.undelivered.delays())]).toEqual([[SHOP, 60_000]]);
      expect(await on.stores.undelivered.due(NOW, 10)).toEqual(expect.arrayContaining(['A', 'B']));
    });

    it('remembers its place, and what to look at when', async () => {
      const { undelivered: store } = on.stores;
      expect(await store.place()).toBeNull();
      await store.savePlace(7);
      await store.savePlace(9);
      for (const [id, at] of [
        ['A', 3],
        ['B', 1],
        ['C', 2],
        ['D', 9],
      ] as const) {
        await store.lookLater(id, SHOP, NOW + at);
      }
      await store.lookLater('A', SHOP, NOW + 4);
      await store.forget('C');
      await on.reopen();
      expect(await on.stores.undelivered.place()).toBe(9);
      expect(await on.stores.undelivered.due(NOW + 4, 10)).toEqual(['B', 'A']);
      expect(await on.stores.undelivered.due(NOW + 4, 1)).toEqual(['B']);
    });

    it('forgets what was told long ago', async () => {
      const { undelivered: store, ledger } = on.stores;
      await ledger.append([undelivered('A')]);
      await store.forgetTold(NOW);
      expect(await store.wasTold('A')).toBe(true);
      await store.forgetTold(NOW + 1);
      expect(await store.wasTold('A')).toBe(false);
    });
  });
}
