import { afterEach, describe, expect, it } from 'vitest';
import type { Received } from '../stage/receiver.js';
import {
  CUSTOMER,
  type Created,
  OTHER_PHONE,
  PHONE,
  SILENT,
  asTold,
  create,
  deliveries,
  end,
  isStatus,
  receiver,
  set,
  stage,
  statuses,
  taken,
  told,
  webhook,
} from '../stage/webhook-stage.js';

afterEach(end);

describe('webhooks', () => {
  it('are told of chosen events, of one organization or all, signed as an existing verifier takes them', async () => {
    // On a busy machine an answer may take long, and whoever does not wait for it sends twice.
    await set({ WEBHOOK_TIMEOUT: '10000' });
    const [ofTwo, chosen, global] = [await receiver(), await receiver(), await receiver()];
    const two = await create(ofTwo.url, { organization_id: 2 });
    const some = await create(chosen.url, {
      organization_id: '2',
      event_types: ['session.linked', 'message.received'],
    });
    const all = await create(global.url, { description: 'All shops' });
    expect(new Set([two.secret, some.secret, all.secret]).size).toBe(3);

    await stage.pair('2', PHONE);
    await stage.pair('3', OTHER_PHONE);
    await stage.send('2', CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);
    await global.until((came) => came.some(isStatus('delivered')), 'delivered');
    await global.until((came) => came.some(({ type }) => type === 'message.received'), 'received');
    await chosen.until((came) => came.length >= 2, 'what was chosen');

    for (const [one, { secret }] of [
      [ofTwo, two],
      [chosen, some],
      [global, all],
    ] as const) {
      one.verify(secret);
      expect(() => one.verify(two.secret === secret ? all.secret : two.secret)).toThrow();
      expect(stage.log.text).not.toContain(secret);
    }
    expect(chosen.received.map(({ type }) => type)).toEqual(['session.linked', 'message.received']);
    expect(new Set(ofTwo.received.map(({ organization }) => organization))).toEqual(new Set(['2']));
    for (const organization of ['2', '3']) {
      const events = await told(organization);
      await global.until(
        (came) => came.filter((one) => one.organization === organization).length >= events.length,
        `all of ${organization}`,
      );
      expect(asTold(global.received.filter((one) => one.organization === organization))).toEqual(events);
    }
    const linked = JSON.parse(chosen.received[0]?.body ?? '') as Record<string, unknown>;
    expect(linked).toEqual({
      type: 'session.linked',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      data: {
        organization_id: '2',
        event_id: expect.stringMatching(/^\d+$/),
        phone_last4: '2233',
        sentence: 'El teléfono terminado en 2233 vinculó esta sesión.',
      },
    });
    for (const { body } of global.received) for (const number of [PHONE, CUSTOMER]) expect(body).not.toContain(number);

    const list = await stage.api.get('/api/webhooks?organization_id=2');
    expect((list.body.webhooks as Created[]).map(({ webhook_id: id }) => id)).toEqual([
      two.webhook_id,
      some.webhook_id,
    ]);
    expect(JSON.stringify((await stage.api.get('/api/webhooks')).body)).not.toContain('whsec_');
    const shown = await webhook(all.webhook_id, ({ waiting }) => waiting === 0);
    expect(shown).toMatchObject({ organization_id: null, description: 'All shops', enabled: true, last_failure: null });
    expect(shown.last_delivered_at).not.toBeNull();
  });

  it('keep an organization’s order over failures, with one id for all tries; other organizations go on', async () => {
    await set({ UNDELIVERED_AFTER: '0' });
    await stage.pair('2', PHONE);
    await stage.pair('3', OTHER_PHONE);
    const one = await receiver();
    const failing = new Map<string, number>();
    // Every event of 2 is refused twice before it is taken.
    one.answer = ({ id, organization }) => {
      if (organization === '3') return 204;
      failing.set(id, (failing.get(id) ?? 0) + 1);
      return (failing.get(id) as number) <= 2 ? 500 : 204;
    };
    const { webhook_id: id, secret } = await create(one.url, { event_types: ['message.status'] });
    for (let i = 0; i < 3; i++) await stage.send('2', CUSTOMER);
    await stage.send('3', CUSTOMER);
    await one.until(
      (came) => came.filter(isStatus('delivered')).filter(({ status }) => status === 204).length >= 4,
      'all',
    );
    const events = (await told('2')).filter((event) => event.startsWith('message.status'));
    expect(asTold(one.taken().filter(({ organization }) => organization === '2'))).toEqual(events);
    const tries = one.received.filter(({ organization }) => organization === '2');
    expect(tries).toHaveLength(events.length * 3);
    // Three tries in a row of each, with one id, one body and a signature of its own time.
    for (let i = 0; i < tries.length; i += 3) {
      expect(new Set(tries.slice(i, i + 3).map((each) => `${each.id} ${each.body}`)).size).toBe(1);
    }
    one.verify(secret);
    expect(stage.log.events('webhook_failed', '2').length).toBe(events.length * 2);
    expect(stage.log.events('webhook_failed', '3')).toEqual([]);
    expect(await webhook(id, ({ waiting }) => waiting === 0)).toMatchObject({
      parked: 0,
      last_failure: { code: 'refused', http_status: 500, sentence: 'The receiver answered with an error.' },
    });
  });

  it('that are dead delay neither others nor the sends', async () => {
    await set({ WEBHOOK_TIMEOUT: '20000' });
    await stage.pair('2', PHONE);
    const [silent, living] = [await receiver(), await receiver()];
    silent.answer = () => null;
    const { webhook_id: dead } = await create(silent.url);
    // As many as an organization may have: all of them silent.
    for (let i = 0; i < 10; i++) await create(silent.url, { organization_id: '2' });
    const closed = await receiver();
    await closed.close();
    await create(closed.url);
    await create(living.url, { event_types: ['message.status'] });
    const begun = Date.now();
    for (let i = 0; i < 5; i++) await stage.send('2', CUSTOMER);
    await living.until((came) => came.filter(isStatus('delivered')).length >= 5, 'five delivered');
    expect(Date.now() - begun).toBeLessThan(8000);
    // One request each, which hangs: nothing is piled on top of it.
    expect(silent.received).toHaveLength(11);
    expect((await webhook(dead)).waiting).toBeGreaterThan(10);
    const stopping = Date.now();
    await stage.stopService();
    expect(Date.now() - stopping).toBeLessThan(5000);
    expect(silent.received).toHaveLength(11);
  });

  it('are tried for their time, then parked and listed; the line goes on; parked ones go on request', async () => {
    await set({ WEBHOOK_RETRY_FOR: '400', UNDELIVERED_AFTER: '0' });
    await stage.pair('2', PHONE);
    const one = await receiver();
    let refused: string | undefined;
    one.answer = ({ id, data }) => {
      if (data.status === 'sending') refused ??= id;
      return id === refused ? 503 : 204;
    };
    const { webhook_id: id } = await create(one.url, { event_types: ['message.status'] });
    await stage.send('2', CUSTOMER);
    await stage.log.until('webhook_parked', { org: '2' });
    await one.until((came) => came.some(isStatus('delivered')), 'those behind it');
    expect(one.received.filter((each) => each.id === refused).length).toBeGreaterThan(3);
    expect(statuses(one.taken())).toEqual(['sent', 'delivered']);
    const [parked, ...more] = await deliveries(id, '?status=parked');
    expect(more).toEqual([]);
    expect(parked).toMatchObject({
      delivery_id: refused,
      type: 'message.status',
      organization_id: '2',
      status: 'parked',
      error: { code: 'refused', http_status: 503 },
    });
    expect(parked?.attempts).toBeGreaterThan(3);
    expect(await webhook(id)).toMatchObject({ parked: 1, waiting: 0 });
    const { body: metrics } = await stage.api.get('/metrics');
    expect(metrics).toContain('whatsapp_webhook_backlog{state="parked"} 1');
    expect(metrics).toContain('whatsapp_webhook_parked_total 1');
    expect(metrics).toMatch(/whatsapp_webhook_tries_total\{outcome="refused"\} [1-9]/);
    expect(metrics).toMatch(/whatsapp_webhook_tries_total\{outcome="delivered"\} 2/);

    one.answer = () => 204;
    const before = one.received.length;
    const again = await stage.api.post(`/api/webhooks/${id}/redeliver`, { status: 'parked' });
    expect(again.body).toMatchObject({ success: true, redelivering: 1, parked: 0 });
    await one.until((came) => came.length > before, 'the redelivery');
    expect(one.received.at(-1)).toMatchObject({ id: refused, data: { status: 'sending' } });
    // One that was delivered, by its id.
    const last = (await deliveries(id)).at(-1);
    await stage.api.post(`/api/webhooks/${id}/redeliver`, { delivery_id: last?.delivery_id });
    await one.until((came) => came.length > before + 1, 'the other redelivery');
    expect(one.received.at(-1)?.id).toBe(last?.delivery_id);
    await webhook(id, ({ waiting, parked }) => waiting === 0 && parked === 0);
    expect((await deliveries(id)).map(({ status }) => status)).toEqual(['delivered', 'delivered', 'delivered']);
    expect((await stage.api.post(`/api/webhooks/${id}/redeliver`, { delivery_id: 'msg_0' })).status).toBe(404);
  });

  it('lose nothing when the process is killed: what waited comes in order; what came twice has one id', async () => {
    await set({}, { asProcess: true });
    await stage.pair('2', PHONE);
    const one = await receiver();
    const { webhook_id: id, secret } = await create(one.url, { event_types: ['message.status', 'message.received'] });
    // Nothing gets through; a kill, with deliveries waiting and one under way.
    one.answer = () => null;
    for (let i = 0; i < 3; i++) await stage.send('2', CUSTOMER);
    await one.until((came) => came.length >= 1, 'a try');
    // Told by then: what the outbox knows is in the ledger before it is logged.
    await stage.log.until('message_delivered', { org: '2', count: 3 });
    await stage.process.end('SIGKILL');
    one.answer = () => 204;
    await stage.startService();
    await stage.api.ready('2');
    await stage.receive(PHONE, CUSTOMER);
    // Killed again, right after an answer that may not have been noted.
    await one.until((came) => came.some(({ type }) => type === 'message.received'), 'what came after the kill');
    await stage.process.end('SIGKILL');
    await stage.startService();
    await webhook(id, ({ waiting }) => waiting === 0);
    const events = (await told('2')).filter((event) => event.startsWith('message.'));
    expect(events).toHaveLength(10);
    expect(asTold(one.taken())).toEqual(events);
    one.verify(secret);
    const ids = new Map(one.received.map(({ data, id: webhookId }) => [data.event_id, webhookId]));
    for (const each of one.received) expect(ids.get(each.data.event_id)).toBe(each.id);
    // The secret is still the same, and nothing is parked.
    expect(await webhook(id)).toMatchObject({ parked: 0, enabled: true });
  });

  it('are told of everything that the outbox knows, however often the process is killed while it sends', async () => {
    await set({}, { asProcess: true });
    await stage.pair('2', PHONE);
    const one = await receiver();
    const { webhook_id: id } = await create(one.url, { event_types: ['message.status'] });
    const messages: string[] = [];
    // Killed when the second request, then the third and so on is there and not answered yet: events, commits and
    // requests are under way.
    for (let round = 2; round <= 6; round++) {
      let left = round;
      const killed = new Promise<void>((resolve) => {
        one.answer = () => {
          if (--left > 0) return 204;
          one.answer = () => null;
          void stage.process.end('SIGKILL').then(() => resolve());
          return null;
        };
      });
      for (let i = 0; i < 3; i++) {
        const sent = await stage.api.send('2', CUSTOMER, stage.text(), { wait_ms: 0 }).catch(() => null);
        if (sent) messages.push(sent.body.message_id as string);
      }
      await killed;
      one.answer = () => 204;
      await stage.startService();
      await stage.api.ready('2');
    }
    const { body: list } = await stage.api.get(`/api/messages?organization_id=2&limit=200`);
    const known = list.messages as { message_id: string; status: string; times: Record<string, string> }[];
    expect(known.map(({ message_id: messageId }) => messageId)).toEqual(expect.arrayContaining(messages));
    // Every step that the outbox knows was taken, and in the order of the ledger.
    for (const { message_id: messageId } of known) {
      const { times } = (await stage.api.message(messageId)).body as { times: Record<string, string> };
      for (const status of Object.keys(times).filter((step) => step !== 'queued')) {
        const isIt = ({ data }: Received) => data.message_id === messageId && data.status === status;
        await one.until(() => one.taken().some(isIt), `${messageId} ${status}`);
      }
    }
    const order = one.taken().map(({ data }) => Number(data.event_id));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(known.length).toBeGreaterThan(5);
    expect(await webhook(id)).toMatchObject({ parked: 0 });
    const ids = new Map(one.received.map(({ data, id: webhookId }) => [data.event_id, webhookId]));
    for (const each of one.received) expect(ids.get(each.data.event_id)).toBe(each.id);
  });

  it('tell what was not delivered in time, once, also over a restart, so that somebody can write an SMS', async () => {
    await set({ UNDELIVERED_AFTER: '1500' });
    await stage.pair('2', PHONE);
    const one = await receiver();
    await create(one.url, { event_types: ['message.undelivered'] });
    stage.whatsapp.customer(SILENT, { autoReceipts: false });
    await stage.send('2', CUSTOMER);
    const { body: silent } = await stage.api.send('2', SILENT, stage.text());
    const later = { send_at: new Date(Date.now() + 3_600_000).toISOString() };
    await stage.api.send('2', SILENT, stage.text(), { ...later, wait_ms: 0 });
    const { body: cancelled } = await stage.api.send('2', SILENT, stage.text(), { ...later, wait_ms: 0 });
    await stage.api.delete(`/api/messages/${cancelled.message_id}`);
    // While the service is down, too, time goes by.
    await stage.restartService();
    await taken(one, 1);
    expect(one.taken()[0]).toMatchObject({
      type: 'message.undelivered',
      organization: '2',
      data: {
        message_id: silent.message_id,
        status: 'sent',
        error_code: null,
        ack_code: null,
        phone_last4: SILENT.slice(-4),
        sentence: expect.stringContaining('no ha llegado'),
      },
    });
    expect(one.taken()[0]?.data.after_ms).toBeGreaterThanOrEqual(1500);
    await stage.restartService();
    await stage.api.ready('2');
    // At once when nothing more is tried: here nobody has WhatsApp.
    stage.whatsapp.customer('573109990000', { onWhatsApp: false });
    await stage.api.send('2', '573109990000', stage.text());
    await taken(one, 2);
    expect(one.taken()[1]?.data).toMatchObject({
      status: 'failed',
      error_code: 'not_on_whatsapp',
      phone_last4: '0000',
    });
    expect(one.taken()[1]?.data.after_ms).toBeLessThan(1500);
    // An organization that chose another delay; and one told later still is the only one told.
    const settings = { organization_id: '2', quiet_hours: null, undelivered_after_seconds: 1 };
    expect((await stage.api.post('/api/organization-settings', settings)).body.undelivered_after_seconds).toBe(1);
    const { body: third } = await stage.api.send('2', SILENT, stage.text());
    await taken(one, 3);
    expect(one.taken().map(({ data }) => data.message_id)).toEqual([
      silent.message_id,
      expect.any(String),
      third.message_id,
    ]);
    expect(one.taken()[2]?.data.after_ms).toBeLessThan(5000);
    const never = { ...settings, undelivered_after_seconds: 0 };
    await stage.api.post('/api/organization-settings', never);
    await stage.restartService();
    expect((await stage.api.get('/api/organization-settings/2')).body.undelivered_after_seconds).toBe(0);
    const names = (await told('2')).filter((event) => event.startsWith('message.undelivered'));
    expect(names).toHaveLength(3);
  });
});
