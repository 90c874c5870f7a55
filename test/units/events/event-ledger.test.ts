import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EVENT_NAMES, EVENTS } from '../../../src/events/catalogue.js';
import { EventLedger, type LedgerOptions } from '../../../src/events/event-ledger.js';
import type { OrganizationId } from '../../../src/organization-id.js';
import { SqliteEventStores } from '../../../src/store/sqlite/event-stores.js';

const [TWO, THREE] = ['2', '3'] as [OrganizationId, OrganizationId];
let directory: string;
let stores: SqliteEventStores;
let ledger: EventLedger;

const open = async (options: Partial<LedgerOptions> = {}): Promise<void> => {
  stores = await SqliteEventStores.open(directory);
  ledger = new EventLedger(stores.ledger, { keep: 100, now: () => 1_000, ...options });
};
const close = async (): Promise<void> => {
  await ledger.close();
  await stores.close();
};
beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'events-'));
  await open();
});
afterEach(async () => {
  await close();
  rmSync(directory, { recursive: true });
});

describe('the ledger', () => {
  it('stores a fact before it tells it, in order, and finds it again after a restart', async () => {
    const told: number[] = [];
    const found: Promise<unknown>[] = [];
    ledger.onEvent((event) => {
      found.push(ledger.list({ limit: 10 }).then((events) => expect(events).toContainEqual(event)));
      told.push(event.id);
    });
    await ledger.tell('session.linked', TWO, { phone_last4: '2233' });
    await ledger.tell('session.stable', THREE, {});
    await Promise.all(found);
    expect(told).toEqual([1, 2]);
    await close();
    await open({ now: () => 2_000 });
    expect(await ledger.list({ organizationId: TWO, limit: 10 })).toEqual([
      { id: 1, name: 'session.linked', organizationId: '2', at: 1_000, data: { phone_last4: '2233' } },
    ]);
    expect((await ledger.tell('session.stable', TWO, {})).id).toBe(3);
    expect(await ledger.list({ after: 1, limit: 1 })).toMatchObject([{ id: 2 }]);
  });

  it('fixes the order at the call, though nobody waits', async () => {
    const told: unknown[] = [];
    ledger.onEvent(({ id, data }) => told.push([id, data]));
    const all = [1, 2, 3].map((number) => ledger.tell('session.qr', TWO, { number }));
    await Promise.all(all);
    expect(told).toEqual([
      [1, { number: 1 }],
      [2, { number: 2 }],
      [3, { number: 3 }],
    ]);
  });

  it('keeps the newest of each organization and not much more; a quiet organization keeps its own', async () => {
    await ledger.tell('session.stable', THREE, {});
    for (let i = 0; i < 1000; i++) await ledger.tell('session.qr', TWO, { number: i });
    const kept = await ledger.list({ organizationId: TWO, limit: 1000 });
    expect(kept.length).toBeGreaterThanOrEqual(100);
    expect(kept.length).toBeLessThan(160);
    expect(kept.at(-1)?.data).toEqual({ number: 999 });
    expect(await ledger.list({ organizationId: THREE, limit: 10 })).toHaveLength(1);
  });

  it('tells a received message once, of each organization, also after a restart', async () => {
    expect(await ledger.tellReceived(TWO, 'A')).toBe(true);
    await ledger.tell('message.status', THREE, { message_id: 'A', status: 'sent', error_code: null, ack_code: null });
    await close();
    await open({ now: () => 2_000 });
    expect(await ledger.tellReceived(TWO, 'A')).toBe(false);
    expect(await ledger.tellReceived(TWO, 'B')).toBe(true);
    expect(await ledger.tellReceived(THREE, 'A')).toBe(true);
    expect((await ledger.list({ limit: 10 })).map(({ name }) => name)).toEqual([
      'message.received',
      'message.status',
      'message.received',
      'message.received',
    ]);
  });

  it('tells a received message rather twice than never, when it cannot be read whether it was told', async () => {
    stores.ledger.hasReceived = () => Promise.reject(new Error('disk'));
    expect(await ledger.tellReceived(TWO, 'A')).toBe(true);
    expect(await ledger.tellReceived(TWO, 'A')).toBe(true);
    expect((await ledger.list({ limit: 10 })).map(({ name }) => name)).toEqual([
      'message.received',
      'message.received',
    ]);
  });

  it('refuses data that is not what the catalogue says', async () => {
    await expect(ledger.tell('session.qr', TWO, { number: -1 })).rejects.toThrow();
  });

  const status = (messageId: string) => ({
    message_id: messageId,
    status: 'sent',
    error_code: null,
    ack_code: null,
  });

  it('stores what is told soon in one commit, tells it then, and keeps its order with what is told now', async () => {
    const told: string[] = [];
    const all = new Promise<void>((resolve) => {
      ledger.onEvent(({ id, name }) => {
        told.push(`${id} ${name}`);
        if (told.length === 4) resolve();
      });
    });
    ledger.tellSoon('message.status', TWO, status('A1'));
    ledger.tellSoon('message.status', THREE, status('A2'));
    expect(told).toEqual([]);
    await ledger.tell('session.stable', TWO, {});
    expect(told).toEqual(['1 message.status', '2 message.status', '3 session.stable']);
    ledger.tellSoon('message.status', TWO, status('A3'));
    await all;
    expect(told.at(-1)).toBe('4 message.status');
  });

  it('tells in the order of the numbers, also what a listener tells, whatever another listener throws', async () => {
    const told: string[] = [];
    ledger.onEvent(({ name, organizationId }) => {
      if (name !== 'message.status') return;
      if (organizationId === TWO) void ledger.tell('session.stable', TWO, {});
      else throw new Error('no more');
    });
    ledger.onEvent(({ id, name }) => told.push(`${id} ${name}`));
    ledger.tellSoon('message.status', TWO, status('A1'));
    ledger.tellSoon('message.status', THREE, status('A2'));
    ledger.tellSoon('message.status', THREE, status('A3'));
    await ledger.list({ limit: 1 });
    await ledger.tell('session.stable', THREE, {});
    // The one who threw stood before this listener.
    expect(told).toEqual(['1 message.status', '4 session.stable', '5 session.stable']);
  });

  it('shows what waits to whoever reads, and stores it before it closes', async () => {
    ledger.tellSoon('message.status', TWO, status('A1'));
    expect(await ledger.list({ limit: 10 })).toMatchObject([{ id: 1, data: { message_id: 'A1' } }]);
    ledger.tellSoon('message.status', TWO, status('A2'));
    void ledger.tellReceived(THREE, 'A3');
    await close();
    await open({ now: () => 2_000 });
    expect(await ledger.last(TWO)).toMatchObject({ id: 2, at: 1_000, data: { message_id: 'A2' } });
    expect(await ledger.last(THREE)).toMatchObject({ name: 'message.received' });
  });

  it('says of each that could not be stored that it is lost, and tells nobody else', async () => {
    await close();
    const lost: string[] = [];
    await open({ onLost: ({ organizationId }, error) => lost.push(`${organizationId} ${(error as Error).message}`) });
    ledger.deliverTo(({ organizationId }) => {
      if (organizationId === THREE) throw new Error('disk full');
      return [];
    });
    ledger.onEvent(() => lost.push('told'));
    ledger.tellSoon('message.status', TWO, status('A1'));
    ledger.tellSoon('message.status', THREE, status('A2'));
    expect(await ledger.list({ limit: 10 })).toEqual([]);
    expect(lost).toEqual(['2 disk full', '3 disk full']);
  });

  it('refuses to be asked when it is closed', async () => {
    await ledger.close();
    await expect(ledger.list({ limit: 1 })).rejects.toThrow('shutting_down');
  });
});

