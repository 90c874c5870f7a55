import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Browser } from '../stage/browser.js';
import { Stage } from '../stage/stage.js';

const COOKIE = 'whatsapp_server_session';
const HOURS_12 = 12 * 3_600_000;

let stage: Stage;
let browser: Browser;
beforeEach(async () => {
  stage = await Stage.set();
  browser = new Browser(stage.api.url);
});
afterEach(async () => {
  await stage.end();
});

const signIn = (by: Browser = browser) => by.post('/api/sign-in', { api_key: stage.key });

describe('signing in', () => {
  it('with the key gives a cookie that stands for it, for 12 hours, and that no script can read', async () => {
    expect((await browser.get('/api/sign-in')).body).toEqual({ signed_in: false, expires_at: null });
    expect((await browser.get('/api/sessions')).body.code).toBe('missing_api_key');
    const before = Date.now();
    const answer = await signIn();
    expect(answer.status).toBe(200);
    const lasts = Date.parse(answer.body.expires_at) - before;
    expect(lasts).toBeGreaterThanOrEqual(HOURS_12);
    expect(lasts).toBeLessThan(HOURS_12 + 60_000);
    const set = browser.attributes.get(COOKIE) ?? '';
    expect(set).toMatch(/^whatsapp_server_session=[A-Za-z0-9_-]{43};/);
    expect(set.split('; ').slice(1)).toEqual(expect.arrayContaining(['HttpOnly', 'SameSite=Strict', 'Path=/']));
    expect(set).not.toContain('Secure');
    expect(set).not.toContain(stage.key);
    expect((await browser.get('/api/sign-in')).body).toEqual({ signed_in: true, expires_at: answer.body.expires_at });
    for (const path of ['/api/sessions', '/api/service', '/api/charts', '/metrics', '/api/events']) {
      expect((await browser.get(path)).status, path).toBe(200);
    }
    expect((await browser.post('/api/start-session', { organization_id: 'shop-1' })).status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('is marked Secure when the browser says that it came over https', async () => {
    await browser.post('/api/sign-in', { api_key: stage.key }, { origin: 'https://wa.example.com' });
    expect(browser.attributes.get(COOKIE)).toContain('Secure');
    await browser.request('POST', '/api/sign-in', { api_key: stage.key }, { 'x-forwarded-proto': 'https' });
    expect(browser.attributes.get(COOKIE)).toContain('Secure');
  });

  it('gives another cookie each time, and the one before is over', async () => {
    await signIn();
    const first = browser.cookie(COOKIE) ?? '';
    await signIn();
    expect(browser.cookie(COOKIE)).not.toBe(first);
    const old = new Browser(stage.api.url);
    old.take(COOKIE, first);
    expect((await old.get('/api/sessions')).body.code).toBe('signed_out');
  });

  it('ends with signing out, for this browser only', async () => {
    const other = new Browser(stage.api.url);
    await signIn();
    await signIn(other);
    const kept = browser.cookie(COOKIE) ?? '';
    expect((await browser.post('/api/sign-out', {})).body).toEqual({ success: true });
    expect(browser.cookie(COOKIE)).toBeUndefined();
    browser.take(COOKIE, kept);
    expect((await browser.get('/api/sessions')).body).toMatchObject({ code: 'signed_out' });
    expect((await other.get('/api/sessions')).status).toBe(200);
  });

  it.each([
    ['signing out', (who: Browser) => who.post('/api/sign-out', {})],
    ['signing in anew', (who: Browser) => signIn(who)],
  ])("takes its event stream with it at once when it ends by %s, and nobody else's", async (_how, end) => {
    const other = new Browser(stage.api.url);
    await signIn();
    await signIn(other);
    const abort = new AbortController();
    const open = async (who: Browser) => {
      const cookie = `${COOKIE}=${who.cookie(COOKIE)}`;
      const headers = { cookie, 'sec-fetch-site': 'same-origin' };
      const response = await fetch(`${stage.api.url}/api/events/stream`, { headers, signal: abort.signal });
      const state = { ended: false };
      const ended = response.text().then(
        () => void (state.ended = true),
        () => {},
      );
      return { state, ended };
    };
    const [mine, others] = [await open(browser), await open(other)];
    const began = Date.now();
    await end(browser);
    await mine.ended;
    // Its sign of life comes every 15 s; that is not what ended it.
    expect(Date.now() - began).toBeLessThan(5_000);
    expect(mine.state.ended).toBe(true);
    expect(others.state.ended).toBe(false);
    abort.abort();
    await others.ended;
  });

  it('outlives a restart, but not a new API key; the disk has neither cookie nor token', async () => {
    await signIn();
    const { body: link } = await stage.api.post('/api/sign-in-links', {});
    const directory = path.join(stage.directory, 'data');
    const disk = readdirSync(directory)
      .filter((name) => name.startsWith('access.sqlite'))
      .map((name) => readFileSync(path.join(directory, name), 'latin1'))
      .join('');
    expect(disk.length).toBeGreaterThan(0);
    expect(disk).not.toContain(browser.cookie(COOKIE));
    expect(disk).not.toContain(link.token);
    await stage.restartService();
    const again = new Browser(stage.api.url);
    again.take(COOKIE, browser.cookie(COOKIE) ?? '');
    expect((await again.get('/api/sessions')).status).toBe(200);
    await stage.restartService({ API_KEY: 'another-Key_5xWq81LmZbYr30' });
    const after = new Browser(stage.api.url);
    after.take(COOKIE, browser.cookie(COOKIE) ?? '');
    expect((await after.get('/api/sessions')).body.code).toBe('signed_out');
    const used = await after.post('/api/sign-in', { token: link.token });
    expect(used.body.code).toBe('unknown_sign_in_link');
  });

  it('refuses a wrong key slowly, and at last not at all, at any door; and the right key still opens', async () => {
    const started = Date.now();
    for (let attempt = 0; attempt < 4; attempt += 1) {
      expect((await browser.post('/api/sign-in', { api_key: 'wrong' })).body.code).toBe('wrong_api_key');
    }
    expect(Date.now() - started).toBeGreaterThanOrEqual(50 + 100 + 200 + 400);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const open = await browser.post('/api/shop/open', { token: 'wrong' });
      expect(open.body.code).toBe('unknown_shop_link');
      const token = await browser.post('/api/sign-in', { token: 'wrong' });
      expect(token.body.code).toBe('unknown_sign_in_link');
    }
    for (const [path, body] of [
      ['/api/sign-in', { api_key: 'wrong' }],
      ['/api/sign-in', { token: 'wrong' }],
      ['/api/shop/open', { token: 'wrong' }],
    ] as const) {
      const answer = await browser.post(path, body);
      expect(answer.body.code).toBe('too_many_requests');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect((await signIn()).status).toBe(200);
  });
});

describe('a signed-in link', () => {
  it('signs one browser in, once; its token stands behind the # and in no log', async () => {
    const made = await stage.api.post('/api/sign-in-links', {});
    expect(made.status).toBe(201);
    const { url, token, expires_at: expiresAt } = made.body;
    expect(url).toBe(`${stage.api.url}/#sign-in=${token}`);
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(600_000);
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(590_000);
    expect((await browser.post('/api/sign-in', { token })).status).toBe(200);
    expect((await browser.get('/api/sessions')).status).toBe(200);
    const thief = new Browser(stage.api.url);
    const replay = await thief.post('/api/sign-in', { token });
    expect(replay).toMatchObject({ status: 401, body: { code: 'unknown_sign_in_link' } });
    expect(thief.cookie(COOKIE)).toBeUndefined();
    const again = await browser.post('/api/sign-in-links', {});
    expect(again.status).toBe(201);
    for (const secret of [token, again.body.token, browser.cookie(COOKIE)]) {
      expect(stage.log.text).not.toContain(secret);
    }
  });

  it('has the address that browsers use: PUBLIC_URL, the page that asks, or the host; never a forged one', async () => {
    await signIn();
    const asked = await browser.post('/api/sign-in-links', {}, { origin: 'https://wa.example.com' });
    expect(asked.body.url).toMatch(/^https:\/\/wa\.example\.com\/#sign-in=/);
    const foreign = await stage.api.request('/api/sign-in-links', {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://evil.example' },
      body: '{}',
    });
    expect(foreign.body.url).toMatch(`${stage.api.url}/#`);
    await stage.restartService({ PUBLIC_URL: 'https://wa.example.com/' });
    const { body } = await stage.api.post('/api/sign-in-links', {});
    expect(body.url).toBe(`https://wa.example.com/#sign-in=${body.token}`);
  });
});

describe('requests with the cookie', () => {
  const body = { organization_id: 'shop-1' };
  const stop = (headers: Record<string, string>) => browser.request('POST', '/api/start-session', body, headers);
  const host = () => new URL(stage.api.url).host;

  it('that change something are done only for a page of this service', async () => {
    await signIn();
    const refused: Record<string, string>[] = [
      {},
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'cross-site', origin: stage.api.url },
      { origin: 'https://evil.example' },
      { origin: `http://${host()}.evil.example` },
      { origin: `http://evil.example?${host()}` },
      { origin: 'http://127.0.0.1' },
      { origin: 'null' },
      { origin: host() },
      { origin: '' },
    ];
    for (const headers of refused) {
      const answer = await stop(headers);
      expect(answer, JSON.stringify(headers)).toMatchObject({ status: 403, body: { code: 'cross_site_request' } });
    }
    const cancel = await browser.request('DELETE', '/api/messages/3EB0', undefined, { origin: 'https://evil.example' });
    expect(cancel.status).toBe(403);
    const out = await browser.request('POST', '/api/sign-out', {}, { origin: 'https://evil.example' });
    expect(out.status).toBe(403);
    expect((await stage.api.get('/api/sessions')).body.total).toBe(0);
    const ours: Record<string, string>[] = [{ origin: stage.api.url }, { 'sec-fetch-site': 'same-origin' }];
    for (const headers of ours) {
      expect((await stop(headers)).status, JSON.stringify(headers)).toBe(200);
    }
  });

  it('that only read are answered to old browsers too, and never to another site', async () => {
    await signIn();
    const read = (headers: Record<string, string>) => browser.request('GET', '/api/sessions', undefined, headers);
    for (const site of ['same-origin', 'none']) expect((await read({ 'sec-fetch-site': site })).status).toBe(200);
    expect((await read({})).status).toBe(200);
    for (const site of ['cross-site', 'same-site']) expect((await read({ 'sec-fetch-site': site })).status).toBe(403);
    expect((await read({ origin: 'https://evil.example' })).status).toBe(403);
  });

  it('need no such proof with a key, which no other site can send; a wrong key is not helped by a cookie', async () => {
    await signIn();
    const headers = { 'sec-fetch-site': 'cross-site', 'x-api-key': stage.key };
    expect((await stop(headers)).status).toBe(200);
    expect((await stop({ ...headers, 'x-api-key': 'wrong' })).body.code).toBe('wrong_api_key');
  });

  it('are JSON and nothing else, which a foreign form cannot send', async () => {
    await signIn();
    const form = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' };
    expect((await browser.request('POST', '/api/stop-session', 'organization_id=shop-1', form)).status).toBe(415);
    const text = { 'content-type': 'text/plain' };
    const foreign = await browser.request('POST', '/api/sign-in', JSON.stringify({ api_key: stage.key }), text);
    expect(foreign.status).toBe(415);
  });

  it('cannot sign somebody in from another site', async () => {
    const headers = { origin: 'https://evil.example' };
    const answer = await browser.request('POST', '/api/sign-in', { api_key: stage.key }, headers);
    expect(answer.status).toBe(403);
    expect(browser.cookie(COOKIE)).toBeUndefined();
  });

  it('say what is wrong with a body', async () => {
    expect((await browser.post('/api/sign-in', {})).body.fields).toEqual({ api_key: expect.any(String) });
    const both = await browser.post('/api/sign-in', { api_key: stage.key, token: 'x' });
    expect(both.body.fields).toEqual({ token: expect.any(String) });
    expect((await browser.post('/api/sign-in', { api_key: 'x'.repeat(5000) })).status).toBe(413);
  });
});
