import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ASKED_AGAIN_PER_HOUR } from '../../src/baileys/unreadable-customers.js';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';
const OTHER = '573109998866';
/** Nothing that was counted is forgotten while a test runs. */
const ENV = { BAD_MAC_MIN_CUSTOMERS: '2', HEALTH_STABLE_AFTER: '100000' };

describe('with BAD_MAC_MIN_CUSTOMERS=2', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  const talk = async (customer: string, turns = 1): Promise<void> => {
    for (let n = 0; n < turns; n++) {
      await stage.send('2', customer);
      await stage.receive(PHONE, customer);
    }
  };

  it('Bad MACs of one customer begin only the session with him anew; then all is well, and nobody scans', async () => {
    stage = await Stage.set({ env: ENV });
    await stage.pair('2', PHONE);
    await talk(CUSTOMER);
    await talk(OTHER);
    stage.whatsapp.mishaps.badMac(PHONE, 3, { from: CUSTOMER });
    const customer = stage.whatsapp.customer(CUSTOMER);
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.push((await customer.write(PHONE, stage.text())).id);
    expect(await stage.log.until('customer_session_reset', { org: '2' })).toMatchObject({ customer: '…8877' });
    // Each arrives in the end: it was asked for again.
    for (const id of ids) await customer.delivered(id);
    await talk(CUSTOMER, 3);
    await talk(OTHER, 3);
    expect(stage.log.events('session_cleaned')).toEqual([]);
    expect(stage.log.events('customer_session_reset')).toHaveLength(1);
    expect(stage.whatsapp.record.unreadable).toEqual([]);
    const { body } = await stage.api.get('/api/events?organization_id=2&order=desc&limit=100');
    expect(body.events).toContainEqual(
      expect.objectContaining({ name: 'session.customer_reset', data: { customer: '…8877' } }),
    );
    expect((await stage.api.status('2')).body).toMatchObject({ status: 'connected', health: { verdict: 'suspect' } });
  });

  it('a customer who sends garbage for ever costs no scan, is asked no more in time; others are heard', async () => {
    stage = await Stage.set({ env: ENV });
    await stage.pair('2', PHONE);
    await talk(CUSTOMER);
    await talk(OTHER);
    stage.whatsapp.mishaps.badMac(PHONE, 100_000, { from: CUSTOMER, retriesToo: true });
    const customer = stage.whatsapp.customer(CUSTOMER);
    for (let n = 0; n < 60; n++) {
      const { id } = await customer.write(PHONE, stage.text());
      // Everything that is handed over is acknowledged in the end, read or not.
      await stage.whatsapp.record.until(({ acks }) => acks.some((ack) => ack.id === id));
      if (n % 10 === 0) await talk(OTHER);
    }
    await stage.log.until('customer_asked_no_more', { org: '2' });
    const asked = stage.whatsapp.record.receipts.filter(({ type }) => type === 'retry');
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.length).toBeLessThanOrEqual(ASKED_AGAIN_PER_HOUR);
    expect(stage.log.events('customer_asked_no_more')).toHaveLength(1);
    expect(stage.log.events('session_cleaned')).toEqual([]);
    expect((await stage.api.status('2')).body.status).toBe('connected');
    // He can be written to, and others as well.
    await talk(OTHER);
    expect((await stage.api.send('2', CUSTOMER, stage.text())).body).toMatchObject({ success: true });
  });

  it('Bad MACs of two customers condemn the keys', async () => {
    stage = await Stage.set({ env: ENV });
    await stage.pair('2', PHONE);
    await talk(CUSTOMER);
    await talk(OTHER);
    stage.whatsapp.mishaps.badMac(PHONE, 100, { retriesToo: true });
    await stage.whatsapp.customer(CUSTOMER).write(PHONE, stage.text());
    await stage.whatsapp.customer(CUSTOMER).write(PHONE, stage.text());
    await stage.whatsapp.customer(OTHER).write(PHONE, stage.text());
    expect(await stage.log.until('session_cleaned', { org: '2' })).toMatchObject({ reason: 'bad_mac' });
  });
});

it.each(['1', '2'])(
  'an old copy of the keys is found at the first messages, with BAD_MAC_MIN_CUSTOMERS=%s',
  async (least) => {
    const stage = await Stage.set({ env: { ...ENV, BAD_MAC_MIN_CUSTOMERS: least } });
    try {
      await stage.pair('2', PHONE);
      const customers = [CUSTOMER, OTHER, '573109998855'];
      const talk = async (): Promise<void> => {
        for (const customer of customers) {
          await stage.send('2', customer);
          await stage.receive(PHONE, customer);
        }
      };
      await talk();
      await stage.stopService();
      const [folder, copy] = [path.join(stage.authDirectory, '2'), path.join(stage.directory, 'copy')];
      cpSync(folder, copy, { recursive: true });
      await stage.startService();
      await stage.api.ready('2');
      for (let n = 0; n < 3; n++) await talk();
      await stage.stopService();
      rmSync(folder, { recursive: true });
      cpSync(copy, folder, { recursive: true });
      await stage.startService();
      await stage.api.ready('2');
      for (const customer of customers) await stage.whatsapp.customer(customer).write(PHONE, stage.text());
      const { counts } = await stage.log.until('session_cleaned', { org: '2' });
      expect(counts).toMatchObject({ bad_mac: 3 });
    } finally {
      await stage.end();
    }
  },
);
