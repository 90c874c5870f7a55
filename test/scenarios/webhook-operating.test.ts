import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { PHONE, create, end, receiver, set, stage, webhook } from '../stage/webhook-stage.js';

/** Node itself makes no certificates. */
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

afterEach(end);

describe('webhooks', () => {
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
      const asked = ['1', '3600'][times.length - 1];
      return asked === undefined ? 204 : { status: 429, headers: { 'retry-after': asked } };
    };
    const { webhook_id: id } = await create(one.url, { event_types: ['session.linked'] });
    await stage.pair('2', PHONE);
    await webhook(id, ({ next_try_at: next, waiting }) => waiting === 0 || next !== null);
    await one.until(
      (came) => came.length >= 3,
      'the third try, long before the hour that the second was asked to wait',
    );
    expect((times[1] as number) - (times[0] as number)).toBeGreaterThanOrEqual(990);
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
