import { describe, expect, test } from 'vitest';
import type { OutboxMessage } from '../../../src/outbox/outbox-message.js';
import { OrganizationDispatcher } from '../../../src/outbox/organization-dispatcher.js';
import {
  CUSTOMER,
  customers,
  dispatching,
  folder,
  ID,
  numbered,
  OTHER,
  pass,
  quiet,
  SETTINGS,
  textContent,
  statesOf,
} from './fixtures.js';

describe('what is sent, and in which order', () => {
  test('a stored message leaves at once with its own id; only the ack makes it sent', async () => {
    const { accept, carrier, outbox, ack } = await dispatching();
    const id = await accept({ text: 'Monday at ten' });
    expect(carrier.handed).toMatchObject([
      { messageId: id, chatId: `${CUSTOMER}@s.whatsapp.net`, text: 'Monday at ten' },
    ]);
    expect(await outbox.get(id)).toMatchObject({ state: 'sending', attempts: 1 });
    await ack(id);
    expect(await outbox.get(id)).toMatchObject({ state: 'sent', chatId: `${CUSTOMER}@s.whatsapp.net` });
  });

  test("one customer's messages go each after the answer to the one before; the others do not wait", async () => {
    const { accept, carrier, ack } = await dispatching();
    const texts = numbered(4);
    const ids: string[] = [];
    for (const text of texts) ids.push(await accept({ text }));
    await accept({ phone: OTHER, text: 'to another' });
    expect(carrier.texts).toEqual(['message 0', 'to another']);
    for (const [n, id] of ids.entries()) {
      expect(carrier.texts.filter((text) => text !== 'to another')).toEqual(texts.slice(0, n + 1));
      await ack(id);
    }
  });

  test('a refused message lets the next one of its customer go', async () => {
    const { accept, carrier, outbox, ack } = await dispatching();
    const first = await accept({ text: 'first' });
    await accept({ text: 'second' });
    await ack(first, 500);
    expect(await outbox.get(first)).toMatchObject({ state: 'failed', errorCode: 'message_refused', ackCode: 500 });
    expect(carrier.texts).toEqual(['first', 'second']);
  });

  test('no more than maxInFlight wait for an answer at one time', async () => {
    const { accept, carrier, ack } = await dispatching({ maxInFlight: 3 });
    const ids: string[] = [];
    for (const phone of customers(5)) ids.push(await accept({ phone }));
    expect(carrier.handed).toHaveLength(3);
    await ack(ids[1]!);
    expect(carrier.handed).toHaveLength(4);
    await ack(ids[0]!);
    expect(carrier.handed).toHaveLength(5);
  });

  test('while the session is down nothing is tried; when it is up, everything goes in its order', async () => {
    const { accept, carrier, connect, disconnect, ack } = await dispatching();
    disconnect();
    const ids = [await accept({ text: 'one' }), await accept({ text: 'two' })];
    await pass(60_000, 10_000);
    expect(carrier.handed).toEqual([]);
    await connect();
    await ack(ids[0]!);
    expect(carrier.texts).toEqual(['one', 'two']);
  });

  test('the burst goes at once, the rest at the pace', async () => {
    const { accept, carrier } = await dispatching({ perMinute: 60, burst: 3 });
    for (const phone of customers(8)) await accept({ phone });
    expect(carrier.handed).toHaveLength(3);
    // The gap is the even one when the random number is 0.5.
    await pass(2500, 100);
    expect(carrier.handed).toHaveLength(5);
    await pass(3000, 100);
    expect(carrier.handed).toHaveLength(8);
  });

  test('one that waits for its time holds up nobody, not even its own customer', async () => {
    const { accept, carrier, ack } = await dispatching();
    await accept({ text: 'reminder', sendAt: Date.now() + 90_000 });
    await ack(await accept({ text: 'now' }));
    expect(carrier.texts).toEqual(['now']);
    await pass(89_000, 1000);
    expect(carrier.texts).toEqual(['now']);
    await pass(1000);
    expect(carrier.texts).toEqual(['now', 'reminder']);
  });

  test('quiet hours hold everything; ending them by hand lets it go', async () => {
    const { accept, carrier, outbox, dispatcher } = await dispatching();
    // It is 15:00 UTC.
    await outbox.setQuietHours(ID, { from: '14:00', to: '15:05', timeZone: 'UTC' });
    await accept({ text: 'in the quiet hours' });
    await pass(299_000, 1000);
    expect(carrier.handed).toEqual([]);
    await pass(2000);
    expect(carrier.texts).toEqual(['in the quiet hours']);
    await outbox.setQuietHours(ID, { from: '15:00', to: '23:00', timeZone: 'UTC' });
    await accept({ phone: OTHER, text: 'later' });
    expect(carrier.texts).toEqual(['in the quiet hours']);
    await outbox.setQuietHours(ID, null);
    dispatcher.settingsChanged();
    await quiet();
    expect(carrier.texts).toEqual(['in the quiet hours', 'later']);
  });

  test('cancelled, replaced or expired while it waits behind another: never tried, and the line goes on', async () => {
    const { accept, carrier, outbox, ack } = await dispatching();
    const first = await accept({ text: 'first' });
    const cancelled = await accept({ text: 'cancelled' });
    const replaced = await accept({ text: 'replaced', replaceKey: 'booking:1' });
    const expired = await accept({ text: 'expired', expiresAt: Date.now() + 1000 });
    const newer = await accept({ text: 'newer', replaceKey: 'booking:1' });
    await outbox.cancel(cancelled);
    await pass(1500, 500);
    // Nobody has looked for expired ones yet: the claim itself refuses.
    await ack(first);
    expect(carrier.texts).toEqual(['first', 'newer']);
    await outbox.expire();
    await ack(newer);
    expect(await statesOf(outbox, [cancelled, replaced, expired, newer])).toEqual([
      'cancelled',
      'cancelled',
      'expired',
      'sent',
    ]);
  });
});

