import { describe, expect, test, vi } from 'vitest';
import { CUSTOMER, customers, dispatching, ID, numbered, OTHER, pass, soon } from './fixtures.js';

describe('refusals', () => {
  test('463: recipient_refused; first contacts rest as long as is set, known customers keep their turns', async () => {
    const { accept, carrier, outbox, ack } = await dispatching({ perMinute: 30, burst: 5 });
    await ack(await accept({ text: 'known' }));
    await ack(await accept({ phone: OTHER }), 463);
    expect((await outbox.list({ organizationId: ID, states: ['failed'], limit: 10 })).messages).toMatchObject([
      { errorCode: 'recipient_refused', ackCode: 463 },
    ]);
    const strangers = customers(40);
    for (const phone of strangers) await accept({ phone, text: 'first contact' });
    const known = await accept({ text: 'known again' });
    expect(carrier.texts.at(-1)).toBe('known again');
    await ack(known);
    // WhatsApp is not even asked about them.
    expect(carrier.resolved).toEqual([CUSTOMER, OTHER]);
    // The forty that rest are looked at every minute, and the pace of the others does not suffer from it.
    await pass(600_000, 10_000);
    for (const text of numbered(5)) await ack(await accept({ text }));
    expect(carrier.texts.filter((text) => text.startsWith('message'))).toEqual(numbered(5));
    await pass(3_060_000, 30_000);
    expect(carrier.texts.filter((text) => text === 'first contact').length).toBeGreaterThan(0);
  });

  test.each([
    ['whom a message of the outbox has reached', 'reached'],
    ['who wrote, by number', CUSTOMER],
    ['who wrote, by the number as WhatsApp spells it', `${CUSTOMER}9`],
    ['who wrote, by LID', '1099@lid'],
  ])('463 for a customer %s: refused, and nobody rests', async (_, name) => {
    const { accept, carrier, outbox, ack, dispatcher } = await dispatching();
    const chatId = `${CUSTOMER}9@s.whatsapp.net`;
    await outbox.customers.rememberChat(CUSTOMER, chatId);
    carrier.lids.set(chatId, '1099@lid');
    if (name === 'reached') await ack(await accept());
    else await soon(dispatcher.acquainted([name]));
    const id = await accept();
    await ack(id, 463);
    expect(await outbox.get(id)).toMatchObject({ state: 'failed', errorCode: 'recipient_refused' });
    expect(outbox.firstContactsPausedUntil(ID)).toBe(0);
  });

  test('463 for a known customer lengthens no pause; for a message that nobody knows it begins none', async () => {
    const { accept, outbox, ack, dispatcher } = await dispatching();
    await dispatcher.acked('3EB0000000000000000000', 463);
    expect(outbox.firstContactsPausedUntil(ID)).toBe(0);
    await ack(await accept());
    await ack(await accept({ phone: OTHER }), 463);
    const until = outbox.firstContactsPausedUntil(ID);
    expect(until).toBe(Date.now() + 3_600_000);
    await pass(60_000);
    await ack(await accept(), 463);
    expect(outbox.firstContactsPausedUntil(ID)).toBe(until);
  });

  test('who writes while he rests gets his messages at once, in their order; the others rest on', async () => {
    const { accept, carrier, ack, dispatcher } = await dispatching();
    await ack(await accept({ phone: OTHER }), 463);
    const [writes, silent] = customers(2) as [string, string];
    const first = await accept({ phone: writes, text: 'first' });
    await accept({ phone: writes, text: 'second' });
    await accept({ phone: silent, text: 'to a silent one' });
    await soon(dispatcher.acquainted(['1099@lid', writes]));
    expect(carrier.texts).toEqual(['Hello', 'first']);
    await ack(first);
    expect(carrier.texts).toEqual(['Hello', 'first', 'second']);
  });

  describe('while first contacts rest, known customers leave in their order', () => {
    const known = customers(8);
    const paused = async (settings: Parameters<typeof dispatching>[0] = {}) => {
      const all = await dispatching(settings);
      await soon(all.dispatcher.acquainted(known));
      await all.outbox.pauseFirstContacts(ID, Date.now() + 3_600_000);
      return all;
    };
    type Paused = Awaited<ReturnType<typeof paused>>;
    const acceptAll = async ({ accept }: Paused): Promise<void> => {
      for (const [n, phone] of known.entries()) await accept({ phone, text: `message ${n}` });
    };
    const ackAll = async ({ carrier, ack }: Paused): Promise<void> => {
      for (let n = 0; n < carrier.handed.length; n++) await ack(carrier.handed[n]?.messageId ?? '');
    };

    test('a few at a time, after a reconnect; strangers between them take no turn', async () => {
      const all = await paused({ maxInFlight: 2 });
      all.disconnect();
      await all.accept({ text: 'to a stranger' });
      await acceptAll(all);
      await all.accept({ phone: OTHER, text: 'to a stranger' });
      await all.connect();
      expect(all.carrier.texts).toEqual(numbered(2));
      await ackAll(all);
      expect(all.carrier.texts).toEqual(numbered(8));
    });

    test('after the burst, at the pace', async () => {
      const all = await paused({ perMinute: 60, burst: 3 });
      await acceptAll(all);
      expect(all.carrier.texts).toEqual(numbered(3));
      await pass(6000, 100);
      expect(all.carrier.texts).toEqual(numbered(8));
    });

    test('at the end of the quiet hours', async () => {
      const all = await paused({ maxInFlight: 3 });
      // It is 15:00 UTC.
      await all.outbox.setQuietHours(ID, { from: '14:00', to: '15:05', timeZone: 'UTC' });
      await acceptAll(all);
      await pass(301_000);
      await ackAll(all);
      expect(all.carrier.texts).toEqual(numbered(8));
    });

    test('also when one is taken back, or nobody can say whether he is known, during the look', async () => {
      const all = await paused();
      all.disconnect();
      await acceptAll(all);
      const [first] = (await all.outbox.list({ organizationId: ID, limit: 1 })).messages;
      const look = vi.spyOn(all.store, 'isContact');
      look.mockImplementationOnce(async () => {
        await all.outbox.cancel(first?.messageId ?? '');
        return true;
      });
      look.mockRejectedValueOnce(new Error('disk'));
      await all.connect();
      expect(all.carrier.texts).toEqual(numbered(8).slice(2));
      await pass(1000, 100);
      expect(all.carrier.texts).toEqual([...numbered(8).slice(2), 'message 1']);
    });

    test('the pause ends, or he writes, during the look: he does not rest', async () => {
      const all = await paused();
      const look = vi.spyOn(all.store, 'isContact');
      look.mockImplementationOnce(async () => {
        await all.dispatcher.acquainted([CUSTOMER]);
        return false;
      });
      await all.accept({ text: 'he writes' });
      look.mockImplementationOnce(async () => {
        await all.outbox.pauseFirstContacts(ID, 0);
        return false;
      });
      await all.accept({ phone: OTHER, text: 'the pause ends' });
      await pass(25, 25);
      expect(all.carrier.texts).toEqual(['he writes', 'the pause ends']);
    });
  });

  test('479: once more with fresh devices under the same id; a second one is final', async () => {
    const { accept, carrier, outbox, ack } = await dispatching();
    const id = await accept();
    await ack(id, 479);
    expect(carrier.handed.map(({ messageId }) => messageId)).toEqual([id, id]);
    expect(carrier.prepared.map(({ fresh }) => fresh)).toEqual([false, true]);
    await ack(id, 479);
    expect(await outbox.get(id)).toMatchObject({ state: 'failed', errorCode: 'message_refused', ackCode: 479 });
    expect(carrier.handed).toHaveLength(2);
  });

  test('479 that comes late, after a reconnect: still only one repeat', async () => {
    const { accept, carrier, connect, disconnect, ack } = await dispatching();
    const id = await accept();
    disconnect();
    await connect();
    await ack(id, 479);
    await pass(10_000);
    expect(carrier.handed).toHaveLength(2);
    expect(carrier.prepared.at(-1)?.fresh).toBe(true);
  });

  test('an answer about a message that nobody knows changes nothing', async () => {
    const { dispatcher, outbox } = await dispatching();
    await dispatcher.acked('3EB0000000000000000000', null);
    await dispatcher.acked('3EB0000000000000000000', 463);
    await soon(dispatcher.received('3EB0000000000000000000', 'read'));
    expect((await outbox.list({ organizationId: ID, limit: 10 })).messages).toEqual([]);
  });
});
