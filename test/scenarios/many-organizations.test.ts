import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const CUSTOMERS = ['573109990001', '573109990002', '573109990003'];

describe('eight organizations and three customers', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  // Every accepted message arrives under one id and in its order, everything is readable, nothing is counted. Then one
  // pair is corrupted, and only that organization counts it.
  it('write to each other at once, hundreds of messages both ways, with random cuts', async () => {
    stage = await Stage.set({ env: { MAX_CONCURRENT_LOGINS: '8' } });
    const shops = Array.from({ length: 8 }, (_, n) => ({ id: `${n + 1}`, phone: `57300111220${n}` }));
    await Promise.all(shops.map(({ id, phone }) => stage.pair(id, phone)));

    // Every tenth message takes a connection with it, so that there are as many cuts on a slow machine as on a fast
    // one.
    let messages = 0;
    const cutNowAndThen = (): void => {
      if (++messages % 10 !== 0) return;
      const { phone } = shops[Math.floor(Math.random() * shops.length)]!;
      stage.whatsapp.mishaps.cut(phone);
    };
    /** What was accepted, for each organization and customer in its order. */
    const accepted: { phone: string; customer: string; sent: { id: string; text: string }[] }[] = [];
    const outgoing = async (id: string, phone: string, customer: string): Promise<void> => {
      const sent: { id: string; text: string }[] = [];
      accepted.push({ phone, customer, sent });
      for (let i = 0; i < 10; i++) {
        const text = stage.text();
        cutNowAndThen();
        const { status, body } = await stage.api.send(id, customer, text);
        // A cut takes nobody's message with it: sent, or accepted and on its way.
        expect([200, 202], JSON.stringify(body)).toContain(status);
        expect(body).toMatchObject({ success: true });
        sent.push({ id: body.message_id as string, text });
        if (status === 200) await stage.whatsapp.customer(customer).receivedText(text);
      }
    };
    const incoming = async (phone: string, customer: string): Promise<void> => {
      for (let i = 0; i < 10; i++) {
        const { id } = await stage.whatsapp.customer(customer).write(phone, stage.text());
        cutNowAndThen();
        await stage.whatsapp.customer(customer).delivered(id);
      }
    };
    await Promise.all(
      shops.flatMap(({ id, phone }) =>
        CUSTOMERS.flatMap((customer) => [outgoing(id, phone, customer), incoming(phone, customer)]),
      ),
    );
    expect(stage.log.events('session_disconnected').length).toBeGreaterThan(8);
    for (const { phone, customer, sent } of accepted) {
      for (const { text } of sent) await stage.whatsapp.customer(customer).receivedText(text, 60_000);
      const seen = stage.whatsapp
        .customer(customer)
        .messages.filter(({ from, duplicate }) => from === phone && !duplicate);
      expect(seen.map(({ id, text }) => ({ id, text }))).toEqual(sent);
    }
    for (const customer of CUSTOMERS) expect(stage.whatsapp.customer(customer).unreadable).toEqual([]);
    const countedKinds = stage.log.events('fault_counted').map(({ kind }) => kind);
    expect(countedKinds.filter((kind) => kind !== 'duplicate_message')).toEqual([]);
    expect(stage.log.events('session_cleaned')).toEqual([]);

    // Now one pair is corrupted on purpose while the same customer writes to everybody at the same moment.
    await Promise.all(shops.map(({ id }) => stage.api.ready(id)));
    const [customer] = CUSTOMERS as [string];
    stage.whatsapp.mishaps.badMac(shops[3]!.phone, 2, { from: customer });
    const written = await Promise.all(
      [...shops, ...shops].map(({ phone }) => stage.whatsapp.customer(customer).write(phone, stage.text())),
    );
    await Promise.all(written.map(({ id }) => stage.whatsapp.customer(customer).delivered(id)));
    for (const { id } of shops) {
      const { body } = await stage.api.status(id);
      expect(body.health.totals.bad_mac, `organization ${id}`).toBe(id === '4' ? 2 : 0);
    }
  });
});
