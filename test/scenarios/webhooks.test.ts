import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Receiver, type Received } from '../stage/receiver.js';
import { Stage, type StageOptions } from '../stage/stage.js';

const PHONE = '573001112233';
const OTHER_PHONE = '573001114455';
const CUSTOMER = '573109998877';
/** Node itself makes no certificates. */
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const SILENT = '573109998866';

/** Receivers of tests are on loopback; the waits are short. */
const QUICK = {
  WEBHOOK_ALLOW_PRIVATE: 'true',
  WEBHOOK_TIMEOUT: '1000',
  WEBHOOK_RETRY_BASE_DELAY: '20',
  WEBHOOK_RETRY_MAX_DELAY: '100',
};

let stage: Stage;
const receivers: Receiver[] = [];
afterEach(async () => {
  await stage.end();
  for (const receiver of receivers.splice(0)) await receiver.close();
});

async function set(env: Record<string, string> = {}, options: StageOptions = {}): Promise<void> {
  stage = await Stage.set({ ...options, env: { ...QUICK, ...env } });
}

async function receiver(): Promise<Receiver> {
  const started = await Receiver.start();
  receivers.push(started);
  return started;
}

interface Created {
  webhook_id: string;
  secret: string;
}

async function create(url: string, more: object = {}): Promise<Created> {
  const { status, body } = await stage.api.post('/api/webhooks', { url, ...more });
  expect(status, JSON.stringify(body)).toBe(201);
  return body as Created;
}

/** The webhook as the API shows it, as soon as it is so. */
async function webhook(id: string, isSo: (body: Record<string, unknown>) => boolean = () => true) {
  for (const end = Date.now() + 20_000; ;) {
    const { body } = await stage.api.get(`/api/webhooks/${id}`);
    if (isSo(body)) return body;
    if (Date.now() > end) throw new Error(`never so: ${JSON.stringify(body)}`);
  }
}

const deliveries = async (id: string, query = '') =>
  (await stage.api.get(`/api/webhooks/${id}/deliveries${query}`)).body.deliveries as Record<string, unknown>[];

/** What the ledger tells of an organization, as `name id`. */
async function told(organization: string): Promise<string[]> {
  const { body } = await stage.api.get(`/api/events?organization_id=${organization}&limit=200`);
  return (body.events as { name: string; id: string }[]).map(({ name, id }) => `${name} ${id}`);
}

const asTold = (received: readonly Received[]): string[] =>
  received.map(({ type, data }) => `${type} ${String(data.event_id)}`);

/** As soon as it has taken so many; one that came twice counts once. */
const taken = (one: Receiver, count: number) => one.until(() => one.taken().length >= count, `${count} taken`);