describe('numbers', () => {
  test('are asked for once and remembered; one without WhatsApp fails at once and nothing is handed over', async () => {
    const { accept, carrier, outbox, ack } = await dispatching();
    carrier.notOnWhatsApp.add(OTHER);
    const nobody = await accept({ phone: OTHER });
    expect(await outbox.get(nobody)).toMatchObject({ state: 'failed', errorCode: 'not_on_whatsapp', attempts: 0 });
    expect(await outbox.get(await accept({ phone: OTHER }))).toMatchObject({ state: 'failed' });
    await ack(await accept());
    await ack(await accept());
    expect(carrier.resolved).toEqual([OTHER, CUSTOMER]);
    expect(carrier.handed).toHaveLength(2);
  });
});

describe('after the process ended', () => {
  test('what was queued goes out, what was tried is unanswered, in the order of acceptance', async () => {
    const directory = folder();
    const before = await dispatching({}, directory);
    const tried = await before.accept({ text: 'tried' });
    const queued = await before.accept({ text: 'queued' });
    before.dispatcher.close();
    await before.store.close();

    const after = await dispatching({}, directory);
    after.carrier.connected = false;
    for (const pending of after.outbox.takeUp()) after.dispatcher.add(pending);
    await after.connect();
    expect(after.carrier.handed).toEqual([]);
    await pass(2500, 500);
    expect(after.carrier.handed.map(({ messageId }) => messageId)).toEqual([tried]);
    await after.ack(tried);
    expect(after.carrier.handed.map(({ messageId }) => messageId)).toEqual([tried, queued]);
    expect(after.carrier.texts).toEqual(['tried', 'queued']);
  });

  test('a closed dispatcher does nothing any more', async () => {
    const { accept, carrier, connect, disconnect, dispatcher } = await dispatching();
    disconnect();
    await accept();
    await accept({ phone: OTHER, sendAt: Date.now() + 1000 });
    dispatcher.close();
    await connect();
    await pass(5000);
    expect(carrier.handed).toEqual([]);
  });
});

test('whatever happens: never under two ids, in order for each customer, and every fate is told once', async () => {
  const { outbox, carrier, dispatcher, accept, disconnect, connect } = await dispatching({ maxInFlight: 4 });
  let seed = 42;
  const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
  const told: OutboxMessage[] = [];
  outbox.onChange((one) => told.push(one));
  const ids = new Map<string, string[]>(customers(6).map((phone) => [phone, []]));
  let settledUpTo = 0;
  for (let n = 0; n < 300; n++) {
    const action = random();
    if (action < 0.45) {
      const phone = customers(6)[Math.floor(random() * 6)]!;
      ids.get(phone)!.push(await accept({ phone, text: `${phone} ${ids.get(phone)!.length}` }));
    } else if (action < 0.85) {
      const handed = carrier.handed[settledUpTo];
      if (handed) {
        settledUpTo += 1;
        await dispatcher.acked(handed.messageId, random() < 0.1 ? 500 : null);
        await quiet();
      }
    } else if (action < 0.95) {
      disconnect();
      await connect();
    } else await pass(2500, 500);
  }
  await connect();
  for (let round = 0; round < 400 && outbox.depth(ID).pending > 0; round++) {
    await pass(2500, 500);
    for (; settledUpTo < carrier.handed.length; settledUpTo++) {
      await dispatcher.acked(carrier.handed[settledUpTo]!.messageId, null);
      await quiet();
    }
  }
  expect(outbox.depth(ID)).toEqual({ pending: 0, oldestAt: null });
  for (const [phone, expected] of ids) {
    const first = carrier.handed.filter(({ text }) => text.startsWith(phone)).map(({ messageId }) => messageId);
    expect([...new Set(first)]).toEqual(expected);
  }
  const settled = told.filter(({ state }) => state === 'sent' || state === 'failed').map(({ messageId }) => messageId);
  expect(settled.sort()).toEqual([...ids.values()].flat().sort());
});

test('another organization has a pace of its own', async () => {
  const { house, carrier, accept } = await dispatching({ perMinute: 1, burst: 1 });
  const neighbour = new OrganizationDispatcher(ID, { ...house, settings: { ...SETTINGS, perMinute: 1, burst: 1 } });
  await accept();
  const { pending } = await house.outbox.accept({
    organizationId: ID,
    phone: OTHER,
    content: textContent('next door'),
    expiresAt: Date.now() + 60_000,
  });
  neighbour.add(pending!);
  await quiet();
  neighbour.close();
  expect(carrier.texts).toEqual(['Hello', 'next door']);
});
