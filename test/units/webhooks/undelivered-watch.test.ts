import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { judge } from '../../../src/webhooks/undelivered.js';
import { MESSAGE_STATES } from '../../../src/outbox/outbox-message.js';
import { HOLA, OTHER, Room, SHOP, T0 } from './fixtures.js';

const MINUTE = 60_000;
const DAY = 86_400_000;

describe('whether a message is undelivered', () => {
  it.each(MESSAGE_STATES)('%s: before its time, at its time, never', (state) => {
    const at = (now: number, afterMs: number | null = 10 * MINUTE) => judge({ state, from: T0 }, afterMs, now);
    const [before, then, never] = [at(T0 + 1), at(T0 + 10 * MINUTE), at(T0 + 10 * MINUTE, null)];
    expect(never).toBe('forget');
    switch (state) {
      case 'delivered':
      case 'read':
      case 'cancelled':
        return expect([before, then]).toEqual(['forget', 'forget']);
      case 'failed':
      case 'expired':
      case 'unconfirmed':
        return expect([before, then]).toEqual(['tell', 'tell']);
      default:
        return expect([before, then]).toEqual([{ lookAt: T0 + 10 * MINUTE }, 'tell']);
    }
  });
});

function stage() {
  const room = new Room();
  const clock = (room.clock = { now: T0 });
  const accept = async (organizationId = SHOP, sendAt?: number): Promise<string> => {
    const message = { organizationId, phone: '573001112233', content: HOLA, sendAt, expiresAt: T0 + 60 * DAY };
    return (await room.outbox.accept(message)).message.messageId;
  };
  const told = async () =>
    (await room.ledger.list({ limit: 1000 }))
      .filter(({ name }) => name === 'message.undelivered')
      .map(({ data }) => data as { message_id: string; status: string; after_ms: number });
  const noted = () => (room.database.prepare('SELECT count(*) AS n FROM undelivered_later').get() as { n: number }).n;
  return { room, clock, accept, told, noted };
}