const statuses = (received: readonly Received[]) => received.map(({ data }) => data.status);
const isStatus = (status: string) => (one: Received) => one.type === 'message.status' && one.data.status === status;

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

  it('change, rotate their secret, are tested, disabled by a receiver that is gone, enabled and removed', async () => {
    await set();
    const one = await receiver();
    const { webhook_id: id, secret } = await create(one.url, { event_types: ['session.linked'] });
    const path = `/api/webhooks/${id}`;
    const test = await stage.api.post(`${path}/test`, {});
    expect(test.body).toMatchObject({ success: true, http_status: 204, error: null, webhook_id: id });
    expect(test.body.ms).toBeGreaterThanOrEqual(0);
    expect(one.received).toMatchObject([{ type: 'webhook.test', organization: null, data: { webhook_id: id } }]);
    one.verify(secret);

    const rotated = await stage.api.post(`${path}/rotate-secret`, {});
    expect(Date.parse(rotated.body.old_secret_until as string) - Date.now()).toBeGreaterThan(86_000_000);
    await stage.restartService();
    await stage.api.post(`${path}/test`, {});
    // Whoever knows either of them takes it.
    for (const key of [secret, rotated.body.secret as string]) one.verify(key, one.received.slice(1));
    expect(() => one.verify(rotated.body.secret as string, one.received.slice(0, 1))).toThrow();

    const changed = await stage.api.patch(path, { event_types: ['session.connected'], description: 'CRM' });
    expect(changed.body).toMatchObject({ event_types: ['session.connected'], description: 'CRM', url: one.url });
    one.answer = () => 410;
    await stage.pair('2', PHONE);
    await stage.log.until('webhook_disabled', { org: '2' });
    expect(await webhook(id)).toMatchObject({
      enabled: false,
      disabled_reason: 'gone',
      waiting: 0,
      parked: 1,
      last_failure: { code: 'gone', http_status: 410 },
    });
    const came = one.received.length;
    await stage.api.restart('2');
    await stage.api.ready('2');
    expect((await stage.api.post(`${path}/redeliver`, { status: 'parked' })).body.code).toBe('webhook_disabled');
    one.answer = () => 204;
    expect((await stage.api.patch(path, { enabled: true })).body).toMatchObject({
      enabled: true,
      disabled_reason: null,
    });
    await stage.api.post(`${path}/redeliver`, { status: 'parked' });
    await one.until((all) => all.length > came, 'the parked one');
    // What happened while it was disabled was not kept for it.
    await webhook(id, ({ waiting }) => waiting === 0);
    expect(one.received.slice(came).map(({ type }) => type)).toEqual(['session.connected']);

    expect((await stage.api.patch(path, { enabled: false })).body.disabled_reason).toBe('by_request');
    expect((await stage.api.delete(path)).body).toMatchObject({ success: true, webhook_id: id });
    expect((await stage.api.get(path)).body.code).toBe('unknown_webhook');
    expect((await stage.api.get(`${path}/deliveries`)).status).toBe(404);
    expect((await stage.api.get('/api/webhooks')).body.total).toBe(0);
    for (const key of [secret, rotated.body.secret as string]) expect(stage.log.text).not.toContain(key);
  });

  it('wait as long as a busy receiver asks, within the longest wait', async () => {
    await set({ WEBHOOK_RETRY_MAX_DELAY: '1500' });
    const one = await receiver();
    const times: number[] = [];
    one.answer = () => {
      times.push(Date.now());
      return times.length === 1 ? { status: 429, headers: { 'retry-after': '1' } } : 204;
    };
    const { webhook_id: id } = await create(one.url, { event_types: ['session.linked'] });
    await stage.pair('2', PHONE);
    await webhook(id, ({ next_try_at: next, waiting }) => waiting === 0 || next !== null);
    await one.until((came) => came.length >= 2, 'the second try');
    expect((times[1] as number) - (times[0] as number)).toBeGreaterThanOrEqual(990);
    expect((times[1] as number) - (times[0] as number)).toBeLessThan(5000);
  });

  it('never reach this machine or a private network, unless allowed: not by address, name or redirect', async () => {
    await set({ WEBHOOK_ALLOW_PRIVATE: 'false' });
    const inside = await receiver();
    const { port } = new URL(inside.url);
    for (const host of ['127.0.0.1', '0x7f.1', '2130706433', '[::1]', '[::ffff:127.0.0.1]', '10.0.0.1', 'localhost']) {
      const refused = await stage.api.post('/api/webhooks', { url: `http://${host}:${port}/` });
      expect(refused.status, host).toBe(400);
      expect(refused.body.fields.url).toContain('private network');
    }
    for (const url of ['ftp://backend.example/', 'https://me:secret@backend.example/', 'backend.example', 7, null]) {
      expect((await stage.api.post('/api/webhooks', { url })).body.fields.url).toContain('http or https address');
    }
    const outer = await create('https://backend.example/', { event_types: ['session.cleaned'] });
    const led = await stage.api.patch(`/api/webhooks/${outer.webhook_id}`, { url: 'http://169.254.169.254/latest/' });
    expect(led).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    // Made while it was allowed, and still there: refused at each try instead. localhost is a name like any other then.
    await stage.restartService({ WEBHOOK_ALLOW_PRIVATE: 'true' });
    const byName = await create(`http://localhost:${port}/`, { event_types: ['session.linked'] });
    const byAddress = await create(inside.url, { event_types: ['session.linked'] });
    await stage.restartService({ WEBHOOK_ALLOW_PRIVATE: 'false' });
    for (const { webhook_id: id } of [byName, byAddress]) {
      const test = await stage.api.post(`/api/webhooks/${id}/test`, {});
      expect(test.body).toMatchObject({ success: false, http_status: null, error: { code: 'private_address' } });
    }
    await stage.pair('2', PHONE);
    await stage.log.until('webhook_failed', { count: 2 });
    expect((await webhook(byName.webhook_id)).last_failure).toMatchObject({ code: 'private_address' });
    expect(inside.received).toEqual([]);

    // A redirect is a failure wherever it leads.
    await stage.restartService({ WEBHOOK_ALLOW_PRIVATE: 'true' });
    const outside = await receiver();
    outside.answer = () => ({ status: 308, headers: { location: `http://127.0.0.1:${port}/inside` } });
    const before = inside.received.length;
    const { webhook_id: redirected } = await create(outside.url, { event_types: ['session.linked'] });
    const test = await stage.api.post(`/api/webhooks/${redirected}/test`, {});
    expect(test.body).toMatchObject({ success: false, http_status: 308, error: { code: 'redirected' } });
    expect(inside.received.filter(({ type }) => type === 'webhook.test')).toHaveLength(0);
    expect(inside.received.length).toBeGreaterThanOrEqual(before);
  });

  it.runIf(hasOpenssl)('go over https, to whom the system trusts, and to nobody else', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tls-'));
    const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
    const request =
      'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost ' + '-addext subjectAltName=DNS:localhost';
    execFileSync('openssl', [...request.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const bodies: string[] = [];
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (incoming, response) => {
      incoming.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
      incoming.on('end', () => response.writeHead(204).end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await set({}, { asProcess: true });
      const { port } = server.address() as AddressInfo;
      const { webhook_id: id } = await create(`https://localhost:${port}/`, { event_types: ['session.linked'] });
      const stranger = (await stage.api.post(`/api/webhooks/${id}/test`, {})).body;
      expect(stranger.error).toMatchObject({ code: 'unreachable', reason: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
      expect(bodies).toEqual([]);
      await stage.restartService({ NODE_EXTRA_CA_CERTS: cert });
      expect((await stage.api.post(`/api/webhooks/${id}/test`, {})).body).toMatchObject({ success: true });
      expect(bodies.join('')).toContain('webhook.test');
      // The certificate is of another name.
      await stage.api.patch(`/api/webhooks/${id}`, { url: `https://127.0.0.1:${port}/` });
      const other = (await stage.api.post(`/api/webhooks/${id}/test`, {})).body;
      expect(other.error).toMatchObject({ code: 'unreachable', reason: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    } finally {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('are bounded: how many, what they are made of, and what waits for them', async () => {
    await set({ WEBHOOK_BACKLOG: '10' });
    const one = await receiver();
    for (let i = 0; i < 10; i++) await create(one.url, { organization_id: '2', event_types: ['session.linked'] });
    const tooMany = await stage.api.post('/api/webhooks', { url: one.url, organization_id: '2' });
    expect(tooMany).toMatchObject({ status: 409, body: { code: 'too_many_webhooks' } });
    for (let i = 0; i < 50; i++) await create(one.url, { event_types: ['session.linked'] });
    expect((await stage.api.post('/api/webhooks', { url: one.url })).status).toBe(409);
    await create(one.url, { organization_id: '3' });
    const wrong = [
      { url: one.url, event_types: [] },
      { url: one.url, event_types: ['session.gone'] },
      { url: one.url, event_types: ['session.qr', 'session.qr'] },
      { url: one.url, description: 'x'.repeat(201) },
      { url: one.url, secret: 'whsec_mine' },
    ];
    for (const body of wrong) expect((await stage.api.post('/api/webhooks', body)).status).toBe(400);
    for (const path of ['', '/test', '/rotate-secret', '/redeliver', '/deliveries']) {
      const get = path === '' || path === '/deliveries';
      const address = `/api/webhooks/wh_nobody${path}`;
      const body = path === '/redeliver' ? { status: 'parked' } : {};
      const { status, body: answer } = get ? await stage.api.get(address) : await stage.api.post(address, body);
      expect([status, answer.code], path).toEqual([404, 'unknown_webhook']);
    }
    expect((await stage.api.get('/api/webhooks/%E0%A4')).body.code).toBe('unknown_webhook');
  });
});
