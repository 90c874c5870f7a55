import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';

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

  it('a send whose ack never comes is unconfirmed, never taken for sent', async () => {
    stage = await Stage.set({ env: { SEND_TIMEOUT: '700' } });
    await stage.pair('2', PHONE);
    await stage.send('2', CUSTOMER);
    stage.whatsapp.mishaps.withholdAcks(PHONE, true);
    const unconfirmed = await stage.api.send('2', CUSTOMER, stage.text());
    expect(unconfirmed.status).toBe(504);
    expect(unconfirmed.body.code).toBe('send_unconfirmed');
    stage.whatsapp.mishaps.withholdAcks(PHONE, false);
    await stage.send('2', CUSTOMER);
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

  it('queries that hang never produce an empty message', async () => {
    stage = await Stage.set({ env: { SEND_TIMEOUT: '1000', QUERY_TIMEOUT: '400' } });
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.muteQueries(PHONE, { xmlns: 'usync' });
    const answer = await stage.api.send('2', CUSTOMER, stage.text());
    expect(answer.status).toBe(504);
    expect(stage.whatsapp.record.messages).toEqual([]);
    stage.whatsapp.mishaps.muteQueries(PHONE, { xmlns: 'usync', on: false });
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
