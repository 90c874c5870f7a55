import { describe, expect, test, vi } from 'vitest';
import type { Outbox } from '../../../src/outbox/outbox.js';
import type { Clock } from './fixtures.js';
import {
  claim,
  commitFailer,
  CUSTOMER,
  ID,
  message,
  openOutbox,
  OTHER_ID,
  OTHER_SHOP,
  SHOP,
  statesOf,
} from './fixtures.js';

const CHAT = `${CUSTOMER}@s.whatsapp.net`;

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

    const { outbox: again, store: newStore } = await openOutbox({ directory, clock, maxPending: 10 });
    expect(again.linkedPhone(ID)).toBe(OTHER_SHOP);
    expect(again.otherPhone(ID)).toEqual({
      messages: 2,
      phones: [SHOP],
      linked: OTHER_SHOP,
      since: clock.at - 1000,
    });
    expect(again.otherPhone(OTHER_ID)).toBeNull();
    expect(again.takeUp().map(({ forPhone }) => forPhone)).toEqual([SHOP, SHOP, null, OTHER_SHOP]);
    await again.cancel(old);
    expect(again.otherPhone(ID)).toMatchObject({ messages: 1 });
    expect(await again.noteLinkedPhone(ID, '573001112255')).toBe(true);
    expect(again.otherPhone(ID)).toMatchObject({ messages: 2, phones: [OTHER_SHOP, SHOP] });
    expect(await again.releaseOtherPhone(ID)).toEqual({ messages: 2, unconfirmed: 0 });
    expect(again.otherPhone(ID)).toBeNull();
    expect(await again.releaseOtherPhone(ID)).toEqual({ messages: 0, unconfirmed: 0 });
    const forPhones = (await newStore.waiting()).map(({ forPhone }) => forPhone);
    expect(forPhones).toEqual(['573001112255', null, '573001112255']);
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

  test('another one: the pause of first contacts ends, but not for other organizations or the same phone', async () => {
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

  test('one that shares a commit that fails with other settings is not noted, and is noted the next time', async () => {
    const { outbox, store, database, clock } = await openOutbox();
    const failCommit = commitFailer(database);
    const old = await accept(outbox, clock);
    const quiet = { from: '21:00', to: '08:00', timeZone: 'UTC' };
    const lost = async (...all: Promise<unknown>[]): Promise<void> => {
      failCommit();
      for (const { status } of await Promise.allSettled(all)) expect(status).toBe('rejected');
    };
    await lost(outbox.noteLinkedPhone(ID, SHOP), outbox.setQuietHours(ID, quiet), outbox.noteLinkedPhone(ID, '57300'));
    expect([outbox.linkedPhone(ID), outbox.linkedSince(ID), outbox.quietHours(ID)]).toEqual([null, 0, null]);
    await lost(outbox.setQuietHours(ID, quiet), outbox.noteLinkedPhone(ID, SHOP), outbox.pauseFirstContacts(ID, 9));
    expect([outbox.linkedPhone(ID), outbox.quietHours(ID), outbox.firstContactsPausedUntil(ID)]).toEqual([
      null,
      null,
      0,
    ]);
    await outbox.noteLinkedPhone(ID, SHOP);
    expect((await store.settings()).get(ID)).toMatchObject({ linkedPhone: SHOP, quietHours: null });
    expect(await outbox.noteLinkedPhone(ID, OTHER_SHOP)).toBe(true);
    expect(outbox.otherPhone(ID)).toMatchObject({ messages: 1, phones: [SHOP] });
    await outbox.cancel(old);
  });

  test('a failed write takes back its own settings only, and not what a newer call has set', async () => {
    const { outbox, store } = await openOutbox();
    const [first, second] = [
      { from: '21:00', to: '08:00', timeZone: 'UTC' },
      { from: '22:00', to: '08:00', timeZone: 'UTC' },
    ];
    await outbox.setQuietHours(ID, first);
    const full = new Error('full');
    const failing = vi.spyOn(store, 'setQuietHours').mockRejectedValue(full);
    const lost = outbox.setQuietHours(ID, second);
    const paused = outbox.pauseFirstContacts(ID, 9);
    await expect(lost).rejects.toBe(full);
    expect([outbox.quietHours(ID), outbox.firstContactsPausedUntil(ID)]).toEqual([first, 9]);
    await paused;
    const lostAgain = outbox.setQuietHours(ID, null);
    failing.mockRestore();
    const newer = outbox.setQuietHours(ID, second);
    await expect(lostAgain).rejects.toBe(full);
    expect(outbox.quietHours(ID)).toEqual(second);
    await newer;
    expect([outbox.quietHours(ID), outbox.firstContactsPausedUntil(ID)]).toEqual([second, 9]);
  });

  test('releasing concerns what waits at that moment, counts at once, and not when it cannot be written', async () => {
    const { outbox, store, database, clock } = await openOutbox();
    const failCommit = commitFailer(database);
    await outbox.noteLinkedPhone(ID, SHOP);
    await accept(outbox, clock);
    await outbox.noteLinkedPhone(ID, OTHER_SHOP);
    const lost = outbox.releaseOtherPhone(ID);
    expect(outbox.otherPhone(ID)).toBeNull();
    failCommit();
    await expect(lost).rejects.toThrow('FOREIGN KEY');
    expect(outbox.otherPhone(ID)).toMatchObject({ messages: 1, phones: [SHOP] });

    const releasing = outbox.releaseOtherPhone(ID);
    // A third phone is linked before that is on disk.
    const linking = outbox.noteLinkedPhone(ID, '573001112255');
    const own = accept(outbox, clock);
    expect(await releasing).toEqual({ messages: 1, unconfirmed: 0 });
    await Promise.all([linking, own]);
    expect(outbox.otherPhone(ID)).toMatchObject({ messages: 1, phones: [OTHER_SHOP] });
    expect((await store.waiting()).map(({ forPhone }) => forPhone)).toEqual([OTHER_SHOP, '573001112255']);
  });
});
