import { describe, expect, test } from 'vitest';
import { dispatching, folder, ID, message, OTHER, OTHER_SHOP, pass, quiet, SHOP, statesOf } from './fixtures.js';

describe('another phone is linked', () => {
  test('what was accepted for the one before waits and makes way for what comes later; a person frees it', async () => {
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

    const letGo = dispatcher.releasing(OTHER_SHOP);
    await outbox.releaseOtherPhone(ID);
    letGo();
    await quiet();
    expect(dispatcher.waitingOf(held[1] as string)).toBeNull();
    for (const id of held) await ack(id);
    await ack(later);
    expect(carrier.texts).toEqual(['fresh', 'first', 'second', 'later']);
  });

  test('the phone before comes back: its own leaves in its order, what is the other one’s waits', async () => {
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

  test('what was tried is not repeated from it, nor after more reconnects, and is unconfirmed in time', async () => {
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
    for (const pending of outbox.takeUp()) dispatcher.add(pending);
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
