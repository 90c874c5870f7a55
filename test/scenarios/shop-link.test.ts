import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AnyOperation } from '../../src/api/operation.js';
import { OPERATIONS } from '../../src/api/operations/index.js';
import type { Answer } from '../stage/api.js';
import { Browser } from '../stage/browser.js';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const SHOP = 'shop-1';
const COOKIE = 'whatsapp_server_shop';

let stage: Stage;
let browser: Browser;
beforeEach(async () => {
  stage = await Stage.set();
  browser = new Browser(stage.api.url);
});
afterEach(async () => {
  await stage.end();
});

const makeLink = (more: object = {}): Promise<Answer> =>
  stage.api.post('/api/shop-links', { organization_id: SHOP, ...more });
const tokenOf = ({ body }: Answer): string => String(body.url).split('#')[1] ?? '';

/** Makes a link and opens it in `browser`. */
async function openShop(): Promise<void> {
  const opened = await browser.post('/api/shop/open', { token: tokenOf(await makeLink()) });
  expect(opened.status).toBe(200);
}

/** Long polls, as the page does, until the answer is the wanted one. */
async function seen(wanted: (body: Answer['body']) => boolean, by: Browser = browser): Promise<Answer['body']> {
  let { body, status } = await by.get('/api/shop/session?wait_ms=0');
  while (status === 200 && !wanted(body)) {
    ({ body, status } = await by.get(`/api/shop/session?since=${body.version}`));
  }
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}

/** The phone's camera on what this browser shows. */
async function scan({ qr }: { qr: string }): Promise<void> {
  await stage.whatsapp.phone(PHONE).scanQrPicture(Buffer.from(qr.split(',')[1] ?? '', 'base64'));
}

describe('a link for the shop', () => {
  it('shows the QR of a session that it started itself, follows it, and says when the phone is linked', async () => {
    const made = await makeLink({ expires_in_minutes: 30 });
    expect(made.status).toBe(201);
    expect(made.body.organization_id).toBe(SHOP);
    expect(made.body.url).toMatch(new RegExp(`^${stage.api.url}/shop#[A-Za-z0-9_-]{43}$`));
    const lasts = Date.parse(made.body.expires_at) - Date.now();
    expect(lasts).toBeGreaterThan(29 * 60_000);
    expect(lasts).toBeLessThanOrEqual(30 * 60_000);

    const opened = await browser.post('/api/shop/open', { token: tokenOf(made) });
    expect(opened.body).toEqual({ organization_id: SHOP, expires_at: made.body.expires_at });
    const set = (browser.attributes.get(COOKIE) ?? '').split('; ');
    expect(set).toEqual(expect.arrayContaining(['HttpOnly', 'SameSite=Strict', 'Path=/api/shop']));

    const ready = await seen(({ status }) => status === 'qr_ready');
    expect(ready).toMatchObject({ organization_id: SHOP, linked: false, phone_number: null, pairing_code: null });
    const shows = Date.parse(ready.qr_expires_at) - Date.now();
    expect(shows).toBeGreaterThan(30_000);
    expect(shows).toBeLessThanOrEqual(60_000);
    const [linked] = await Promise.all([seen((body) => body.linked), scan(ready)]);
    expect(linked).toMatchObject({ linked: true, status: 'connected', qr: null, phone_number: PHONE });
    expect(linked.sentence).toBe('The phone is linked: you may close this page.');
  });

  it('opens once: whoever comes second gets nothing, and is told what to do', async () => {
    const token = tokenOf(await makeLink());
    expect((await browser.post('/api/shop/open', { token })).status).toBe(200);
    const second = new Browser(stage.api.url);
    const refused = await second.post('/api/shop/open', { token });
    expect(refused).toMatchObject({ status: 404, body: { code: 'unknown_shop_link' } });
    expect(refused.body.hint).toContain('new one');
    expect(second.cookie(COOKIE)).toBeUndefined();
    expect((await second.get('/api/shop/session')).body.code).toBe('unknown_shop_link');
    for (const secret of [token, browser.cookie(COOKIE)]) expect(stage.log.text).not.toContain(secret);
  });

  it('has done its work when a phone was linked, whoever looks and whatever becomes of the session', async () => {
    await openShop();
    const unopened = tokenOf(await makeLink());
    const { qr } = await seen(({ status }) => status === 'qr_ready');
    await scan({ qr });
    await stage.api.ready(SHOP);
    await stage.api.forceClean(SHOP);
    expect((await stage.api.status(SHOP)).body.has_qr).toBe(true);
    const after = await browser.get('/api/shop/session');
    expect(after.body).toMatchObject({ linked: true, qr: null, pairing_code: null, status: 'connected' });
    const code = await browser.post('/api/shop/pairing-code', { phone: PHONE });
    expect(code).toMatchObject({ status: 409, body: { code: 'already_paired' } });
    const late = new Browser(stage.api.url);
    await late.post('/api/shop/open', { token: unopened });
    expect((await late.get('/api/shop/session')).body).toMatchObject({ linked: true, qr: null });
    const again = new Browser(stage.api.url);
    await again.post('/api/shop/open', { token: tokenOf(await makeLink()) });
    expect(await seen(({ status }) => status === 'qr_ready', again)).toMatchObject({ linked: false });
  });

  it('is refused for an organization whose phone is linked, also while its session is stopped', async () => {
    await stage.pair(SHOP, PHONE);
    expect(await makeLink()).toMatchObject({ status: 409, body: { code: 'already_paired', status: 'connected' } });
    await stage.api.stop(SHOP);
    await stage.restartService();
    expect(await makeLink()).toMatchObject({ status: 409, body: { code: 'already_paired', status: 'stopped' } });
    expect((await stage.api.status(SHOP)).body.status).toBe('stopped');
  });

  it('and what it opened outlive a restart of the service', async () => {
    const sent = tokenOf(await makeLink());
    await openShop();
    await stage.restartService();
    const again = new Browser(stage.api.url);
    again.take(COOKIE, browser.cookie(COOKIE) ?? '', '/api/shop');
    expect(await seen(({ status }) => status === 'qr_ready', again)).toMatchObject({ organization_id: SHOP });
    expect((await again.post('/api/shop/open', { token: sent })).status).toBe(200);
  });

  it('gives a pairing code, a few times a minute', async () => {
    await openShop();
    await seen(({ status }) => status === 'qr_ready');
    expect((await browser.post('/api/shop/pairing-code', { phone: 'x' })).body.code).toBe('invalid_phone');
    const { status, body } = await browser.post('/api/shop/pairing-code', { phone: '300 111 2233' });
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body.pairing_code).toMatch(/^[A-Z0-9]{8}$/);
    expect((await browser.get('/api/shop/session?wait_ms=0')).body.pairing_code).toBe(body.pairing_code);
    for (let more = 0; more < 4; more += 1) await browser.post('/api/shop/pairing-code', { phone: PHONE });
    const tooMany = await browser.post('/api/shop/pairing-code', { phone: PHONE });
    expect(tooMany).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
    const { body: last } = await browser.get('/api/shop/session?wait_ms=0');
    await stage.whatsapp.phone(PHONE).enterPairingCode(String(last.pairing_code));
    expect(await seen((now) => now.linked)).toMatchObject({ phone_number: PHONE });
  });

  it('starts a new pairing when the QRs ran out and somebody still looks', async () => {
    await stage.restartService({ QR_TIMEOUT: '300' });
    browser = new Browser(stage.api.url);
    await openShop();
    const numbers = new Set<string>();
    await seen(({ qr }) => {
      if (qr) numbers.add(qr);
      // The emulator gives six for one pairing.
      return numbers.size > 6;
    });
  });

  it('ends its long poll when the time is over, when nothing changed, and when the service stops', async () => {
    await openShop();
    const { version } = await seen(({ status }) => status === 'qr_ready');
    const started = Date.now();
    const same = await browser.get(`/api/shop/session?since=${version}&wait_ms=300`);
    expect(same.body.version).toBe(version);
    expect(Date.now() - started).toBeGreaterThanOrEqual(295);
    const waiting = browser.get(`/api/shop/session?since=${version}`);
    // On a connection of its own: when it is answered, the service has the one before.
    await browser.get('/health');
    const [answer] = await Promise.all([waiting, stage.stopService()]);
    expect(answer.status).toBe(200);
  });
});

