import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';
const OTHER_CUSTOMER = '573109998866';

describe('network trouble', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  it('50 TCP cuts: it reconnects, each next send arrives, nothing is counted or cleaned', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    for (let cut = 1; cut <= 50; cut++) {
      stage.whatsapp.mishaps.cut(PHONE);
      await stage.log.until('session_connected', { org: '2', count: cut + 1 });
      await stage.send('2', CUSTOMER);
    }
    expect(stage.log.events('fault_counted')).toEqual([]);
    expect(stage.log.events('session_cleaned')).toEqual([]);
    expect(stage.whatsapp.customer(CUSTOMER).unreadable).toEqual([]);
    await stage.receive(PHONE, CUSTOMER);
  });

  it('20 half-open silences: noticed, reconnected, each next send arrives, nothing is counted or cleaned', async () => {
    stage = await Stage.set({
      env: { KEEP_ALIVE_INTERVAL: '100', SILENCE_TIMEOUT: '600', MAX_CONCURRENT_LOGINS: '10' },
    });
    // Four organizations go silent together, five times.
    const organizations = [1, 2, 3, 4].map((n) => ({
      id: `${n}`,
      phone: `57300111000${n}`,
      customer: `57310999000${n}`,
    }));
    for (const { id, phone } of organizations) await stage.pair(id, phone);
    for (let round = 1; round <= 5; round++) {
      for (const { phone } of organizations) stage.whatsapp.mishaps.silence(phone);
      await Promise.all(
        organizations.map(async ({ id, customer }) => {
          await stage.log.until('session_connected', { org: id, count: round + 1 });
          await stage.send(id, customer);
        }),
      );
    }
    const ends = stage.log.events('session_disconnected').filter(({ kind }) => kind !== 'restart_required');
    expect(ends.map(({ kind }) => kind)).toEqual(Array.from({ length: 20 }, () => 'silence'));
    expect(stage.log.events('fault_counted')).toEqual([]);
    expect(stage.log.events('session_cleaned')).toEqual([]);
  });

  it('a send without an ack is sending, never taken for sent; after a reconnect it goes under its id', async () => {
    stage = await Stage.set({ env: { SEND_WAIT: '700' } });
    await stage.pair('2', PHONE);
    await stage.send('2', CUSTOMER);
    // Without receipts nothing but the ack tells.
    stage.whatsapp.customer(CUSTOMER, { autoReceipts: false });
    stage.whatsapp.mishaps.withholdAcks(PHONE, true);
    const text = stage.text();
    const answer = await stage.api.send('2', CUSTOMER, text);
    expect(answer).toMatchObject({ status: 202, body: { success: true, status: 'sending' } });
    const id = answer.body.message_id as string;
    expect(answer.headers.get('location')).toBe(`/api/messages/${id}`);
    await stage.whatsapp.customer(CUSTOMER).receivedText(text);
    expect((await stage.api.message(id)).body).toMatchObject({ status: 'sending', attempts: 1 });
    stage.whatsapp.mishaps.withholdAcks(PHONE, false);
    // The next one of this customer waits for its turn; another customer's does not.
    const next = stage.text();
    expect(await stage.api.send('2', CUSTOMER, next, { wait_ms: 0 })).toMatchObject({ body: { status: 'queued' } });
    await stage.send('2', OTHER_CUSTOMER);
    stage.whatsapp.mishaps.cut(PHONE);
    await stage.whatsapp.customer(CUSTOMER).receivedText(next);
    expect((await stage.api.message(id)).body).toMatchObject({ status: 'sent', attempts: 2 });
    const seen = stage.whatsapp.customer(CUSTOMER).messages.filter((message) => message.text === text);
    expect(new Set(seen.map((message) => message.id))).toEqual(new Set([id]));
  });

  it('a cut in the middle of every send: each is accepted, and arrives under one id, in its order', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    const texts: string[] = [];
    for (let cut = 1; cut <= 20; cut++) {
      const text = stage.text();
      texts.push(text);
      const sending = stage.api.send('2', CUSTOMER, text);
      if (cut % 2 === 0) await stage.whatsapp.record.until(({ totals }) => totals.messages >= cut);
      stage.whatsapp.mishaps.cut(PHONE);
      const { status, body } = await sending;
      expect([200, 202]).toContain(status);
      expect(body).toMatchObject({ success: true });
      await stage.whatsapp.customer(CUSTOMER).receivedText(text);
    }
    const { messages, unreadable } = stage.whatsapp.customer(CUSTOMER);
    expect(messages.filter(({ duplicate }) => !duplicate).map(({ text }) => text)).toEqual(texts);
    expect(unreadable).toEqual([]);
    expect(stage.log.events('fault_counted')).toEqual([]);
  });

  it('refused by WhatsApp (463): an error with the code, not a success', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.refuseAcks(PHONE, 463);
    const refused = await stage.api.send('2', CUSTOMER, stage.text());
    expect(refused.status).toBe(400);
    expect(refused.body).toMatchObject({ code: 'message_refused', ack_code: 463 });
  });

  it('a number that is not on WhatsApp gets a clear answer, and nothing is sent', async () => {
    stage = await Stage.set();
    stage.whatsapp.customer('573109990000', { onWhatsApp: false });
    await stage.pair('2', PHONE);
    const answer = await stage.api.send('2', '573109990000', stage.text());
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('not_on_whatsapp');
    expect(stage.whatsapp.record.messages).toEqual([]);
  });

  it('queries that hang produce no empty message: it stays queued, and leaves whole when answered', async () => {
    stage = await Stage.set({ env: { SEND_WAIT: '1000', QUERY_TIMEOUT: '400' } });
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.muteQueries(PHONE, { xmlns: 'usync' });
    const text = stage.text();
    const answer = await stage.api.send('2', CUSTOMER, text);
    expect(answer).toMatchObject({ status: 202, body: { success: true, status: 'queued' } });
    await stage.log.until('message_waits', { org: '2', count: 2 });
    expect(stage.whatsapp.record.messages).toEqual([]);
    stage.whatsapp.mishaps.muteQueries(PHONE, { xmlns: 'usync', on: false });
    await stage.whatsapp.customer(CUSTOMER).receivedText(text);
    expect(stage.whatsapp.record.messages).toHaveLength(1);
    await stage.send('2', CUSTOMER);
  });

  it('messages written while the service was away arrive at the next login', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.receive(PHONE, CUSTOMER);
    await stage.stopService();
    const customer = stage.whatsapp.customer(CUSTOMER);
    const written = await Promise.all(Array.from({ length: 20 }, () => customer.write(PHONE, stage.text())));
    await stage.startService();
    await Promise.all(written.map(({ id }) => customer.delivered(id)));
    expect(stage.log.events('fault_counted')).toEqual([]);
  });
});