describe('the watch', () => {
  it('tells what has not arrived in time, once, over a start too', async () => {
    const { room, clock, accept, told } = stage();
    let watch = await room.watch(10 * MINUTE);
    const late = await accept();
    const fine = await accept();
    await room.outbox.claim(fine, 'x').stored;
    await room.outbox.move(fine, 'delivered');
    clock.now += 10 * MINUTE - 1;
    await watch.tick();
    expect(await told()).toEqual([]);
    clock.now += 1;
    await watch.tick();
    expect(await told()).toMatchObject([{ message_id: late, status: 'queued', after_ms: 10 * MINUTE }]);
    watch = await room.watch(10 * MINUTE);
    clock.now += DAY;
    await watch.tick();
    expect(await told()).toHaveLength(1);
    // Nor when it fails long after.
    await room.outbox.move(late, 'expired');
    await watch.onChange({ messageId: late, state: 'expired' });
    expect(await told()).toHaveLength(1);
  });

  it('tells at once when nothing more is tried, and not again at the time', async () => {
    const { room, clock, accept, told } = stage();
    const watch = await room.watch(10 * MINUTE);
    const [failed, unconfirmed, cancelled] = [await accept(), await accept(), await accept()];
    clock.now += 5000;
    await room.outbox.move(failed, 'failed', { errorCode: 'not_on_whatsapp' });
    await room.outbox.claim(unconfirmed, 'x').stored;
    await room.outbox.move(unconfirmed, 'unconfirmed');
    await room.outbox.cancel(cancelled);
    for (const messageId of [failed, unconfirmed, cancelled]) {
      await watch.onChange({ messageId, state: (await room.outbox.get(messageId))?.state ?? 'queued' });
    }
    expect(await told()).toMatchObject([
      { message_id: failed, status: 'failed', error_code: 'not_on_whatsapp', phone_last4: '2233', after_ms: 5000 },
      { message_id: unconfirmed, status: 'unconfirmed' },
    ]);
    await room.outbox.move(unconfirmed, 'failed');
    await watch.onChange({ messageId: unconfirmed, state: 'failed' });
    clock.now += DAY;
    await watch.tick();
    expect(await told()).toHaveLength(2);
  });

  it('reads together what is due at one time, however much it is', async () => {
    const { room, clock, accept, told } = stage();
    const watch = await room.watch(10 * MINUTE);
    for (let n = 0; n < 250; n++) void accept(SHOP, T0 + DAY);
    await accept(SHOP, T0 + DAY);
    clock.now += 20 * MINUTE;
    await watch.tick();
    clock.now += 2 * DAY;
    const get = room.outboxStore.get.bind(room.outboxStore);
    let [waiting, rounds] = [0, 0];
    vi.spyOn(room.outboxStore, 'get').mockImplementation(async (messageId) => {
      if (waiting++ === 0) rounds += 1;
      await nextTurn();
      waiting -= 1;
      return get(messageId);
    });
    await watch.tick();
    expect(await told()).toHaveLength(251);
    expect(rounds).toBe(3);
  });

  it('counts from send_at, and forgets what was cancelled or arrived meanwhile', async () => {
    const { room, clock, accept, told, noted } = stage();
    const watch = await room.watch(10 * MINUTE);
    const [scheduled, cancelled] = [await accept(SHOP, T0 + DAY), await accept(SHOP, T0 + DAY)];
    clock.now += 20 * MINUTE;
    await watch.tick();
    expect(noted()).toBe(2);
    await room.outbox.cancel(cancelled);
    clock.now = T0 + DAY + 10 * MINUTE - 1;
    await watch.tick();
    expect(await told()).toEqual([]);
    clock.now += 1;
    await (await room.watch(10 * MINUTE)).tick();
    expect(await told()).toMatchObject([{ message_id: scheduled, after_ms: 10 * MINUTE }]);
    expect(noted()).toBe(0);
  });

  it('counts from the end of the quiet hours, in which a message rests on purpose', async () => {
    const { room, clock, accept, told } = stage();
    // 5:00 in Bogota at the beginning; customers are left in peace until 8:00.
    await room.outbox.setQuietHours(SHOP, { from: '21:00', to: '08:00', timeZone: 'America/Bogota' });
    const watch = await room.watch(10 * MINUTE);
    const rests = await accept(SHOP);
    const other = await accept(OTHER);
    clock.now += 60 * MINUTE;
    await watch.tick();
    expect((await told()).map(({ message_id }) => message_id)).toEqual([other]);
    clock.now = T0 + 190 * MINUTE - 1;
    await watch.tick();
    expect(await told()).toHaveLength(1);
    clock.now += 1;
    await watch.tick();
    expect((await told())[1]).toMatchObject({ message_id: rests, after_ms: 190 * MINUTE });
  });

  it('holds to what each organization chose, also for messages that wait', async () => {
    const { room, clock, accept, told } = stage();
    let watch = await room.watch(10 * MINUTE);
    await watch.choose(SHOP, MINUTE);
    const [quick, slow] = [await accept(SHOP), await accept(OTHER)];
    clock.now += MINUTE;
    await watch.tick();
    expect((await told()).map(({ message_id }) => message_id)).toEqual([quick]);
    // Both are known; now the other one is to be told sooner, too.
    watch = await room.watch(10 * MINUTE);
    expect(watch.chosen(SHOP)).toBe(MINUTE);
    await watch.choose(OTHER, 30_000);
    await watch.tick();
    expect((await told()).map(({ message_id }) => message_id)).toEqual([quick, slow]);
    await watch.choose(OTHER, 0);
    const never = await accept(OTHER);
    await room.outbox.move(never, 'failed');
    await watch.onChange({ messageId: never, state: 'failed' });
    clock.now += DAY;
    await watch.tick();
    expect(await told()).toHaveLength(2);
    await watch.choose(OTHER, null);
    expect(watch.chosen(OTHER)).toBeNull();
  });

  it('is not concerned with what was accepted before it, nor confused by an outbox that begins anew', async () => {
    const { room, clock, accept, told } = stage();
    await accept();
    const watch = await room.watch(MINUTE);
    clock.now += DAY;
    await watch.tick();
    expect(await told()).toEqual([]);
    // As after the loss of outbox.sqlite: numbers start from one.
    room.database.prepare('UPDATE undelivered_looked SET seq = 1000000').run();
    const after = await room.watch(MINUTE);
    const fresh = await accept();
    clock.now += MINUTE;
    await after.tick();
    expect((await told()).map(({ message_id }) => message_id)).toEqual([fresh]);
  });

  it('reads what is new and nothing else: the same whether a few or many messages are old, or young', async () => {
    const { room, clock, accept } = stage();
    const watch = await room.watch(10 * MINUTE);
    for (let i = 0; i < 300; i++) await accept();
    clock.now += DAY;
    await watch.tick();
    for (let i = 0; i < 300; i++) await accept();
    const read: number[] = [];
    type Reading = { iterate: (...args: unknown[]) => Iterable<{ seq: number }> };
    const { statements } = room.outboxStore as unknown as { statements: { sql: (text: string) => Reading } };
    const sql = statements.sql.bind(statements);
    statements.sql = (text) => {
      const statement = sql(text);
      return {
        iterate: function* (...args: unknown[]) {
          for (const row of statement.iterate(...args)) {
            read.push(row.seq);
            yield row;
          }
        },
      };
    };
    await watch.tick();
    // The first that is too young ends it.
    expect(read).toEqual([301]);
  });
});
