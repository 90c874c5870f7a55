import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/config.js';
import { API_KEY, errorBody, onStage } from './stage.js';

const fast = { wrongKeyDelay: 1, wrongKeyMaxDelay: 4 };

describe('the key', () => {
  it.each([
    ['x-api-key', API_KEY],
    ['X-API-Key', API_KEY],
    ['X-Api-KEY', API_KEY],
    ['Authorization', `Bearer ${API_KEY}`],
    ['authorization', `bearer  ${API_KEY}`],
  ])('opens as %s', async (header, value) => {
    await onStage().anonymous.get('/api/sessions').set(header, value).expect(200);
  });

  it('may have letters outside of ASCII', async () => {
    const key = 'clave-ñandú-8Qz71LmWbXr20pTs';
    const stage = onStage({ config: readConfig({ API_KEY: key }) });
    // curl sends the terminal's bytes, UTF-8; Node's client wants one character for each byte.
    const asSent = Buffer.from(key, 'utf8').toString('latin1');
    await stage.anonymous.get('/api/sessions').set('x-api-key', asSent).expect(200);
  });

  it.each([
    ['nothing', {}],
    ['an empty header', { 'x-api-key': '' }],
    ['another scheme', { Authorization: 'Basic dXNlcjpwYXNz' }],
    ['Bearer alone', { Authorization: 'Bearer' }],
  ])('is missing with %s', async (_name, headers) => {
    const response = await onStage().anonymous.get('/api/sessions').set(headers).expect(401);
    expect(errorBody(response).code).toBe('missing_api_key');
    expect(response.headers['www-authenticate']).toBe('Bearer');
  });

  it.each([
    ['x-api-key', 'wrong'],
    ['x-api-key', `${API_KEY}x`],
    ['x-api-key', API_KEY.toLowerCase()],
    ['x-api-key', 'x'.repeat(8000)],
    ['Authorization', 'Bearer wrong'],
  ])('is wrong as %s: %.30s', async (header, value) => {
    const response = await onStage().anonymous.get('/api/sessions').set(header, value).expect(401);
    expect(errorBody(response).code).toBe('wrong_api_key');
  });

  it('is looked at before the body, the content type and the address', async () => {
    const stage = onStage({ limits: fast });
    for (const path of ['/api/start-session', '/api/nothing']) {
      await stage.anonymous.post(path).type('json').send('{').expect(401);
      await stage.anonymous
        .post(path)
        .set('x-api-key', 'wrong')
        .type('text/plain')
        .send('x'.repeat(300_000))
        .expect(401);
    }
    expect(stage.sessions.calls).toEqual([]);
  });
});

describe('wrong keys', () => {
  it('are limited by address, while the right one goes on working', async () => {
    const stage = onStage({ limits: fast });
    const guess = () => stage.anonymous.get('/api/sessions').set('x-api-key', 'wrong');
    for (let attempt = 1; attempt <= 10; attempt += 1) await guess().expect(401);
    const limited = await guess().set('X-Forwarded-For', '203.0.113.9').expect(429);
    expect(errorBody(limited).code).toBe('too_many_requests');
    expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(limited.headers['retry-after'])).toBeLessThanOrEqual(60);
    await stage.get('/api/sessions').expect(200);
    await stage.anonymous.get('/api/sessions').expect(401);
    await guess().expect(429);
    expect(stage.log.filter(({ event }) => event === 'wrong_api_key')).toHaveLength(10);
  });

  it('right keys do not use up what wrong ones may', async () => {
    const stage = onStage({ limits: { ...fast, wrongKeysPerMinute: 2 } });
    for (let call = 0; call < 10; call += 1) await stage.get('/api/sessions').expect(200);
    await stage.anonymous.get('/api/sessions').set('x-api-key', 'wrong').expect(401);
  });

  it('wait longer each time, up to a limit', async () => {
    const stage = onStage({ limits: { wrongKeyDelay: 20, wrongKeyMaxDelay: 80 } });
    const times: number[] = [];
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const before = performance.now();
      await stage.anonymous.get('/api/sessions').set('x-api-key', 'wrong').expect(401);
      times.push(performance.now() - before);
    }
    [20, 40, 80, 80, 80].forEach((delay, attempt) => expect(times[attempt]).toBeGreaterThanOrEqual(delay - 2));
    expect(times[4]).toBeLessThan(1000);
  });

  it('that wait are few; the rest is refused at once, and a place is freed by hanging up', async () => {
    const stage = onStage({ limits: { wrongKeyDelay: 5000, wrongKeyMaxDelay: 5000, wrongKeysWaiting: 1 } });
    const server = stage.app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const waiting = connect(port, '127.0.0.1');
      waiting.write('GET /api/sessions HTTP/1.1\r\nHost: x\r\nx-api-key: wrong\r\n\r\n');
      await until(() => stage.log.some(({ event }) => event === 'wrong_api_key'));
      const guess = () => fetch(`http://127.0.0.1:${port}/api/sessions`, { headers: { 'x-api-key': 'wrong' } });
      expect((await guess()).status).toBe(429);
      waiting.destroy();
      await until(() => stage.log.some(({ event, aborted }) => event === 'http_request' && aborted === true));
      const abort = new AbortController();
      const next = fetch(`http://127.0.0.1:${port}/api/sessions`, {
        headers: { 'x-api-key': 'wrong' },
        signal: abort.signal,
      });
      await until(() => stage.log.filter(({ event }) => event === 'wrong_api_key').length === 2);
      abort.abort();
      await expect(next).rejects.toThrow();
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
