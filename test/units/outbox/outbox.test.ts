import fs, { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openOutboxDatabase } from '../../../src/store/sqlite/outbox-database.js';
import type { MessageState } from '../../../src/outbox/outbox-message.js';
import { ACQUAINTANCES_KEPT, CHAT_KEPT_MS, IDEMPOTENCY_KEPT_MS, NO_CHAT_KEPT_MS } from '../../../src/outbox/kept.js';
import { newMessageId } from '../../../src/outbox/message-id.js';
import { Outbox } from '../../../src/outbox/outbox.js';
import { SqliteOutboxStore } from '../../../src/store/sqlite/outbox-store.js';
import {
  claim,
  Clock,
  CUSTOMER,
  DAY,
  folder,
  ID,
  message,
  openOutbox,
  OTHER,
  OTHER_ID,
  OTHER_SHOP,
  SHOP,
  statesOf,
} from './fixtures.js';

const CHAT = `${CUSTOMER}@s.whatsapp.net`;

/** Everything that lies on the disk. */
function onDisk(directory: string): string {
  return readdirSync(directory)
    .map((name) => readFileSync(path.join(directory, name), 'latin1'))
    .join('');
}

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
    expect((await other.contentOf(ID, stored.messageId))?.text).toBe('Hello');
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

  test('a first claim can be taken back: queued as if nothing had been tried; a repeat or an answered one cannot', async () => {
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
    expect(await again.outbox.pending()).toMatchObject([{ messageId: stored.messageId, streamEnds: 1 }]);
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

describe('idempotency keys', () => {
  test('one key is one message, also for many at once; another organization has keys of its own', async () => {
    const { outbox, clock } = await openOutbox();
    const ask = (more = {}) => outbox.accept(message(clock.at, { idempotencyKey: 'booking-1', ...more }));
    const answers = await Promise.all([ask(), ask(), ask(), ask()]);
    expect(new Set(answers.map((answer) => answer.message.messageId)).size).toBe(1);
    expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(outbox.depth(ID).pending).toBe(1);
    expect((await ask({ organizationId: OTHER_ID })).isNew).toBe(true);
  });

  test.each([
    ['phone', { phone: OTHER }],
    ['text', { text: 'Other' }],
    ['replace key', { replaceKey: 'booking:1' }],
    ['times, as they were given', { fingerprint: '{"ttl_seconds":60}' }],
  ])('with another %s is refused', async (_what, more) => {
    const { outbox, clock } = await openOutbox();
    await outbox.accept(message(clock.at, { idempotencyKey: 'booking-1' }));
    await expect(outbox.accept(message(clock.at, { idempotencyKey: 'booking-1', ...more }))).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
    expect(outbox.depth(ID).pending).toBe(1);
  });

  test('answer with what became of the message, for seven days and not longer', async () => {
    const { outbox, clock } = await openOutbox();
    const ask = () => outbox.accept(message(clock.at, { idempotencyKey: 'booking-1' }));
    const first = await ask();
    await claim(outbox, first.message.messageId, CHAT);
    await outbox.move(first.message.messageId, 'failed', { errorCode: 'recipient_refused', ackCode: 463 });
    clock.at += IDEMPOTENCY_KEPT_MS - 1;
    expect(await outbox.hasIdempotencyKey(ID, 'booking-1')).toBe(true);
    expect((await ask()).message).toMatchObject({ state: 'failed', errorCode: 'recipient_refused', ackCode: 463 });
    clock.at += 1;
    expect(await outbox.hasIdempotencyKey(ID, 'booking-1')).toBe(false);
    const anew = await ask();
    expect(anew.isNew).toBe(true);
    expect(anew.message.messageId).not.toBe(first.message.messageId);
  });
});

describe('a replace key', () => {
  test('takes the place of what is still queued, for the same organization only, and not of what was tried', async () => {
    const { outbox, clock } = await openOutbox();
    const ask = (more = {}) => outbox.accept(message(clock.at, { replaceKey: 'booking:1', ...more }));
    const tried = await ask();
    await claim(outbox, tried.message.messageId, CHAT);
    const old = await ask();
    const elsewhere = await ask({ organizationId: OTHER_ID });
    const told: string[] = [];
    outbox.onChange(({ messageId, state }) => told.push(`${messageId} ${state}`));
    const newer = await ask();
    expect(await outbox.get(old.message.messageId)).toMatchObject({ state: 'cancelled', errorCode: 'replaced' });
    expect(told).toEqual([`${old.message.messageId} cancelled`]);
    expect((await outbox.get(tried.message.messageId))?.state).toBe('sending');
    expect((await outbox.get(elsewhere.message.messageId))?.state).toBe('queued');
    expect((await outbox.get(newer.message.messageId))?.state).toBe('queued');
    expect(outbox.depth(ID).pending).toBe(2);
  });
});

describe('a full outbox', () => {
  test('is full for that organization only, says when to come back, and takes the next one when there is room', async () => {
    const { outbox, clock } = await openOutbox({ maxPending: 2 });
    const first = await outbox.accept(message(clock.at));
    await outbox.accept(message(clock.at));
    await expect(outbox.accept(message(clock.at))).rejects.toMatchObject({
      code: 'outbox_full',
      details: { retryAfterSeconds: expect.any(Number) as number },
    });
    await outbox.accept(message(clock.at, { organizationId: OTHER_ID }));
    await outbox.cancel(first.message.messageId);
    await outbox.accept(message(clock.at));
    expect(outbox.depth(ID).pending).toBe(2);
  });

  test('takes what replaces a queued message, and no more than that', async () => {
    const { outbox, store, clock, directory } = await openOutbox({ maxPending: 2 });
    const keyed = { replaceKey: 'booking:1' };
    const old = await outbox.accept(message(clock.at, keyed));
    const other = await outbox.accept(message(clock.at, { replaceKey: 'booking:2' }));
    const newer = await outbox.accept(message(clock.at, keyed));
    expect(await outbox.get(old.message.messageId)).toMatchObject({ state: 'cancelled', errorCode: 'replaced' });
    expect(outbox.depth(ID).pending).toBe(2);
    // One that was tried keeps its place.
    await claim(outbox, other.message.messageId, CHAT);
    for (const more of [{ replaceKey: 'booking:2' }, { replaceKey: 'booking:3' }, {}]) {
      await expect(outbox.accept(message(clock.at, more))).rejects.toMatchObject({ code: 'outbox_full' });
    }
    expect((await outbox.get(newer.message.messageId))?.state).toBe('queued');
    expect(outbox.depth(ID).pending).toBe(2);
    // Also when the limit was lowered below what waits.
    await store.close();
    const again = (await openOutbox({ directory, clock, maxPending: 1 })).outbox;
    await again.accept(message(clock.at, keyed));
    expect(again.depth(ID).pending).toBe(2);
  });

  test('still answers a known key, and counts right after a restart', async () => {
    const { outbox, store, clock, directory } = await openOutbox({ maxPending: 1 });
    const first = await outbox.accept(message(clock.at, { idempotencyKey: 'a' }));
    expect((await outbox.accept(message(clock.at, { idempotencyKey: 'a' }))).message).toEqual(first.message);
    await store.close();
    const again = (await openOutbox({ directory, clock, maxPending: 1 })).outbox;
    expect(again.depth(ID)).toEqual({ pending: 1, oldestAt: first.message.createdAt });
    await expect(again.accept(message(clock.at))).rejects.toMatchObject({ code: 'outbox_full' });
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

describe('what is kept, and what is erased', () => {
  test('texts go a week after the fate is known, not before, also from the disk; the record stays', async () => {
    const { outbox, directory, clock } = await openOutbox();
    const text = 'a text that stands nowhere else: Zx81-Qp55';
    const scheduled = await outbox.accept(
      message(clock.at, { text: `${text} later`, sendAt: clock.at + 20 * DAY, expiresAt: clock.at + 30 * DAY }),
    );
    const { message: stored } = await outbox.accept(message(clock.at, { text }));
    await claim(outbox, stored.messageId, CHAT);
    await outbox.move(stored.messageId, 'sent');
    clock.at += 7 * DAY;
    expect(await outbox.eraseOld(7 * DAY)).toBe(false);
    expect((await outbox.contentOf(ID, stored.messageId))?.text).toBe(text);
    clock.at += 1;
    await outbox.eraseOld(7 * DAY);
    expect((await outbox.contentOf(ID, stored.messageId))?.text).toBeUndefined();
    expect(await outbox.get(stored.messageId)).toMatchObject({ state: 'sent', phone: CUSTOMER });
    expect(onDisk(directory).split('Zx81-Qp55')).toHaveLength(2);
    // What waits keeps its text however old it is, and then for as long as any other.
    clock.at += 13 * DAY;
    await outbox.eraseOld(7 * DAY);
    expect(await claim(outbox, scheduled.message.messageId, CHAT)).toBe(`${text} later`);
    await outbox.move(scheduled.message.messageId, 'sent');
    clock.at += 6 * DAY;
    await outbox.eraseOld(7 * DAY);
    expect((await outbox.contentOf(ID, scheduled.message.messageId))?.text).toBe(`${text} later`);
    clock.at += 2 * DAY;
    await outbox.eraseOld(7 * DAY);
    expect(onDisk(directory)).not.toContain('Zx81-Qp55');
  });

  test('much is erased in pieces, and it says that there is more', async () => {
    const { outbox, clock } = await openOutbox();
    for (let n = 0; n < 5; n++) {
      const { message: stored } = await outbox.accept(message(clock.at, { idempotencyKey: `key-${n}` }));
      await outbox.move(stored.messageId, 'expired');
    }
    clock.at += 8 * DAY;
    expect(await outbox.eraseOld(7 * DAY, 2)).toBe(true);
    expect(await outbox.eraseOld(7 * DAY, 2)).toBe(true);
    expect(await outbox.eraseOld(7 * DAY, 2)).toBe(false);
    const { messages } = await outbox.list({ organizationId: ID, limit: 10 });
    const contents = await Promise.all(messages.map(({ messageId }) => outbox.contentOf(ID, messageId)));
    expect(contents).toEqual(messages.map(() => undefined));
  });

  test('a text is answered to its own organization only', async () => {
    const { outbox, clock } = await openOutbox();
    const { message: stored } = await outbox.accept(message(clock.at));
    expect((await outbox.contentOf(OTHER_ID, stored.messageId))?.text).toBeUndefined();
    expect((await outbox.contentOf(ID, '3EB0'))?.text).toBeUndefined();
  });

  test('numbers are believed for 30 days, that one has no WhatsApp for an hour', async () => {
    const { outbox, clock } = await openOutbox();
    expect(await outbox.customers.chatOf(CUSTOMER)).toBeUndefined();
    await outbox.customers.rememberChat(CUSTOMER, CHAT);
    await outbox.customers.rememberChat(OTHER, null);
    expect([await outbox.customers.chatOf(CUSTOMER), await outbox.customers.chatOf(OTHER)]).toEqual([CHAT, null]);
    clock.at += NO_CHAT_KEPT_MS;
    expect([await outbox.customers.chatOf(CUSTOMER), await outbox.customers.chatOf(OTHER)]).toEqual([CHAT, undefined]);
    clock.at += CHAT_KEPT_MS;
    expect(await outbox.customers.chatOf(CUSTOMER)).toBeUndefined();
  });

  test('who got a message is a contact of that organization; settings and pauses stay over a restart', async () => {
    const { outbox, store, clock, directory } = await openOutbox();
    const { message: stored } = await outbox.accept(message(clock.at));
    await claim(outbox, stored.messageId, CHAT);
    expect(await outbox.customers.isContact(ID, CUSTOMER)).toBe(false);
    await outbox.move(stored.messageId, 'delivered');
    await outbox.setQuietHours(ID, { from: '21:00', to: '08:00', timeZone: 'America/Bogota' });
    await outbox.pauseFirstContacts(ID, clock.at + 1000);
    await outbox.pauseFirstContacts(OTHER_ID, clock.at + 5);
    await outbox.setQuietHours(OTHER_ID, null);
    await store.close();
    const again = (await openOutbox({ directory, clock })).outbox;
    expect([
      await again.customers.isContact(ID, CUSTOMER),
      await again.customers.isContact(OTHER_ID, CUSTOMER),
    ]).toEqual([true, false]);
    expect(again.quietHours(ID)).toEqual({ from: '21:00', to: '08:00', timeZone: 'America/Bogota' });
    expect(again.firstContactsPausedUntil(ID)).toBe(clock.at + 1000);
    expect([again.quietHours(OTHER_ID), again.firstContactsPausedUntil(OTHER_ID)]).toEqual([null, clock.at + 5]);
  });
});

describe('the phone that is linked', () => {
  const accept = async (outbox: Outbox, clock: Clock, more: object = {}): Promise<string> =>
    (await outbox.accept(message(clock.at, more))).message.messageId;

  test('is remembered over a restart; what was accepted for another one is counted until it is decided', async () => {
    const { outbox, store, clock, directory } = await openOutbox({ maxPending: 10 });
    expect(outbox.linkedPhone(ID)).toBeNull();
    const old = await accept(outbox, clock);
    expect(await outbox.noteLinkedPhone(ID, SHOP)).toBe(false);
    await accept(outbox, clock);
    await accept(outbox, clock, { organizationId: OTHER_ID });
    expect(outbox.otherPhone(ID)).toBeNull();
    clock.at += 1000;
    expect(await outbox.noteLinkedPhone(ID, OTHER_SHOP)).toBe(true);
    clock.at += 1000;
    expect(await outbox.noteLinkedPhone(ID, OTHER_SHOP)).toBe(false);
    await accept(outbox, clock);
    await store.close();

    const again = (await openOutbox({ directory, clock, maxPending: 10 })).outbox;
    expect(again.linkedPhone(ID)).toBe(OTHER_SHOP);
    expect(again.otherPhone(ID)).toEqual({
      messages: 2,
      phones: [SHOP],
      linked: OTHER_SHOP,
      since: clock.at - 1000,
    });
    expect(again.otherPhone(OTHER_ID)).toBeNull();
    expect((await again.pending()).map(({ forPhone }) => forPhone)).toEqual([SHOP, SHOP, null, OTHER_SHOP]);
    await again.cancel(old);
    expect(again.otherPhone(ID)).toMatchObject({ messages: 1 });
    expect(await again.noteLinkedPhone(ID, '573001112255')).toBe(true);
    expect(again.otherPhone(ID)).toMatchObject({ messages: 2, phones: [OTHER_SHOP, SHOP] });
    expect(await again.releaseOtherPhone(ID)).toEqual({ messages: 2, unconfirmed: 0 });
    expect(again.otherPhone(ID)).toBeNull();
    expect(await again.releaseOtherPhone(ID)).toEqual({ messages: 0, unconfirmed: 0 });
    expect((await again.pending()).map(({ forPhone }) => forPhone)).toEqual(['573001112255', null, '573001112255']);
  });

  test('another one: what is taken back is told; of what was tried nothing more is known', async () => {
    const { outbox, clock } = await openOutbox();
    await outbox.noteLinkedPhone(ID, SHOP);
    const [tried, queued] = [await accept(outbox, clock), await accept(outbox, clock)];
    await claim(outbox, tried, CHAT);
    const sent = await accept(outbox, clock);
    await claim(outbox, sent, CHAT);
    await outbox.move(sent, 'sent');
    await outbox.noteLinkedPhone(ID, OTHER_SHOP);
    const mine = await accept(outbox, clock);
    const told: string[] = [];
    outbox.onChange(({ messageId }) => told.push(messageId));
    expect(await outbox.cancelOtherPhone(ID)).toEqual({ messages: 1, unconfirmed: 1 });
    expect(told).toEqual([tried, queued]);
    expect(await statesOf(outbox, [tried, queued, sent, mine])).toEqual(['unconfirmed', 'cancelled', 'sent', 'queued']);
    expect([outbox.otherPhone(ID), await outbox.cancelOtherPhone(ID)]).toEqual([null, { messages: 0, unconfirmed: 0 }]);
  });

  test('another one: the pause of first contacts ends, that of other organizations and of the same phone does not', async () => {
    const { outbox, clock } = await openOutbox();
    const paused = () => [outbox.firstContactsPausedUntil(ID), outbox.firstContactsPausedUntil(OTHER_ID)];
    const until = clock.at + 1000;
    await outbox.pauseFirstContacts(ID, until);
    await outbox.pauseFirstContacts(OTHER_ID, until);
    await outbox.noteLinkedPhone(ID, SHOP);
    await outbox.noteLinkedPhone(ID, SHOP);
    expect(paused()).toEqual([until, until]);
    await outbox.noteLinkedPhone(ID, OTHER_SHOP);
    expect(paused()).toEqual([0, until]);
  });

  test('one that could not be noted changes nothing', async () => {
    const { outbox, database, clock } = await openOutbox();
    await outbox.noteLinkedPhone(ID, SHOP);
    await accept(outbox, clock);
    database.exec("CREATE TRIGGER full BEFORE UPDATE ON organization_settings BEGIN SELECT RAISE(FAIL, 'full'); END");
    await expect(outbox.noteLinkedPhone(ID, OTHER_SHOP)).rejects.toThrow('full');
    expect([outbox.linkedPhone(ID), outbox.otherPhone(ID)]).toEqual([SHOP, null]);
  });
});

describe('who wrote', () => {
  test('is no first contact of that organization, under each name, over a restart too', async () => {
    const { outbox, store, clock, directory } = await openOutbox();
    await outbox.customers.noteAcquaintance(ID, [CUSTOMER, '1099@lid']);
    await store.close();
    const again = (await openOutbox({ directory, clock })).outbox;
    expect([
      await again.customers.isContact(ID, CUSTOMER),
      await again.customers.isContact(OTHER_ID, CUSTOMER),
    ]).toEqual([true, false]);
    expect([
      await again.customers.isContact(ID, OTHER),
      await again.customers.isContact(ID, OTHER, '1099@lid'),
    ]).toEqual([false, true]);
    await again.customers.rememberChat(OTHER, CHAT);
    expect(await again.customers.isContact(ID, OTHER)).toBe(true);
  });

  test('is forgotten when very many others have written since', async () => {
    const { outbox } = await openOutbox();
    await outbox.customers.noteAcquaintance(ID, [CUSTOMER]);
    await outbox.customers.noteAcquaintance(OTHER_ID, [CUSTOMER]);
    const many = Array.from({ length: ACQUAINTANCES_KEPT }, (_, n) => `57300${1_000_000 + n}`);
    await outbox.customers.noteAcquaintance(ID, many.slice(1));
    expect(await outbox.customers.isContact(ID, CUSTOMER)).toBe(true);
    await outbox.customers.noteAcquaintance(ID, many.slice(0, 1));
    expect([
      await outbox.customers.isContact(ID, CUSTOMER),
      await outbox.customers.isContact(OTHER_ID, CUSTOMER),
    ]).toEqual([false, true]);
    expect(await outbox.customers.isContact(ID, many[1] as string)).toBe(true);
  });
});

describe('a receipt', () => {
  test('in place of the ack is somebody’s answer, and synced at once; one that comes after it shares a sync', async () => {
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