describe('the cookie of a link', () => {
  it('opens nothing but the three addresses of the shop, of all operations there are', async () => {
    await openShop();
    const cookie = browser.cookie(COOKIE) ?? '';
    const operations = (OPERATIONS as readonly AnyOperation[]).flatMap(({ method, path, aliases = [], scope, body }) =>
      [path, ...aliases].map((one) => ({ method, path: one, scope, body })),
    );
    let behindTheKey = 0;
    for (const { method, path, scope, body } of operations) {
      if (scope !== 'admin') continue;
      behindTheKey += 1;
      const address = path.replace(':organization_id', SHOP).replace(':message_id', '3EB0');
      for (const name of [COOKIE, 'whatsapp_server_session']) {
        const headers = { 'sec-fetch-site': 'same-origin', cookie: `${name}=${cookie}` };
        const content = body ? { organization_id: SHOP } : undefined;
        const answer = await browser.request(method.toUpperCase(), address, content, headers);
        expect(answer.status, `${method} ${path} as ${name}`).toBe(401);
      }
    }
    expect(behindTheKey).toBeGreaterThan(20);
    for (const path of ['/api/shop', '/api/shop/qr', '/api/shop/session/more', '/api/shop/../sessions']) {
      const answer = await browser.request('GET', path, undefined, { cookie: `${COOKIE}=${cookie}` });
      expect(answer.status, path).toBe(401);
    }
    expect((await browser.get('/api/sign-in')).body.signed_in).toBe(false);
    const other = await browser.get('/api/shop/session?organization_id=shop-2');
    expect(other).toMatchObject({ status: 400, body: { fields: { organization_id: expect.any(String) } } });
  });

  it('is needed: neither the key nor a sign-in opens the address of the shop', async () => {
    expect((await stage.api.get('/api/shop/session')).body.code).toBe('unknown_shop_link');
    await browser.post('/api/sign-in', { api_key: stage.key });
    expect((await browser.get('/api/shop/session')).body.code).toBe('unknown_shop_link');
  });

  it('works for the pages of this service only', async () => {
    await openShop();
    for (const headers of [{}, { origin: 'https://evil.example' }] as Record<string, string>[]) {
      const code = await browser.request('POST', '/api/shop/pairing-code', { phone: PHONE }, headers);
      expect(code.body.code).toBe('cross_site_request');
    }
    const foreign = { 'sec-fetch-site': 'cross-site' };
    expect((await browser.request('GET', '/api/shop/session', undefined, foreign)).status).toBe(403);
    const opening = await browser.request('POST', '/api/shop/open', { token: 'x' }, foreign);
    expect(opening.status).toBe(403);
  });

  it('is not to be had with a made-up organization or time', async () => {
    expect((await makeLink({ organization_id: '../x' })).body.code).toBe('invalid_organization_id');
    for (const minutes of [4, 1441, 60.5, '60']) {
      expect((await makeLink({ expires_in_minutes: minutes })).body.fields).toEqual({
        expires_in_minutes: expect.any(String),
      });
    }
  });
});
