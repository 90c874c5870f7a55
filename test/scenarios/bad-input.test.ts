import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BAD_IDS, GETS, POSTS, WRONG_TYPES } from '../stage/bad-values.js';
import { Stage } from '../stage/stage.js';

const ID = 'known';
const PHONE = '573001200001';
const CUSTOMER = '573109998877';
const MEGABYTE = 'a'.repeat(1024 * 1024);

interface Raw {
  status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

function describeEntry(file: string): string {
  if (!existsSync(file)) return `${file} is not there`;
  const found = lstatSync(file);
  return `${file} ${found.isDirectory() ? 'is a folder' : found.ctimeMs}`;
}

describe('bad input', () => {
  let stage: Stage;
  let before: { tree: string[]; escapes: string[]; sessions: unknown };

  beforeAll(async () => {
    stage = await Stage.set();
    await stage.pair(ID, PHONE);
    await stage.send(ID, CUSTOMER);
  });
  afterAll(() => stage.end());

  /**
   * Every name below the stage's directory, in which the folders of keys and of data are; and where a naive path would
   * have led.
   */
  async function look(): Promise<typeof before> {
    const escapes = BAD_IDS.map(([, id]) => id)
      .filter((id): id is string => typeof id === 'string' && id !== '' && !id.includes('\u0000') && id.length < 200)
      .flatMap((id) => [id, decodeURIComponent(id)])
      .flatMap((id) => [path.resolve(stage.authDirectory, id), path.resolve(id)])
      .map((file) => describeEntry(file))
      // The auth folder of the known organization is in use, and its directory with it.
      .filter((line) => !line.startsWith(stage.directory) || line.endsWith('is not there'));
    const listed = (await stage.api.get('/api/sessions')).body as { sessions: { organization_id: string }[] };
    return {
      tree: readdirSync(stage.directory, { recursive: true, encoding: 'utf8' }).sort(),
      escapes,
      sessions: listed.sessions.map(({ organization_id }) => organization_id),
    };
  }
  beforeEach(async (context) => {
    before = await look();
    context.onTestFinished(async () => {
      expect(await look()).toEqual(before);
      expect(before.sessions).toEqual([ID]);
      expect((await stage.api.status(ID)).body).toMatchObject({ status: 'connected', backups: 0 });
    });
  });

  /** The bytes as they are: `fetch` would tidy the path up. */
  function raw(
    method: string,
    target: string,
    options: { body?: string | Buffer; headers?: Record<string, string>; key?: string | null } = {},
  ): Promise<Raw> {
    const { body, headers = {}, key = stage.key } = options;
    const { hostname, port } = new URL(stage.api.url);
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          hostname,
          port,
          method,
          path: target,
          headers: {
            'accept-language': 'en',
            ...(key !== null && { 'x-api-key': key }),
            ...(body !== undefined && {
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(body),
            }),
            ...headers,
          },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, body: text.startsWith('{') ? JSON.parse(text) : text });
          });
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
  }

  /** An error as docs/api.md promises it. */
  const refused = (status: number, code: string, more: object = {}): object => ({
    status,
    body: { error: expect.any(String) as string, code, request_id: expect.any(String) as string, ...more },
  });

  describe.each(POSTS)('POST %s', (route, rest) => {
    it.each([...BAD_IDS, ...WRONG_TYPES])('refuses the organization id %s', async (_name, organization_id) => {
      expect(await stage.api.post(route, { ...rest, organization_id })).toMatchObject(
        refused(400, 'invalid_organization_id', { fields: { organization_id: expect.any(String) as string } }),
      );
    });

    it('refuses a missing id, an unknown field by its name, and a body that is no object', async () => {
      expect(await stage.api.post(route, rest)).toMatchObject(
        refused(400, 'invalid_request', { fields: { organization_id: expect.any(String) as string } }),
      );
      const typo = await stage.api.post(route, { ...rest, organization_id: ID, organisation: ID, __proto: 1 });
      expect(typo).toMatchObject(refused(400, 'invalid_request'));
      expect(Object.keys(typo.body.fields as object).sort()).toEqual(['__proto', 'organisation']);
      for (const body of [[], [{ organization_id: ID }], 'known', 7, null]) {
        expect((await stage.api.post(route, body)).status).toBe(400);
      }
    });

    it('refuses what is no JSON, what is no application/json, and what is too large', async () => {
      for (const body of [
        '{"organization_id": "known"',
        "{'organization_id': 'known'}",
        'organization_id=known',
        '{,}',
      ]) {
        expect(await raw('POST', route, { body })).toMatchObject(refused(400, 'invalid_json'));
      }
      for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x']) {
        expect(
          await raw('POST', route, { body: `{"organization_id":"${ID}"}`, headers: { 'content-type': type } }),
        ).toMatchObject(refused(415, 'unsupported_media_type'));
      }
      const large = JSON.stringify({ ...rest, organization_id: MEGABYTE });
      expect(await raw('POST', route, { body: large })).toMatchObject(refused(413, 'body_too_large'));
    });

    it('lets nobody in without the right key, whatever he sends', async () => {
      const body = JSON.stringify({ ...rest, organization_id: ID });
      expect(await raw('POST', route, { body, key: null })).toMatchObject(refused(401, 'missing_api_key'));
      expect(await raw('POST', route, { body: '{', key: null })).toMatchObject(refused(401, 'missing_api_key'));
      expect(await raw('POST', route, { body: MEGABYTE, key: null })).toMatchObject(refused(401, 'missing_api_key'));
    });
  });

  describe.each(GETS)('GET %s', (route) => {
    const targets = [
      '..%2f..%2fetc',
      '%2e%2e',
      '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
      '%2Fetc%2Fpasswd',
      '%252e%252e',
      'known%00',
      'known%0a',
      'known.restore',
      'known_corrupted_1700000000000',
      '%E0%A4',
      '%',
      'a'.repeat(65),
      'a'.repeat(8000),
    ];
    it.each(targets)('refuses %s', async (target) => {
      expect(await raw('GET', `${route}/${target}`)).toMatchObject(refused(400, 'invalid_organization_id'));
    });

    it.each(['../../etc', '../../../../etc/passwd', '/etc/passwd', 'known/../other'])(
      'finds nothing at %s',
      async (target) => {
        const { status, body } = await raw('GET', `${route}/${target}`);
        expect({ status, body }).toMatchObject(refused(404, 'not_found'));
      },
    );

    it('refuses an id of a megabyte', async () => {
      expect(await raw('GET', `${route}/${MEGABYTE}`)).toMatchObject(refused(400, 'invalid_request'));
    });

    it('lets nobody in without a key', async () => {
      expect(await raw('GET', `${route}/${ID}`, { key: null })).toMatchObject(refused(401, 'missing_api_key'));
      expect(await raw('GET', `${route}/%2e%2e`, { key: null })).toMatchObject(refused(401, 'missing_api_key'));
    });
  });

  it('refuses what cannot be a phone number, a text or a time', async () => {
    const fine = { organization_id: ID, phone: CUSTOMER, message: 'hola' };
    for (const phone of [
      '',
      'abc',
      '12',
      '++57',
      '0',
      {},
      [],
      null,
      true,
      1.5,
      -573001112233,
      '9'.repeat(40),
      '../../etc',
    ]) {
      expect(await stage.api.post('/api/send-message', { ...fine, phone })).toMatchObject(
        refused(400, 'invalid_phone', { fields: { phone: expect.any(String) as string } }),
      );
    }
    for (const message of ['', '   ', 7, null, {}, ['hola'], 'x'.repeat(65_537)]) {
      expect(await stage.api.post('/api/send-message', { ...fine, message })).toMatchObject(
        refused(400, 'invalid_request', { fields: { message: expect.any(String) as string } }),
      );
    }
    for (const wait_ms of [-1, 1.5, 30_001, '1000', null, 1e99]) {
      expect(await stage.api.post('/api/start-session', { organization_id: ID, wait_ms })).toMatchObject(
        refused(400, 'invalid_request', { fields: { wait_ms: expect.any(String) as string } }),
      );
    }
    // Each wrong field is named, all at once.
    const { body } = await stage.api.post('/api/send-message', { organization_id: '..', phone: 'x', text: 'hola' });
    expect(Object.keys(body.fields as object).sort()).toEqual(['message', 'organization_id', 'phone', 'text']);
    expect(stage.whatsapp.record.messagesOf(PHONE)).toHaveLength(1);
  });

  it('refuses wrong times, keys, settings and queries of messages, by name, and stores nothing for them', async () => {
    const fine = { organization_id: ID, phone: CUSTOMER, message: 'hola', wait_ms: 0 };
    const before = stage.whatsapp.record.messagesOf(PHONE).length;
    const wrong: [string, unknown][] = [
      ...['tomorrow', '2026-01-31', '2026-01-31T10:00:00', 1_700_000_000, null, {}].map((value): [string, unknown] => [
        'send_at',
        value,
      ]),
      ...['2001-01-01T00:00:00Z', '9999-01-01T00:00:00Z', ''].map((value): [string, unknown] => ['expires_at', value]),
      ...[0, -1, 1.5, '60', 1e9, null].map((value): [string, unknown] => ['ttl_seconds', value]),
      ...['', 'a'.repeat(129), 1, null].map((value): [string, unknown] => ['replace_key', value]),
      ...['', 'with blanks in it', 'ñ', 'a'.repeat(256), 1].map((value): [string, unknown] => [
        'idempotency_key',
        value,
      ]),
    ];
    for (const [field, value] of wrong) {
      const { status, body } = await stage.api.post('/api/send-message', { ...fine, [field]: value });
      expect({ field, value, status, body }).toMatchObject({
        status: 400,
        body: { code: 'invalid_request', fields: { [field]: expect.any(String) as string } },
      });
    }
    for (const quiet of [
      '21:00',
      {},
      { from: '21:00', to: '21:00', time_zone: 'UTC' },
      [],
      { from: '9:00', to: '24:00' },
    ]) {
      const answer = await stage.api.post('/api/organization-settings', { organization_id: ID, quiet_hours: quiet });
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    }
    for (const query of [
      '',
      `?organization_id=${ID}&status=lost`,
      `?organization_id=${ID}&limit=0`,
      `?organization_id=${ID}&after=x`,
    ]) {
      expect(await stage.api.get(`/api/messages${query}`)).toMatchObject({ status: 400 });
    }
    for (const id of ['3EB0', '..%2f..', '%00', 'a'.repeat(5000), "' OR 1=1 --"]) {
      const path = `/api/messages/${id.includes('%') ? id : encodeURIComponent(id)}`;
      expect((await stage.api.get(path)).status).toBe(404);
      expect((await stage.api.delete(path)).status).toBe(404);
    }
    expect((await stage.api.get(`/api/messages?organization_id=${ID}&status=queued,sending`)).body.messages).toEqual(
      [],
    );
    expect(stage.whatsapp.record.messagesOf(PHONE)).toHaveLength(before);
  });

  it('does not know other addresses and methods, and says so', async () => {
    expect(await raw('GET', '/api/nothing')).toMatchObject(refused(404, 'not_found'));
    expect(await raw('GET', '/../../etc/passwd')).toMatchObject(refused(404, 'not_found'));
    expect(await raw('GET', '/api/start-session')).toMatchObject(refused(405, 'method_not_allowed'));
    expect(await raw('DELETE', `/api/status/${ID}`)).toMatchObject(refused(405, 'method_not_allowed'));
  });

  it('answers a well-formed stranger without making anything of him', async () => {
    expect(await stage.api.status('stranger')).toMatchObject({ status: 200, body: { status: 'not_started' } });
    for (const route of ['/api/qr/stranger', '/api/backups/stranger', '/api/organization-settings/stranger']) {
      expect(await stage.api.get(route)).toMatchObject(refused(404, 'unknown_organization'));
    }
    for (const [route, rest] of POSTS) {
      if (route === '/api/start-session') continue;
      const { status, body } = await stage.api.post(route, { ...rest, organization_id: 'stranger' });
      expect({ route, status, body }).toMatchObject({
        status: 404,
        body: { code: route === '/api/send-message' ? 'session_not_started' : 'unknown_organization' },
      });
    }
  });

  it('slows wrong keys down and at last looks at none of them, while the right one goes on', async () => {
    const wrong = stage.key.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    const body = JSON.stringify({ organization_id: 'intruder' });
    const first = await raw('POST', '/api/start-session', { body, key: wrong });
    expect(first).toMatchObject(refused(401, 'wrong_api_key'));
    const more = await Promise.all(
      Array.from({ length: 15 }, () => raw('POST', '/api/start-session', { body, key: wrong })),
    );
    const codes = more.map(({ status, body }) => `${status} ${(body as { code: string }).code}`);
    expect(new Set(codes)).toEqual(new Set(['401 wrong_api_key', '429 too_many_requests']));
    expect((await stage.api.status(ID)).status).toBe(200);
    expect(
      await raw('GET', `/api/status/${ID}`, { key: null, headers: { authorization: `Bearer ${stage.key}` } }),
    ).toMatchObject({
      status: 200,
    });
    for (const key of [`${stage.key} x`, stage.key.slice(0, -1), stage.key.toUpperCase()]) {
      expect((await raw('GET', `/api/status/${ID}`, { key })).status).toBeGreaterThanOrEqual(401);
    }
    expect(stage.log.text).not.toContain(wrong);
  });

  it('leaves a session that goes on as if nothing had been', async () => {
    await stage.send(ID, CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);
    expect(stage.log.events('internal_error')).toEqual([]);
    expect(stage.log.events('session_disconnected', ID)).toHaveLength(1);
    expect(stage.whatsapp.record.loginsOf(PHONE)).toHaveLength(1);
  });
});