describe('whoever follows the ledger', () => {
  const tell = async (count: number, organizationId = TWO): Promise<void> => {
    for (let n = 0; n < count; n++) await ledger.tell('session.stable', organizationId, {});
  };

  it('hears all behind a place, then what happens, each once and in order, whenever it happens', async () => {
    await open({ keep: 5000 });
    await tell(1200);
    const heard: number[] = [];
    let tells = 0;
    const following = ledger.follow({ after: 10 }, ({ id }) => {
      heard.push(id);
      // Also while it is read what was missed.
      if (tells < 700 && id % 2 === 0) void ledger.tell('session.qr', TWO, { number: (tells += 1) });
    });
    await following.caughtUp;
    await tell(5);
    following.end();
    await tell(1);
    expect(heard).toEqual(Array.from({ length: heard.length }, (_, n) => n + 11));
    expect(heard.length).toBeGreaterThan(1190 + 700);
    expect((await ledger.list({ newestFirst: true, limit: 1 }))[0]?.id).toBe((heard.at(-1) ?? 0) + 1);
  });

  it('hears of one organization only, and without a place only of what happens', async () => {
    await tell(3);
    const [of2, fresh]: number[][] = [[], []];
    const both = [
      ledger.follow({ organizationId: TWO, after: 1 }, ({ id }) => of2?.push(id)),
      ledger.follow({}, ({ id }) => fresh?.push(id)),
    ];
    await Promise.all(both.map(({ caughtUp }) => caughtUp));
    await tell(1, THREE);
    await tell(1);
    expect(of2).toEqual([2, 3, 5]);
    expect(fresh).toEqual([4, 5]);
  });

  it('hears nothing more when it ends, also in the middle of what it missed', async () => {
    await tell(20);
    const heard: number[] = [];
    const following = ledger.follow({ after: 0 }, ({ id }) => {
      heard.push(id);
      if (id === 7) following.end();
    });
    await following.caughtUp;
    expect(heard.at(-1)).toBe(7);
  });
});

describe('the catalogue', () => {
  it.each(EVENT_NAMES)('%s has a sentence in both languages whose placeholders are fields of its data', (name) => {
    const fields = Object.keys(EVENTS[name].data.shape);
    for (const language of ['en', 'es'] as const) {
      const used = [...EVENTS[name][language].matchAll(/\{(\w+)\}/g)].map(([, field]) => field);
      expect(fields).toEqual(expect.arrayContaining(used));
    }
    expect(EVENTS[name].about).toMatch(/\.$/);
  });
});
