import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const POISONED = '573109990099';

describe('a message that ends the connection', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  const customers = (count: number): string[] => Array.from({ length: count }, (_, n) => `5731099900${10 + n}`);

  it('among twenty is set aside after the second time; others arrive once each, and keys are not blamed', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.poisonTo(PHONE, POISONED, { times: 100 });
    const all = customers(19);
    all.splice(7, 0, POISONED);
    const ids = new Map<string, string>();
    for (const customer of all) {
      const { body } = await stage.api.send('2', customer, stage.text(), { wait_ms: 0 });
      ids.set(customer, body.message_id as string);
    }
    const id = ids.get(POISONED) ?? '';
    expect(await stage.log.until('message_poisoned', { org: '2' })).toMatchObject({ message_id: id });
    for (const customer of customers(19)) {
      const [message] = await stage.whatsapp.customer(customer).received(1);
      expect(message?.id).toBe(ids.get(customer));
    }
    // A message that was on its way with it may have gone twice under its one id; nobody read two.
    for (const customer of customers(19)) {
      expect(stage.whatsapp.customer(customer).messages.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    }
    const { body } = await stage.api.message(id);
    expect(body).toMatchObject({
      status: 'failed',
      waiting: null,
      error: { code: 'message_poisoned', ack_code: null },
    });
    const { events } = (await stage.api.get('/api/events?organization_id=2&limit=200')).body as {
      events: { name: string; data: object }[];
    };
    const told = { message_id: id, status: 'failed', error_code: 'message_poisoned', ack_code: null };
    expect(events.filter(({ name }) => name === 'message.status').map(({ data }) => data)).toContainEqual(told);
    // Two ends of the connection within a moment, and the limit is two; neither stands against the keys.
    expect(stage.whatsapp.record.messagesOf(PHONE).filter((one) => one.id === id)).toHaveLength(2);
    expect(stage.log.events('session_cleaned')).toEqual([]);
    expect((await stage.api.status('2')).body.health).toMatchObject({
      verdict: 'healthy',
      counters: { stream_error: { count: 0 } },
    });
    await stage.send('2', customers(1)[0] as string);
  });

  it('is known as suspected over a restart: once more, and it is set aside', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.poisonTo(PHONE, POISONED);
    const { body } = await stage.api.send('2', POISONED, stage.text(), { wait_ms: 0 });
    await stage.log.until('fault_counted', { org: '2' });
    await stage.restartService();
    // The message that was under way came through, after all: that proves that it is not poisoned.
    await stage.whatsapp.customer(POISONED).received(1);
    expect((await stage.api.message(body.message_id as string)).body.error).toBeNull();

    stage.whatsapp.mishaps.poisonTo(PHONE, POISONED, { times: 2 });
    const faults = stage.log.events('fault_counted', '2').length;
    const { body: next } = await stage.api.send('2', POISONED, stage.text(), { wait_ms: 0 });
    await stage.log.until('fault_counted', { org: '2', count: faults + 1 });
    await stage.restartService();
    expect(await stage.log.until('message_poisoned', { org: '2' })).toMatchObject({ message_id: next.message_id });
    expect(stage.log.events('session_cleaned')).toEqual([]);
  });

  it('does not hide keys that WhatsApp really refuses: stream errors at every message end in a cleaning', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    for (const customer of customers(12)) stage.whatsapp.mishaps.poisonTo(PHONE, customer, { times: 100 });
    for (const customer of customers(12)) await stage.api.send('2', customer, stage.text(), { wait_ms: 0 });
    await stage.log.until('session_cleaned', { org: '2' });
    // No more than three messages can be blamed without one that WhatsApp took.
    expect(stage.log.events('message_poisoned', '2').length).toBeLessThanOrEqual(3);
    const { body } = await stage.api.get('/api/messages?organization_id=2&status=failed');
    expect((body.messages as unknown[]).length).toBeLessThanOrEqual(3);
  });
});
