import fs, { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { MessageState } from '../../../src/outbox/outbox-message.js';
import { newMessageId } from '../../../src/outbox/message-id.js';
import { Outbox } from '../../../src/outbox/outbox.js';
import { openOutboxDatabase } from '../../../src/store/sqlite/outbox-database.js';
import { SqliteOutboxStore } from '../../../src/store/sqlite/outbox-store.js';
import { claim, Clock, CUSTOMER, folder, ID, message, openOutbox, OTHER, OTHER_ID, textOf } from './fixtures.js';

const CHAT = `${CUSTOMER}@s.whatsapp.net`;

describe('an accepted message', () => {
  test('is on disk when accept resolves, as it was given, with the id that it will carry', async () => {
    const { outbox, directory, clock } = await openOutbox();
    const { message: stored, isNew, pending } = await outbox.accept(message(clock.at, { replaceKey: 'booking:1' }));
    expect(isNew).toBe(true);
    expect(stored).toMatchObject({
      state: 'queued',
      phone: CUSTOMER,
      chatId: null,
      attempts: 0,
      replaceKey: 'booking:1',
    });
    expect(stored.messageId).toMatch(/^3EB0[0-9A-F]{18}$/);
    expect(pending).toMatchObject({ messageId: stored.messageId, state: 'queued' });
    // Another connection sees it; nobody has closed or flushed anything.
    const otherStore = await SqliteOutboxStore.open(directory);
    const other = await Outbox.open(otherStore, { maxPending: 10, now: clock.now });
    expect(await other.get(stored.messageId)).toEqual(stored);
    expect(textOf(await other.contentOf(ID, stored.messageId))).toBe('Hello');
    await otherStore.close();
  });

  test('lies in files for their owner alone', async () => {
    const { outbox, directory, clock } = await openOutbox();
    await outbox.accept(message(clock.at));
    const names = readdirSync(directory);
    expect(names).toContain('outbox.sqlite');
    for (const name of names) expect(statSync(path.join(directory, name)).mode & 0o077, name).toBe(0);
  });

  test('moves forward only, each state with its time, and every change is told once, when it is on disk', async () => {
    const { outbox, clock } = await openOutbox();
    const told: MessageState[] = [];
    outbox.onChange(({ state }) => told.push(state));
    const { message: stored } = await outbox.accept(message(clock.at));
    const id = stored.messageId;
    const begun = clock.at;
    clock.at += 10;
    expect(await claim(outbox, id, CHAT)).toBe('Hello');
    clock.at += 10;
    expect(await outbox.move(id, 'delivered')).toBe(true);
    clock.at += 10;
    // The ack comes after the receipt, and again, and a refusal after that.
    for (const late of ['sent', 'delivered', 'failed', 'unconfirmed', 'expired', 'cancelled'] as const)
      expect([late, await outbox.move(id, late)]).toEqual([late, false]);
    expect(await outbox.move(id, 'read')).toBe(true);
    expect(await outbox.get(id)).toMatchObject({
      state: 'read',
      chatId: CHAT,
      attempts: 1,
      firstTryAt: begun + 10,
      times: { queued: begun, sending: begun + 10, delivered: begun + 20, read: begun + 30 },
    });
    expect(told).toEqual(['sending', 'delivered', 'read']);
  });

  test('a first claim can be taken back as if nothing had been tried; a repeat, or an answered one, not', async () => {
    const { outbox, clock } = await openOutbox();
    const { message: stored } = await outbox.accept(message(clock.at));
    const before = await outbox.get(stored.messageId);
    await claim(outbox, stored.messageId, CHAT);
    expect(await outbox.unclaim(stored.messageId)).toBe(true);
    expect(await outbox.get(stored.messageId)).toEqual({ ...before, chatId: CHAT });
    expect(await outbox.unclaim(stored.messageId)).toBe(false);

    await claim(outbox, stored.messageId, CHAT);
    await claim(outbox, stored.messageId, CHAT);
    expect(await outbox.unclaim(stored.messageId)).toBe(false);
    await outbox.move(stored.messageId, 'sent');
    expect(await outbox.unclaim(stored.messageId)).toBe(false);
    expect(await outbox.get(stored.messageId)).toMatchObject({ state: 'sent', attempts: 2 });
  });

  test('how often the connection ended with a message is kept over a restart', async () => {
    const { outbox, store, clock, directory } = await openOutbox();
    const { message: stored } = await outbox.accept(message(clock.at));
    await claim(outbox, stored.messageId, CHAT);
    await outbox.noteStreamEnd([stored.messageId, 'unknown']);
    await store.close();
    const again = await openOutbox({ directory, clock });
    expect(again.outbox.takeUp()).toMatchObject([{ messageId: stored.messageId, streamEnds: 1 }]);
  });

  test('claimed again keeps the time of its first try and counts', async () => {
    const { outbox, clock } = await openOutbox();
    const { message: stored } = await outbox.accept(message(clock.at));
    const first = clock.at;
    await claim(outbox, stored.messageId, CHAT);
    clock.at += 60_000;
    expect(await claim(outbox, stored.messageId, CHAT)).toBe('Hello');
    expect(await outbox.get(stored.messageId)).toMatchObject({ attempts: 2, firstTryAt: first });
  });

  test.each(['cancelled', 'expired', 'unconfirmed', 'failed'] as const)(
    'that is %s is not handed out',
    async (state) => {
      const { outbox, clock } = await openOutbox();
      const { message: stored } = await outbox.accept(message(clock.at));
      if (state === 'unconfirmed') await claim(outbox, stored.messageId, CHAT);
      await outbox.move(stored.messageId, state);
      expect(await claim(outbox, stored.messageId, CHAT)).toBeNull();
    },
  );

  test('whose time is over is not handed out, although nobody has marked it as expired yet', async () => {
    const { outbox, clock } = await openOutbox();
    const { message: stored } = await outbox.accept(message(clock.at, { expiresAt: clock.at + 1000 }));
    clock.at += 1000;
    expect(await claim(outbox, stored.messageId, CHAT)).toBeNull();
    expect((await outbox.get(stored.messageId))?.state).toBe('queued');
    await outbox.expire();
    expect((await outbox.get(stored.messageId))?.state).toBe('expired');
  });

  test('is told to whoever waits for its fate, and to nobody longer than he waits', async () => {
    const { outbox, clock } = await openOutbox();
    const { message: stored } = await outbox.accept(message(clock.at));
    const id = stored.messageId;
    expect((await outbox.settled(id, 0)).state).toBe('queued');
    expect((await outbox.settled(id, 20)).state).toBe('queued');
    const gone = new AbortController();
    const waiting = [outbox.settled(id, 60_000), outbox.settled(id, 60_000, gone.signal)];
    gone.abort();
    expect((await waiting[1])?.state).toBe('queued');
    await claim(outbox, id, CHAT);
    await outbox.move(id, 'sent');
    expect((await waiting[0])?.state).toBe('sent');
    const { message: other } = await outbox.accept(message(clock.at));
    const until = outbox.settled(other.messageId, 60_000);
    outbox.endWaits();
    expect((await until).state).toBe('queued');
    expect((await outbox.settled(other.messageId, 60_000)).state).toBe('queued');
  });
});

describe('taking back', () => {
  test('works until the first try, again and again, and says why it does not', async () => {
    const { outbox, clock } = await openOutbox();
    const { message: stored } = await outbox.accept(message(clock.at));
    expect(await outbox.cancel(stored.messageId)).toMatchObject({
      state: 'cancelled',
      errorCode: 'cancelled_by_request',
    });
    expect(await outbox.cancel(stored.messageId)).toMatchObject({ state: 'cancelled' });
    const { message: tried } = await outbox.accept(message(clock.at));
    await claim(outbox, tried.messageId, CHAT);
    await expect(outbox.cancel(tried.messageId)).rejects.toMatchObject({
      code: 'too_late_to_cancel',
      details: { facts: { message_status: 'sending' } },
    });
    await expect(outbox.cancel('3EB0')).rejects.toMatchObject({ code: 'unknown_message' });
  });

  test('and claiming at the same moment: one of the two', async () => {
    const { outbox, clock } = await openOutbox();
    for (let n = 0; n < 20; n++) {
      const { message: stored } = await outbox.accept(message(clock.at));
      const both = [
        () => claim(outbox, stored.messageId, CHAT),
        () => outbox.cancel(stored.messageId).catch(() => null),
      ];
      if (n % 2 === 1) both.reverse();
      const [text, cancelled] = await Promise.all(both.map((one) => one())).then((results) =>
        n % 2 === 1 ? results.reverse() : results,
      );
      expect([text === null, cancelled === null].filter(Boolean)).toHaveLength(1);
    }
  });
});

describe('a list', () => {
  test('goes through everything by pages, oldest first, by state and by number', async () => {
    const { outbox, clock } = await openOutbox();
    const ids: string[] = [];
    for (let n = 0; n < 25; n++) {
      const { message: stored } = await outbox.accept(message(clock.at, { phone: n % 5 === 0 ? OTHER : CUSTOMER }));
      ids.push(stored.messageId);
      if (n % 2 === 0) await outbox.move(stored.messageId, 'expired');
    }
    await outbox.accept(message(clock.at, { organizationId: OTHER_ID }));
    const all = async (query: { states?: MessageState[]; phone?: string }, limit: number): Promise<string[]> => {
      const found: string[] = [];
      for (let after: number | undefined; ;) {
        const { messages, next } = await outbox.list({ organizationId: ID, after, limit, ...query });
        expect(messages.length).toBeLessThanOrEqual(limit);
        found.push(...messages.map(({ messageId }) => messageId));
        if (next === null) return found;
        after = next;
      }
    };
    expect(await all({}, 7)).toEqual(ids);
    expect(await all({}, 25)).toEqual(ids);
    expect(await all({ phone: OTHER }, 2)).toEqual(ids.filter((_, n) => n % 5 === 0));
    expect(await all({ states: ['expired'] }, 4)).toEqual(ids.filter((_, n) => n % 2 === 0));
    expect(await all({ states: ['queued', 'sending'] }, 4)).toEqual(ids.filter((_, n) => n % 2 === 1));
    expect(await all({ states: ['expired'], phone: OTHER }, 1)).toEqual(ids.filter((_, n) => n % 10 === 0));
  });
});

describe('a receipt', () => {
  test('in place of the ack is somebody’s answer, synced at once; one that comes after it shares a sync', async () => {
    const { outbox, clock } = await openOutbox();
    const { message: stored } = await outbox.accept(message(clock.at));
    await claim(outbox, stored.messageId, CHAT);
    const sync = vi.spyOn(fs, 'fdatasync');
    onTestFinished(() => sync.mockRestore());
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const delivered = outbox.move(stored.messageId, 'delivered');
    await turn();
    expect(sync).toHaveBeenCalledTimes(1);
    await delivered;
    const read = outbox.move(stored.messageId, 'read');
    await turn();
    expect(sync).toHaveBeenCalledTimes(1);
    expect(await read).toBe(true);
    expect(sync).toHaveBeenCalledTimes(2);
  });
});

describe('the database', () => {
  test('of a newer version is refused, and not touched', () => {
    const directory = folder();
    const database = openOutboxDatabase(directory);
    database.pragma('user_version = 99');
    database.close();
    expect(() => openOutboxDatabase(directory)).toThrow('written by a newer version');
  });

  test('that cannot be written accepts nothing, counts nothing, tells nothing, and goes on when it can', async () => {
    const { outbox, database, clock } = await openOutbox({ clock: new Clock() });
    const { message: stored } = await outbox.accept(message(clock.at));
    const told: string[] = [];
    outbox.onChange(({ state }) => told.push(state));
    database.pragma('query_only = ON');
    await expect(outbox.accept(message(clock.at))).rejects.toThrow();
    await expect(claim(outbox, stored.messageId, CHAT)).rejects.toThrow();
    await expect(outbox.move(stored.messageId, 'expired')).rejects.toThrow();
    expect(told).toEqual([]);
    expect(outbox.depth(ID).pending).toBe(1);
    database.pragma('query_only = OFF');
    expect(await claim(outbox, stored.messageId, CHAT)).toBe('Hello');
    await outbox.accept(message(clock.at));
    expect(outbox.depth(ID).pending).toBe(2);
  });

  test('ids are never the same', () => {
    expect(new Set(Array.from({ length: 10_000 }, newMessageId)).size).toBe(10_000);
  });
});
