import { describe, expect, test, vi } from 'vitest';
import { dispatching, ID, OTHER, pass, quiet, soon, statesOf } from './fixtures.js';

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
  test('repeated under the same id after a reconnect and a wait for late answers, before what came later', async () => {
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

  test('the repeat itself looks at the clock too: nothing goes out again after RESEND_WITHIN', async () => {
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

describe('while a message is being claimed', () => {
  test('its fate becomes known: it is not handed over, nor given up later', async () => {
    const { accept, carrier, outbox, dispatcher, connect, disconnect } = await dispatching();
    const id = await accept();
    disconnect();
    await connect();
    const claim = outbox.claim.bind(outbox);
    vi.spyOn(outbox, 'claim').mockImplementationOnce((...args) => {
      const claiming = claim(...args);
      void dispatcher.acked(id, null);
      return claiming;
    });
    await pass(3000);
    expect(await outbox.get(id)).toMatchObject({ state: 'sent', attempts: 2 });
    expect(carrier.handed).toHaveLength(1);
    const moving = vi.spyOn(outbox, 'move');
    await pass(600_000, 60_000);
    await dispatcher.giveUpOld();
    expect(moving).not.toHaveBeenCalled();
  });

  test('the socket ends: it is queued as before, and leaves from the next one', async () => {
    const { accept, carrier, outbox, connect, disconnect, ack } = await dispatching();
    const claim = outbox.claim.bind(outbox);
    vi.spyOn(outbox, 'claim').mockImplementationOnce((...args) => {
      const claiming = claim(...args);
      disconnect();
      return claiming;
    });
    const hand = vi.spyOn(carrier, 'hand');
    const id = await accept();
    expect(hand).not.toHaveBeenCalled();
    expect(await outbox.get(id)).toMatchObject({ state: 'queued', attempts: 0 });
    await connect();
    await pass(3000);
    await ack(id);
    expect(await outbox.get(id)).toMatchObject({ state: 'sent', attempts: 1 });
    expect(hand).toHaveBeenCalledOnce();
  });

  test('the socket ends while a first contact is looked up: it leaves once', async () => {
    const { accept, carrier, outbox, store, connect, disconnect, ack } = await dispatching();
    const chatOf = vi.spyOn(outbox.customers, 'chatOf');
    chatOf.mockImplementationOnce(async () => {
      await outbox.pauseFirstContacts(ID, Date.now() + 1000);
      return undefined;
    });
    vi.spyOn(store, 'isContact').mockImplementationOnce(async () => {
      disconnect();
      return false;
    });
    const id = await accept();
    await connect();
    await pass(10_000);
    await ack(id);
    await quiet();
    expect(carrier.handed).toHaveLength(1);
    expect(await outbox.get(id)).toMatchObject({ state: 'sent', attempts: 1 });
  });
});
