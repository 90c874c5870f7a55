import { describe, expect, it } from 'vitest';
import type { MessageState } from '../../../src/outbox/outbox-message.js';
import { missedChanges, tellMissedChanges } from '../../../src/webhooks/missed-changes.js';
import { HOLA, OK, Room, SHOP, T0 } from './fixtures.js';

function stage() {
  const room = new Room();
  const clock = (room.clock = { now: T0 });
  const accept = async (): Promise<string> => {
    clock.now += 10;
    const message = { organizationId: SHOP, phone: '573001112233', content: HOLA, expiresAt: T0 + 86_400_000 };
    return (await room.outbox.accept(message)).message.messageId;
  };
  /** A change, with its event or, as after a kill, without. */
  const move = async (id: string, to: MessageState, { isTold = true } = {}): Promise<void> => {
    clock.now += 10;
    if (to === 'sending') await room.outbox.claim(id, 'x').stored;
    else await room.outbox.move(id, to, to === 'failed' ? { errorCode: 'message_refused', ackCode: 400 } : {});
    const data = { message_id: id, status: to, error_code: null, ack_code: null };
    if (isTold) await room.ledger.tell('message.status', SHOP, data);
  };
  const told = async () =>
    (await room.ledger.list({ limit: 1000 }))
      .filter(({ name }) => name === 'message.status')
      .map(({ data }) => `${(data as { message_id: string }).message_id} ${(data as { status: string }).status}`);
  const tellMissed = async (): Promise<number> => {
    const missed = await missedChanges(room);
    await tellMissedChanges(room.ledger, missed);
    return missed.length;
  };
  return { room, clock, accept, move, told, tellMissed };
}

describe('changes that were not told', () => {
  it('are told at a start, in their order, to webhooks as well; nothing is told twice', async () => {
    const { room, accept, move, told, tellMissed } = stage();
    const [one, two] = [await accept(), await accept()];
    await move(one, 'sending');
    await move(two, 'sending');
    await move(one, 'sent');
    await move(one, 'delivered', { isTold: false });
    await move(two, 'failed', { isTold: false });
    room.answer = () => OK;
    await room.hook('https://a.example/');
    expect(await tellMissed()).toBe(2);
    expect((await told()).slice(3)).toEqual([`${one} delivered`, `${two} failed`]);
    expect((await room.ledger.list({ limit: 1000 })).at(-1)?.data).toMatchObject({
      error_code: 'message_refused',
      ack_code: 400,
    });
    await room.until(() => room.sent.length === 2, 'the webhook');
    expect(await tellMissed()).toBe(0);
  });

  it('are told when a power cut took the last events', async () => {
    const { room, accept, move, told, tellMissed } = stage();
    const id = await accept();
    for (const state of ['sending', 'sent', 'delivered', 'read'] as const) await move(id, state);
    const all = await told();
    room.database.prepare('DELETE FROM events WHERE id > 1').run();
    expect(await tellMissed()).toBe(3);
    expect(await told()).toEqual(all);
  });

  it('are found though something is told before they are', async () => {
    const { room, clock, accept, move, told } = stage();
    const id = await accept();
    await move(id, 'sending');
    await move(id, 'failed', { isTold: false });
    const missed = await missedChanges(room);
    // The next start is an hour later, and the first request tells at once.
    clock.now += 3_600_000;
    await room.tell();
    await tellMissedChanges(room.ledger, missed);
    expect(await told()).toEqual([`${id} sending`, `${id} failed`]);
  });

  it('are not what was told and then forgotten, nor the past of a ledger that is new', async () => {
    const { room, clock, accept, move, tellMissed } = stage();
    const [old, fresh] = [await accept(), await accept()];
    await move(old, 'sending');
    clock.now += 1000;
    await move(fresh, 'sending');
    // As when only the newest is kept.
    room.database.prepare('DELETE FROM events WHERE id = 1').run();
    expect(await tellMissed()).toBe(0);
    room.database.prepare('DELETE FROM events').run();
    expect(await tellMissed()).toBe(0);
  });
});
