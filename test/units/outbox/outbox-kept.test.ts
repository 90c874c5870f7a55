import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ACQUAINTANCES_KEPT, CHAT_KEPT_MS, NO_CHAT_KEPT_MS } from '../../../src/outbox/kept.js';
import { claim, CUSTOMER, DAY, ID, message, openOutbox, OTHER, OTHER_ID, textOf } from './fixtures.js';

const CHAT = `${CUSTOMER}@s.whatsapp.net`;

/** Everything that lies on the disk. */
function onDisk(directory: string): string {
  return readdirSync(directory)
    .map((name) => readFileSync(path.join(directory, name), 'latin1'))
    .join('');
}

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
    expect(textOf(await outbox.contentOf(ID, stored.messageId))).toBe(text);
    clock.at += 1;
    await outbox.eraseOld(7 * DAY);
    expect(textOf(await outbox.contentOf(ID, stored.messageId))).toBeUndefined();
    expect(await outbox.get(stored.messageId)).toMatchObject({ state: 'sent', phone: CUSTOMER });
    expect(onDisk(directory).split('Zx81-Qp55')).toHaveLength(2);
    // What waits keeps its text however old it is, and then for as long as any other.
    clock.at += 13 * DAY;
    await outbox.eraseOld(7 * DAY);
    expect(await claim(outbox, scheduled.message.messageId, CHAT)).toBe(`${text} later`);
    await outbox.move(scheduled.message.messageId, 'sent');
    clock.at += 6 * DAY;
    await outbox.eraseOld(7 * DAY);
    expect(textOf(await outbox.contentOf(ID, scheduled.message.messageId))).toBe(`${text} later`);
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
    expect(textOf(await outbox.contentOf(OTHER_ID, stored.messageId))).toBeUndefined();
    expect(textOf(await outbox.contentOf(ID, '3EB0'))).toBeUndefined();
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
