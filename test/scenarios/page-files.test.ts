import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const SCRIPT = `console.log("${'page '.repeat(200)}")`;
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** A path as it is, which `fetch` would tidy. */
function raw(url: string, target: string): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path: target }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });
}

describe('the built page', () => {
  let stage: Stage;
  let directory: string;
  beforeAll(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'operator-page-'));
    const page = path.join(directory, 'page');
    mkdirSync(path.join(page, 'assets'), { recursive: true });
    writeFileSync(path.join(directory, 'secret.js'), 'secret');
    writeFileSync(path.join(page, 'index.html'), '<!doctype html><title>Operator</title>');
    writeFileSync(path.join(page, 'shop.html'), '<!doctype html><title>Shop</title>');
    writeFileSync(path.join(page, 'assets', 'page-2C7HPX5G.js'), SCRIPT);
    writeFileSync(path.join(page, 'assets', 'page-9ABCDEFG.css'), 'body { color: red }');
    writeFileSync(path.join(page, 'assets', 'page-2C7HPX5G.js.map'), '{}');
    symlinkSync(path.join(directory, 'secret.js'), path.join(page, 'assets', 'linked-ABCDEFGH.js'));
    stage = await Stage.set({ pageDirectory: page });
  });
  afterAll(async () => {
    await stage.end();
    rmSync(directory, { recursive: true });
  });
  const get = (target: string, headers: Record<string, string> = {}) => fetch(stage.api.url + target, { headers });

  it.each([
    ['/', 'Operator'],
    ['/shop', 'Shop'],
  ])('is at %s without a key, never cached, with a policy that lets in nothing from elsewhere', async (at, title) => {
    const response = await get(at);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain(title);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toBe(POLICY);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('x-frame-options')).toBe('DENY');
    expect(response.headers.get('set-cookie')).toBeNull();
  });

  it('has its files under names that are kept for ever, packed for whoever can unpack', async () => {
    const plain = await get('/assets/page-2C7HPX5G.js', { 'accept-encoding': 'identity' });
    expect(await plain.text()).toBe(SCRIPT);
    expect(plain.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(plain.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(plain.headers.get('vary')).toBe('Accept-Encoding');
    const packed = await new Promise<{ encoding: unknown; bytes: Buffer }>((resolve, reject) => {
      const headers = { 'accept-encoding': 'gzip' };
      request(`${stage.api.url}/assets/page-2C7HPX5G.js`, { headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ encoding: response.headers['content-encoding'], bytes: Buffer.concat(chunks) }),
        );
      })
        .on('error', reject)
        .end();
    });
    expect(packed.encoding).toBe('gzip');
    expect(packed.bytes.length).toBeLessThan(SCRIPT.length / 2);
    expect(gunzipSync(packed.bytes).toString()).toBe(SCRIPT);
    expect((await get('/assets/page-9ABCDEFG.css')).headers.get('content-type')).toBe('text/css; charset=utf-8');
    const head = await fetch(`${stage.api.url}/`, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect((await fetch(`${stage.api.url}/`, { method: 'POST' })).status).toBe(405);
  });

  it.each([
    '/assets/nothing-ABCDEFGH.js',
    '/assets/page-2C7HPX5G.js.map',
    '/assets/linked-ABCDEFGH.js',
    '/assets/__proto__',
    '/assets/..%2Findex.html',
    '/assets/..%2f..%2fsecret.js',
    '/assets/%2e%2e%2fsecret.js',
    '/assets/..%5csecret.js',
    '/assets/page-2C7HPX5G.js%00',
  ])('has nothing else: %s', async (target) => {
    const answer = await raw(stage.api.url, target);
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'not_found' });
  });

  it.each(['/assets/../../secret.js', '/../secret.js', '//secret.js', '/assets/', '/index.html', '/shop.html'])(
    'and leads nowhere: %s',
    async (target) => {
      const answer = await raw(stage.api.url, target);
      expect(answer.status).toBe(401);
      expect(answer.body).not.toContain('secret');
    },
  );

  it('is as it was at the start: what is put there later is not served', async () => {
    writeFileSync(path.join(directory, 'page', 'assets', 'late-ABCDEFGH.js'), 'late');
    expect((await get('/assets/late-ABCDEFGH.js')).status).toBe(404);
  });
});

describe('a page that was not built', () => {
  it('is a clear answer, and the service works without it', async () => {
    const stage = await Stage.set({ pageDirectory: path.join(tmpdir(), 'there-is-no-such-folder') });
    try {
      for (const target of ['/', '/shop', '/assets/page-2C7HPX5G.js']) {
        const answer = await stage.api.get(target);
        expect(answer).toMatchObject({ status: 503, body: { code: 'page_not_built' } });
        expect(answer.body.hint).toContain('npm run build');
      }
      expect((await stage.api.get('/api/sessions')).status).toBe(200);
      expect((await stage.api.get('/health')).status).toBe(200);
    } finally {
      await stage.end();
    }
  });
});
