import { expect, test, describe } from 'vitest';
import type { OutboxMessage } from '../../../src/outbox/outbox-message.js';
import { OrganizationDispatcher } from '../../../src/outbox/organization-dispatcher.js';
import {
  CUSTOMER,
  dispatching,
  folder,
  ID,
  message,
  OTHER,
  OTHER_SHOP,
  pass,
  quiet,
  SETTINGS,
  SHOP,
  textContent,
  statesOf,
} from './fixtures.js';

const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `message ${n}`);
const customers = (count: number): string[] => Array.from({ length: count }, (_, n) => `5731099900${10 + n}`);

/** A receipt is on disk a moment later. */
async function soon(receipt: Promise<void>): Promise<void> {
  await pass(25, 25);
  await receipt;
}

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

  test("one customer's messages go one after another, each after the answer to the one before; the others do not wait", async () => {
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

describe('an error before anything left', () => {
  test.each(['resolveChat', 'prepare'] as const)('%s: tried again later, still queued meanwhile', async (what) => {
    const { accept, carrier, outbox, ack } = await dispatching();
    carrier.failures[what].push(new Error('Timed Out'), new Error('Timed Out'));
    const id = await accept();
    expect(carrier.handed).toEqual([]);
    expect(await outbox.get(id)).toMatchObject({ state: 'queued', attempts: 0 });
    await pass(400, 100);
    expect(carrier.handed).toEqual([]);
    await pass(1500, 100);
    expect(carrier.handed).toHaveLength(1);
    await ack(id);
    expect(await outbox.get(id)).toMatchObject({ state: 'sent', attempts: 1 });
  });

  test('a customer about whom WhatsApp does not answer holds up nobody else', async () => {
    const { accept, carrier } = await dispatching();
    carrier.failures.prepare.push(new Error('Timed Out'));
    await accept({ text: 'stuck' });
    await accept({ text: 'behind it' });
    await accept({ phone: OTHER, text: 'to another' });
    expect(carrier.texts).toEqual(['to another']);
    await pass(1000, 100);
    expect(carrier.texts).toEqual(['to another', 'stuck']);
  });
});

describe('a hand-over that was rejected', () => {
  test('is neither sent nor not sent: an ack that comes all the same settles it, without a repeat', async () => {
    const { accept, carrier, outbox, ack } = await dispatching();
    carrier.failures.hand.push(new Error('Connection Closed'));
    const id = await accept();
    expect((await outbox.get(id))?.state).toBe('sending');
    await pass(3000);
    await ack(id);
    await pass(60_000, 5000);
    expect(await outbox.get(id)).toMatchObject({ state: 'sent', attempts: 1 });
    expect(carrier.handed).toHaveLength(1);
  });

  test('and never answered on the same socket: once more under the same id', async () => {
    const { accept, carrier, outbox, ack } = await dispatching();
    carrier.failures.hand.push(new Error('Timed Out'));
    const id = await accept();
    await pass(7000);
    expect(carrier.handed.map(({ messageId }) => messageId)).toEqual([id, id]);
    await ack(id);
    expect(await outbox.get(id)).toMatchObject({ state: 'sent', attempts: 2 });
  });

  test('just before the socket ended: the new socket is given its full time', async () => {
    const { accept, carrier, connect, disconnect } = await dispatching();
    carrier.failures.hand.push(new Error('Timed Out'));
    await accept();
    disconnect();
    await connect();
    // 2 s for late answers, then a repeat; the first socket's 5 s end in the middle of it.
    await pass(12_000, 500);
    expect(carrier.handed).toHaveLength(2);
  });
});

describe('unanswered when the socket ended', () => {
  test('repeated under the same id after the reconnect and a wait for late answers, before what came later', async () => {
    const { accept, carrier, outbox, connect, disconnect, ack } = await dispatching();
    const id = await accept({ text: 'first' });
    await accept({ text: 'second' });
    disconnect();
    await pass(30_000, 5000);
    expect(carrier.handed).toHaveLength(1);
    await connect();
    await pass(1900, 100);
    expect(carrier.handed).toHaveLength(1);
    await pass(200, 100);
    expect(carrier.handed.map(({ messageId }) => messageId)).toEqual([id, id]);
    await ack(id);
    expect(await outbox.get(id)).toMatchObject({ state: 'sent', attempts: 2 });
    expect(carrier.texts).toEqual(['first', 'first', 'second']);
  });

  test('a late answer settles it, and nothing is repeated', async () => {
    const { accept, carrier, outbox, connect, disconnect, dispatcher } = await dispatching();
    const id = await accept();
    const other = await accept({ phone: OTHER });
    disconnect();
    await connect();
    await dispatcher.acked(id, null);
    await soon(dispatcher.received(other, 'delivered'));
    await pass(30_000, 5000);
    expect((await outbox.get(id))?.state).toBe('sent');
    expect((await outbox.get(other))?.state).toBe('delivered');
    expect(carrier.handed).toHaveLength(2);
  });

  test('a socket that falls over again during the wait starts the wait anew', async () => {
    const { accept, carrier, connect, disconnect } = await dispatching();
    await accept();
    for (let n = 0; n < 5; n++) {
      disconnect();
      await connect();
      await pass(1500, 500);
    }
    expect(carrier.handed).toHaveLength(1);
    await pass(1000, 500);
    expect(carrier.handed).toHaveLength(2);
  });

  test('after RESEND_WITHIN it is unconfirmed, never sent again, and its customer’s next message goes', async () => {
    const { accept, carrier, outbox, connect, disconnect, dispatcher } = await dispatching();
    const id = await accept({ text: 'first' });
    await accept({ text: 'second' });
    disconnect();
    await pass(599_000, 10_000);
    await dispatcher.giveUpOld();
    expect((await outbox.get(id))?.state).toBe('sending');
    await pass(1000);
    await dispatcher.giveUpOld();
    expect((await outbox.get(id))?.state).toBe('unconfirmed');
    await connect();
    await pass(10_000);
    expect(carrier.texts).toEqual(['first', 'second']);
    // A late answer still tells the truth.
    await soon(dispatcher.received(id, 'delivered'));
    expect((await outbox.get(id))?.state).toBe('delivered');
  });

  test('never answered on a socket that stays: unconfirmed as well', async () => {
    const { accept, carrier, outbox, dispatcher } = await dispatching({ resendWithinMs: 10_000 });
    const id = await accept();
    await pass(10_000);
    await dispatcher.giveUpOld();
    expect((await outbox.get(id))?.state).toBe('unconfirmed');
    expect(carrier.handed).toHaveLength(1);
  });

  test('also what had its turn to be repeated when the socket ended again is given up in time', async () => {
    // Room for one at a time: after the first reconnect the second still waits for its turn.
    const { accept, carrier, outbox, connect, disconnect, dispatcher } = await dispatching({ perMinute: 1, burst: 2 });
    const ids = [await accept({ phone: OTHER }), await accept()];
    disconnect();
    await connect();
    await pass(3000);
    expect(carrier.handed).toHaveLength(2);
    disconnect();
    await pass(600_000, 60_000);
    await dispatcher.giveUpOld();
    expect(await statesOf(outbox, ids)).toEqual(['unconfirmed', 'unconfirmed']);
    await connect();
    await pass(120_000, 10_000);
    expect(carrier.handed).toHaveLength(2);
  });

  test('the repeat itself looks at the clock, whoever forgot to: nothing goes out again after RESEND_WITHIN', async () => {
    const { accept, carrier, outbox, connect, disconnect } = await dispatching();
    const id = await accept();
    disconnect();
    await pass(600_000, 60_000);
    await connect();
    await pass(3000);
    expect(carrier.handed).toHaveLength(1);
    expect((await outbox.get(id))?.state).toBe('unconfirmed');
  });

  test('nor after the time at which the message expires: it would be late', async () => {
    const { accept, carrier, outbox, connect, disconnect } = await dispatching();
    const id = await accept({ expiresAt: Date.now() + 5000 });
    disconnect();
    await pass(6000);
    await connect();
    await pass(3000);
    expect(carrier.handed).toHaveLength(1);
    expect((await outbox.get(id))?.state).toBe('unconfirmed');
  });
});

describe('refusals', () => {
  test('463: recipient_refused, and first contacts rest for as long as is set; known customers do not, nor lose their turns', async () => {
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

  test('463 for a known customer does not lengthen a pause; 463 for a message that nobody knows begins none', async () => {
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

describe('another phone is linked', () => {
  test('what was accepted for the one before waits and makes way for what comes after; a person lets it go', async () => {
    const { accept, carrier, dispatcher, outbox, connect, disconnect, ack } = await dispatching();
    await connect(SHOP);
    disconnect();
    const held = [await accept({ text: 'first' }), await accept({ text: 'second' })];
    const later = await accept({ text: 'later', sendAt: Date.now() + 5000 });
    await connect(OTHER_SHOP);
    const fresh = await accept({ text: 'fresh' });
    expect(carrier.texts).toEqual(['fresh']);
    await ack(fresh);
    await pass(10_000);
    expect(carrier.texts).toEqual(['fresh']);
    const since = Date.now() - 10_000;
    for (const id of [...held, later]) {
      expect(dispatcher.waitingOf(id)).toEqual({ reason: 'other_phone', since, nextTryAt: null });
    }
    expect(dispatcher.waitingOf(fresh)).toBeNull();

    await outbox.releaseOtherPhone(ID);
    dispatcher.released(OTHER_SHOP);
    await quiet();
    expect(dispatcher.waitingOf(held[1] as string)).toBeNull();
    for (const id of held) await ack(id);
    await ack(later);
    expect(carrier.texts).toEqual(['fresh', 'first', 'second', 'later']);
  });

  test('the phone before comes back: what is its own leaves in its order, what is the other one’s waits', async () => {
    const { accept, carrier, connect, disconnect, ack } = await dispatching();
    await connect(SHOP);
    disconnect();
    const [first, second] = [await accept({ text: 'first' }), await accept({ text: 'second' })];
    await connect(OTHER_SHOP);
    disconnect();
    const other = await accept({ text: "the other one's", phone: OTHER });
    await connect(SHOP);
    await ack(first);
    await ack(second);
    expect(carrier.texts).toEqual(['first', 'second']);
    disconnect();
    await connect(OTHER_SHOP);
    await ack(other);
    expect(carrier.texts).toEqual(['first', 'second', "the other one's"]);
  });

  test('what was accepted before any phone was noted is the first one’s', async () => {
    const { accept, carrier, outbox, connect, disconnect } = await dispatching();
    disconnect();
    await accept({ text: 'from before', sendAt: Date.now() + 5000 });
    await connect(SHOP);
    disconnect();
    await connect(OTHER_SHOP);
    await pass(6000);
    expect(carrier.texts).toEqual([]);
    expect(outbox.otherPhone(ID)).toMatchObject({ messages: 1, phones: [SHOP] });
  });

  test('what was tried is not repeated from it, over further reconnects neither, and is unconfirmed in time', async () => {
    const { accept, carrier, outbox, connect, disconnect, dispatcher, ack } = await dispatching();
    await connect(SHOP);
    const tried = await accept({ text: 'tried' });
    const behind = await accept({ text: 'behind it' });
    for (let time = 0; time < 2; time++) {
      disconnect();
      await connect(OTHER_SHOP);
      await pass(3000);
    }
    const fresh = await accept({ text: 'fresh' });
    await ack(fresh);
    expect(carrier.texts).toEqual(['tried', 'fresh']);
    await pass(600_000, 60_000);
    await dispatcher.giveUpOld();
    await quiet();
    expect(await statesOf(outbox, [tried, behind])).toEqual(['unconfirmed', 'queued']);
    expect(carrier.texts).toEqual(['tried', 'fresh']);
  });

  test('before it is connected again, also after a restart, what is not its own says so', async () => {
    const directory = folder();
    const before = await dispatching({}, directory);
    await before.connect(SHOP);
    before.disconnect();
    const id = await before.accept();
    await before.connect(OTHER_SHOP);
    const said = before.dispatcher.waitingOf(id);
    before.disconnect();
    expect(before.dispatcher.waitingOf(id)).toEqual(said);
    before.dispatcher.close();
    await before.store.close();

    const { dispatcher, outbox, carrier, connect, accept } = await dispatching({}, directory);
    carrier.connected = false;
    for (const pending of await outbox.pending()) dispatcher.add(pending);
    expect(said).toMatchObject({ reason: 'other_phone', nextTryAt: null });
    expect(dispatcher.waitingOf(id)).toEqual(said);
    expect(dispatcher.waitingOf(await accept())).toBeNull();
    await pass(5000);
    await connect(OTHER_SHOP);
    expect(dispatcher.waitingOf(id)).toEqual(said);
  });

  test('a pause of first contacts was the former phone’s: new customers are written to at once', async () => {
    const { accept, carrier, outbox, connect, disconnect, ack } = await dispatching();
    await connect(SHOP);
    await ack(await accept({ phone: OTHER }), 463);
    await accept({ text: 'rests' });
    disconnect();
    await connect(SHOP);
    expect(outbox.firstContactsPausedUntil(ID)).toBeGreaterThan(Date.now());
    disconnect();
    await connect(OTHER_SHOP);
    await accept({ text: 'to somebody new' });
    expect(carrier.texts).toEqual(['Hello', 'to somebody new']);
  });

  test('a repeat is told of what really goes out again', async () => {
    const { accept, carrier, connect, disconnect, ack, told } = await dispatching();
    const repeats = () => told('messages_repeated');
    await connect(SHOP);
    // It waits for its next try: nothing has left.
    carrier.failures.resolveChat.push(new Error('no answer'));
    const never = await accept({ text: 'never left', phone: OTHER });
    disconnect();
    await connect(SHOP);
    await pass(3000);
    await ack(never);
    expect(repeats()).toEqual([]);
    await accept({ text: 'tried' });
    disconnect();
    await connect(SHOP);
    await pass(3000);
    expect(repeats()).toMatchObject([{ count: 1 }]);
    disconnect();
    await connect(OTHER_SHOP);
    await pass(3000);
    expect(repeats()).toHaveLength(1);
  });

  test('very many for one customer, all to be held, let go, and taken back', async () => {
    const { accept, carrier, outbox, connect, disconnect, dispatcher } = await dispatching();
    await connect(SHOP);
    disconnect();
    const count = 1000;
    for (let n = 0; n < count; n++) {
      const { pending } = await outbox.accept(message(Date.now(), { text: `old ${n}` }));
      if (pending) dispatcher.add(pending);
    }
    await connect(OTHER_SHOP);
    expect(carrier.texts).toEqual([]);
    disconnect();
    await connect(SHOP);
    expect(carrier.texts).toEqual(['old 0']);
    disconnect();
    await connect(OTHER_SHOP);
    expect(outbox.otherPhone(ID)).toMatchObject({ messages: count });
    expect(await outbox.cancelOtherPhone(ID)).toEqual({ messages: count - 1, unconfirmed: 1 });
    await quiet();
    await accept({ text: 'fresh' });
    expect(carrier.texts).toEqual(['old 0', 'fresh']);
  }, 60_000);
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
    for (const pending of await after.outbox.pending()) after.dispatcher.add(pending);
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

test('whatever happens, no message is handed over under two ids, none overtakes another of its customer, and every fate is told once', async () => {
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
