import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiDocument } from '../../src/api/openapi/document.js';
import { WRONG_FIELDS } from '../stage/bad-values.js';
import { DocumentedApi } from '../stage/documented-api.js';
import { Receiver } from '../stage/receiver.js';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';
const NOBODY = '573109990000';

describe('the documented operations, against the real service', () => {
  let stage: Stage;
  let api: DocumentedApi;
  const id = { organization_id: 'shop-2' };
  const unknown = { organization_id: 'shop-9' };

  let pageDirectory: string;

  beforeAll(async () => {
    pageDirectory = mkdtempSync(path.join(tmpdir(), 'page-'));
    mkdirSync(path.join(pageDirectory, 'assets'));
    for (const name of ['index.html', 'shop.html', 'assets/page-ABCDEFGH.js']) {
      writeFileSync(path.join(pageDirectory, name), 'page');
    }
    stage = await Stage.set({
      pageDirectory,
      env: { WEBHOOK_ALLOW_PRIVATE: 'true', WEBHOOK_RETRY_FOR: '100', WEBHOOK_RETRY_BASE_DELAY: '20' },
    });
    const response = await fetch(`${stage.api.url}/openapi.json`);
    api = new DocumentedApi(stage, (await response.json()) as ApiDocument);
  });
  afterAll(async () => {
    await stage.end();
    rmSync(pageDirectory, { recursive: true });
  });

  it('for those who watch: no key for health and documentation', async () => {
    const anonymous = { anonymous: true };
    await api.call('health', 200, anonymous);
    await api.call('live', 200, anonymous);
    await api.call('ready', 200, anonymous);
    expect(await api.call('openapi', 200, anonymous)).toEqual(api.document);
    await api.call('docs', 200, anonymous);
    await api.call('metrics', 401, anonymous);
    await api.call('metrics', 200);
    const bearer = { anonymous: true, headers: { authorization: `Bearer ${stage.key}` } };
    await api.call('metrics', 200, bearer);
  });

  it('from the start over the QR to connected', async () => {
    await api.call('getQr', 404, { params: unknown });
    expect((await api.call('getStatus', 200, { params: unknown })).status).toBe('not_started');
    const started = await api.call('startSession', 200, { body: { ...id, wait_ms: 20_000 } });
    expect(started.status).toBe('qr_ready');
    expect((await api.call('getQr', 200, { params: id })).has_qr).toBe(true);
    await api.call('getQr', 200, { params: id, query: { format: 'png' } });
    await api.call('getQr', 200, { params: id, query: { format: 'text', background: 'light' } });
    await api.call('getQr', 400, { params: id, query: { format: 'gif' } });
    await stage.scan(id.organization_id, PHONE);
    expect((await api.call('getQr', 200, { params: id })).qr).toBeNull();
    expect((await api.call('getQr', 409, { params: id, query: { format: 'png' } })).code).toBe('already_connected');
    const twice = await api.call('startSession', 409, { body: { ...id, pairing_phone: PHONE } });
    expect(twice.code).toBe('already_paired');
    const other = { organization_id: 'shop-3' };
    await api.call('startSession', 200, { body: { ...other, pairing_phone: '573001112234' } });
    expect((await api.call('getStatus', 200, { params: id })).status).toBe('connected');
    expect((await api.call('listSessions', 200)).total).toBe(2);
    const query = { sort: 'need', status: 'connected,qr_ready', search: 'shop', limit: '1', fields: 'status,queue' };
    const page = await api.call('listSessions', 200, { query });
    expect(page).toMatchObject({ total: 2, sessions: [{ queue: { pending: 0 } }] });
    expect((await api.call('listSessions', 400, { query: { fields: 'nothing' } })).fields).toHaveProperty([
      'fields.nothing',
    ]);
  });

  it('messages: sent, waiting, refused, looked for, taken back', async () => {
    const to = { ...id, phone: CUSTOMER };
    stage.whatsapp.customer(NOBODY, { onWhatsApp: false });
    const booking = { headers: { 'Idempotency-Key': 'booking-1' }, body: { ...to, message: stage.text() } };
    const sent = await api.call('sendMessage', 200, booking);
    expect((await api.call('sendMessage', 200, booking)).message_id).toBe(sent.message_id);
    await api.call('sendMessage', 422, { ...booking, body: { ...to, message: stage.text() } });
    await stage.log.until('message_delivered', { org: id.organization_id });
    await api.call('getMessage', 200, { params: { message_id: sent.message_id } });
    const refused = { body: { ...id, phone: NOBODY, message: stage.text() } };
    expect((await api.call('sendMessage', 400, refused)).code).toBe('not_on_whatsapp');
    await api.call('sendMessage', 404, { body: { ...unknown, phone: CUSTOMER, message: stage.text() } });
    const later = await api.call('sendMessage', 202, {
      body: {
        ...to,
        message: stage.text(),
        wait_ms: 0,
        send_at: new Date(Date.now() + 3_600_000).toISOString(),
        ttl_seconds: 60,
        replace_key: 'booking:1',
        idempotency_key: 'booking-2',
      },
    });
    const one = { params: { message_id: later.message_id } };
    await api.call('getMessage', 200, one);
    const page = { ...id, status: 'queued,sent,delivered,failed', phone: CUSTOMER, limit: '1' };
    const first = await api.call('listMessages', 200, { query: page });
    expect(first.next).not.toBeNull();
    await api.call('listMessages', 200, { query: { ...page, after: first.next } });
    expect((await api.call('listMessages', 200, { query: id })).messages.length).toBe(3);
    await api.call('listMessages', 400, { query: { ...id, status: 'gone' } });
    await api.call('listMessages', 400, { query: {} });
    expect((await api.call('cancelMessage', 200, one)).status).toBe('cancelled');
    await api.call('cancelMessage', 409, { params: { message_id: sent.message_id } });
    await api.call('cancelMessage', 404, { params: { message_id: 'nothing' } });
    await api.call('getMessage', 404, { params: { message_id: 'nothing' } });
  });

  it('settings: set, read, ended', async () => {
    const quiet = { from: '21:00', to: '08:00', time_zone: 'America/Bogota' };
    await api.call('setOrganizationSettings', 200, { body: { ...id, quiet_hours: quiet } });
    expect((await api.call('getOrganizationSettings', 200, { params: id })).quiet_hours).toEqual(quiet);
    await api.call('setOrganizationSettings', 200, {
      body: { ...id, quiet_hours: null, undelivered_after_seconds: 900 },
    });
    expect(await api.call('getOrganizationSettings', 200, { params: id })).toMatchObject({
      quiet_hours: null,
      undelivered_after_seconds: 900,
    });
    const chosenNothing = { ...id, quiet_hours: null, undelivered_after_seconds: null };
    await api.call('setOrganizationSettings', 200, { body: chosenNothing });
    await api.call('getOrganizationSettings', 404, { params: unknown });
    const all = { ...id, action: 'send' };
    expect((await api.call('decideOtherPhoneMessages', 200, { body: all })).messages).toBe(0);
    await api.call('decideOtherPhoneMessages', 404, { body: { ...unknown, action: 'cancel' } });
    await api.call('setOrganizationSettings', 404, { body: { ...unknown, quiet_hours: null } });
  });

  it('stopping, restarting, cleaning, restoring, logging out', async () => {
    for (const operation of ['stopSession', 'restartSession', 'forceCleanSession', 'restoreSession', 'logout']) {
      expect((await api.call(operation, 404, { body: unknown })).code).toBe('unknown_organization');
    }
    await api.call('listBackups', 404, { params: unknown });
    await api.call('restoreSession', 404, { body: id });
    expect((await api.call('stopSession', 200, { body: id })).status).toBe('stopped');
    await api.call('restartSession', 200, { body: id });
    await stage.api.ready(id.organization_id);
    const cleaned = await api.call('forceCleanSession', 200, { body: id });
    expect(cleaned.backup).not.toBeNull();
    for (const alias of [1, 2]) {
      expect((await api.call(`forceCleanSessionAlias${alias}`, 200, { body: id })).backup).toBeNull();
    }
    expect((await api.call('listBackups', 200, { params: id })).total).toBe(1);
    await api.call('restoreSession', 404, { body: { ...id, backup: 'shop-2_corrupted_1' } });
    await api.call('restoreSession', 200, { body: { ...id, backup: cleaned.backup } });
    await stage.api.ready(id.organization_id);
    await api.call('getStatus', 200, { params: id });
    await api.call('logout', 200, { body: id });
    expect((await api.call('getStatus', 200, { params: id })).status).toBe('logged_out');
  });

  it('the page: signed in and out, links made and opened, charts', async () => {
    const anonymous = { anonymous: true };
    for (const page of ['page', 'shopPage']) expect(await api.call(page, 200, anonymous)).toBe('page');
    await api.call('pageAsset', 200, { ...anonymous, params: { name: 'page-ABCDEFGH.js' } });
    await api.call('pageAsset', 404, { ...anonymous, params: { name: 'other-ABCDEFGH.js' } });
    await api.call('signIn', 200, { ...anonymous, body: { api_key: stage.key } });
    expect((await api.call('getSignIn', 200, anonymous)).signed_in).toBe(false);
    const { token } = await api.call('makeSignInLink', 201, { body: {} });
    await api.call('signIn', 200, { ...anonymous, body: { token } });
    expect((await api.call('signIn', 401, { ...anonymous, body: { token } })).code).toBe('unknown_sign_in_link');
    await api.call('signOut', 200, { ...anonymous, body: {} });
    shopCookie = await openShop('shop-5');
    const shown = await api.call('getShopSession', 200, { ...anonymous, headers: shopCookie, query: { wait_ms: '0' } });
    await api.call('getShopSession', 200, {
      ...anonymous,
      headers: shopCookie,
      query: { since: shown.version, wait_ms: '1' },
    });
    const phone = { phone: '573001112236' };
    await api.call('getShopPairingCode', 200, { ...anonymous, headers: shopCookie, body: phone });
    await api.call('getShopSession', 404, anonymous);
    await api.call('makeShopLink', 400, { body: { organization_id: 'shop-5', expires_in_minutes: 1 } });
    const span = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z', buckets: '24' };
    await api.call('getCharts', 200, { query: { ...id, ...span } });
    await api.call('getCharts', 400, { query: { buckets: '0' } });
    await api.call('getService', 200);
  });

  let shopCookie: Record<string, string> = {};
  async function openShop(organization_id: string): Promise<Record<string, string>> {
    const { url } = await api.call('makeShopLink', 201, { body: { organization_id } });
    const token = String(url).split('#')[1];
    await api.call('openShopLink', 404, { anonymous: true, body: { token: 'x' } });
    const response = await fetch(`${stage.api.url}/api/shop/open`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    const second = await api.call('makeShopLink', 201, { body: { organization_id } });
    await api.call('openShopLink', 200, { anonymous: true, body: { token: String(second.url).split('#')[1] } });
    const cookie = (response.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
    return { cookie, origin: stage.api.url };
  }

  it('events: looked up, and live', async () => {
    const first = await api.call('listEvents', 200, { query: { ...id, limit: '2' } });
    expect(first.events).toHaveLength(2);
    await api.call('listEvents', 200, { query: { after: first.next } });
    await api.call('listEvents', 400, { query: { after: 'yesterday' } });
    const live = await api.call('streamEvents', 200, { headers: { 'last-event-id': '1' }, stream: true });
    expect(live).toContain('event: session.');
    await api.call('streamEvents', 400, { query: { after: 'yesterday' } });
  });

  it('webhooks: made, looked at, changed, tested, redelivered, removed', async () => {
    const backend = await Receiver.start();
    backend.answer = ({ type }) => (type === 'webhook.test' ? 204 : 500);
    const created = await api.call('createWebhook', 201, {
      body: { ...id, url: backend.url, event_types: ['session.status', 'session.linked'], description: 'CRM' },
    });
    const params = { webhook_id: created.webhook_id as string };
    const other = await api.call('createWebhook', 201, { body: { url: 'https://backend.example/hook' } });
    await api.call('removeWebhook', 200, { params: { webhook_id: other.webhook_id } });
    expect((await api.call('listWebhooks', 200, { query: id })).total).toBe(1);
    expect((await api.call('testWebhook', 200, { params })).success).toBe(true);
    expect((await api.call('rotateWebhookSecret', 200, { params })).secret).not.toBe(created.secret);
    await api.call('restartSession', 404, { body: unknown });
    await api.call('startSession', 200, { body: id });
    await stage.log.until('webhook_parked', { org: id.organization_id });
    expect((await api.call('getWebhook', 200, { params })).last_failure.code).toBe('refused');
    const parked = await api.call('listDeliveries', 200, { params, query: { status: 'parked', limit: '1' } });
    expect(parked.deliveries).toHaveLength(1);
    await api.call('listDeliveries', 200, { params, query: { after: '0' } });
    await api.call('listDeliveries', 400, { params, query: { status: 'lost' } });
    backend.answer = () => 500;
    expect((await api.call('testWebhook', 200, { params })).error.http_status).toBe(500);
    await api.call('redeliver', 200, { params, body: { delivery_id: parked.deliveries[0].delivery_id } });
    await api.call('redeliver', 404, { params, body: { delivery_id: 'msg_0' } });
    await api.call('redeliver', 200, { params, body: { status: 'parked' } });
    const changed = await api.call('changeWebhook', 200, { params, body: { event_types: null, enabled: false } });
    expect(changed).toMatchObject({ enabled: false, event_types: null, description: 'CRM' });
    expect((await api.call('redeliver', 409, { params, body: { status: 'parked' } })).code).toBe('webhook_disabled');
    await api.call('removeWebhook', 200, { params });
    for (const operation of ['getWebhook', 'removeWebhook', 'testWebhook', 'rotateWebhookSecret', 'listDeliveries']) {
      expect((await api.call(operation, 404, { params })).code).toBe('unknown_webhook');
    }
    await api.call('changeWebhook', 404, { params, body: {} });
    await backend.close();
  });

  it('bodies: what the document refuses is refused, with the field by name', async () => {
    const right: Record<string, object> = {
      startSession: id,
      sendMessage: { ...id, phone: CUSTOMER, message: stage.text() },
      setOrganizationSettings: { ...id, quiet_hours: null },
      decideOtherPhoneMessages: { ...id, action: 'send' },
      createWebhook: { url: 'https://backend.example/hook' },
      changeWebhook: {},
      redeliver: { delivery_id: 'msg_0' },
      signIn: { api_key: stage.key },
      signOut: {},
      makeSignInLink: {},
      openShopLink: { token: 'x' },
      getShopPairingCode: { phone: CUSTOMER },
    };
    const withBody = [...api.operations].filter(([, { operation }]) => operation.requestBody);
    expect(withBody).toHaveLength(20);
    for (const [operation] of withBody) {
      const body = right[operation] ?? id;
      const headers = operation === 'getShopPairingCode' ? shopCookie : {};
      expect(api.takes(operation, body), operation).toBe(true);
      expect(api.takes(operation, { ...body, surprise: 1 })).toBe(false);
      const surprised = await api.call(operation, 400, { headers, body: { ...body, surprise: 1 } });
      expect(Object.keys(surprised.fields as object)).toEqual(['surprise']);
      for (const field of Object.keys(body)) {
        const { [field]: _left, ...less } = body as Record<string, unknown>;
        expect(api.takes(operation, less), `${operation} without ${field}`).toBe(false);
        const missing = await api.call(operation, 400, { headers, body: less });
        expect(Object.keys(missing.fields as object)).toEqual([field]);
      }
      for (const [field, value] of Object.entries(WRONG_FIELDS)) {
        if (!api.knows(operation, field)) continue;
        expect(api.takes(operation, { ...body, [field]: value }), `${operation} with ${field}`).toBe(false);
        const answer = await api.call(operation, 400, { headers, body: { ...body, [field]: value } });
        expect(Object.keys(answer.fields as object).map((name) => name.split('.')[0])).toEqual([field]);
      }
      expect((await api.call(operation, 400, { headers, body: '{' })).code).toBe('invalid_json');
      await api.call(operation, 415, { body: 'a=b', headers: { ...headers, 'content-type': 'text/plain' } });
      await api.call(operation, 413, { headers, body: JSON.stringify({ message: 'x'.repeat(300_000) }) });
    }
  });

  it('keys: nothing is told without one; a wrong one is 401 too', async () => {
    const params = { organization_id: 'shop-2', message_id: '3EB0', webhook_id: 'wh_0' };
    for (const [operation, { operation: documented }] of api.operations) {
      if (documented.security !== undefined) continue;
      const body = documented.requestBody ? id : undefined;
      expect((await api.call(operation, 401, { anonymous: true, params, body })).code).toBe('missing_api_key');
    }
    const wrong = { anonymous: true, headers: { 'x-api-key': 'wrong' } };
    expect((await api.call('listSessions', 401, wrong)).code).toBe('wrong_api_key');
  });

  it('readiness while sessions come back', async () => {
    await stage.pair('shop-4', '573001112235');
    await stage.stopService();
    stage.whatsapp.mishaps.muteQueries('*');
    await stage.startService();
    await api.call('ready', 503, { anonymous: true });
    stage.whatsapp.mishaps.muteQueries('*', { on: false });
  });

  it('none was left out: every operation was driven to every answer that is no error, in every type', () => {
    const documented = [...api.operations].flatMap(
      ([
        operation,
        {
          operation: { responses },
        },
      ]) =>
        Object.entries(responses)
          .filter(([, { content }]) => !JSON.stringify(content).includes('#/components/schemas/Error"'))
          .flatMap(([status, { content }]) => Object.keys(content).map((type) => `${operation} ${status} ${type}`)),
    );
    expect(documented.length).toBeGreaterThan(25);
    expect(documented.filter((answer) => !api.seen.has(answer))).toEqual([]);
  });
});
