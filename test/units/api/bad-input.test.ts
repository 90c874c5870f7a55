import { request as httpRequest } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { createHttpServer } from '../../../src/api/http-server.js';
import { snapshotOf } from './in-memory-sessions.js';
import { API_KEY, errorBody, onStage, type Stage } from './stage.js';

let stage: Stage;
beforeEach(() => {
  stage = onStage();
});

const WITH_ORGANIZATION = [
  '/api/start-session',
  '/api/send-message',
  '/api/logout',
  '/api/stop-session',
  '/api/restart-session',
  '/api/force-clean-session',
  '/api/clear-corrupted-session',
  '/api/clear-session',
  '/api/restore-session',
  '/api/organization-settings',
  '/api/other-phone-messages',
];
const BY_PATH = ['/api/status', '/api/qr', '/api/backups', '/api/organization-settings'];

const MORE_FIELDS: Record<string, object> = {
  '/api/send-message': { phone: '3001112233', message: 'x' },
  '/api/organization-settings': { quiet_hours: null },
  '/api/other-phone-messages': { action: 'send' },
};

const BAD_IDS: [string, unknown][] = [
  ['a way up', '../../etc'],
  ['an absolute path', '/etc/passwd'],
  ['a Windows path', 'C:\\Windows'],
  ['dots', '..'],
  ['an encoded way up', '%2e%2e'],
  ['a backup', '2_corrupted_1700000000000'],
  ['a NUL', '2\u0000'],
  ['a line end', '2\n'],
  ['a space', ' 2'],
  ['empty', ''],
  ['letters of another script', 'организация'],
  ['a beginning dash', '-2'],
  ['65 characters', 'a'.repeat(65)],
  ['200 KB', 'a'.repeat(200_000)],
  ['a fraction', 1.5],
  ['beyond the safe integers', 1e21],
  ['a negative number', -1],
  ['null', null],
  ['a boolean', true],
  ['an array', ['2']],
  ['an object', { id: '2' }],
];

describe('a wrong organization_id', () => {
  it.each(BAD_IDS)('in a body: %s', async (_name, id) => {
    const response = await stage.post('/api/start-session', { organization_id: id }).expect(400);
    expect(errorBody(response).code).toBe('invalid_organization_id');
    expect(errorBody(response).fields).toHaveProperty('organization_id');
    expect(stage.sessions.calls).toEqual([]);
  });

  it.each(WITH_ORGANIZATION)('is refused by %s', async (path) => {
    const body = { organization_id: '../../etc', ...MORE_FIELDS[path] };
    const response = await stage.post(path, body).expect(400);
    expect(errorBody(response).code).toBe('invalid_organization_id');
    expect(stage.sessions.calls).toEqual([]);
  });

  it.each(
    BY_PATH.flatMap((path) =>
      [
        '..%2f..%2fetc',
        '%2Fetc%2Fpasswd',
        '%2e%2e%2f',
        '2_corrupted_5',
        '2%00',
        '2%0a',
        '%E0%A4%A',
        'a'.repeat(10_000),
      ].map((id) => `${path}/${id}`),
    ),
  )('in a path: %.60s', async (path) => {
    const response = await stage.get(path).expect(400);
    expect(errorBody(response).code).toBe('invalid_organization_id');
    expect(stage.sessions.calls).toEqual([]);
  });
});

describe('wrong fields, each by name', () => {
  it('missing ones, also without any body', async () => {
    const response = await stage.post('/api/send-message').expect(400);
    expect(errorBody(response)).toMatchObject({
      code: 'invalid_request',
      error: 'La solicitud no es válida: organization_id, phone, message.',
      fields: {
        organization_id: 'Falta este campo.',
        phone: 'Falta este campo.',
        message: 'Falta este campo.',
      },
    });
  });

  it('unknown ones', async () => {
    const body = { organization_id: '2', phone: '3001112233', message: 'x', espera: 5, mensaje: 'x' };
    const response = await stage.post('/api/send-message', body).expect(400);
    expect(errorBody(response).fields).toEqual({
      espera: 'Este campo no existe.',
      mensaje: 'Este campo no existe.',
    });
  });

  it('those that would pollute a prototype', async () => {
    const response = await stage
      .post('/api/start-session')
      .type('json')
      .send('{"organization_id":"2","__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}')
      .expect(400);
    expect(response.text).toContain('"__proto__":"Este campo no existe."');
    expect(response.text).toContain('"constructor":"Este campo no existe."');
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
    expect(stage.sessions.calls).toEqual([]);
  });

  it('not more of them, and not longer, than anybody reads', async () => {
    const body = Object.fromEntries(
      Array.from({ length: 500 }, (_unused, index) => [`${index}_${'x'.repeat(300)}`, 1]),
    );
    const response = await stage.post('/api/start-session', body).expect(400);
    expect(response.text.length).toBeLessThan(8000);
  });

  it.each<[string, unknown]>([
    ['letters', 'abc'],
    ['too short', '123'],
    ['a group', '120363041234567890@g.us'],
    ['an address', 'ana@example.com'],
    ['an object', {}],
    ['null', null],
    ['empty', ''],
  ])('a phone: %s', async (_name, phone) => {
    const response = await stage.post('/api/send-message', { organization_id: 2, phone, message: 'x' }).expect(400);
    expect(errorBody(response).code).toBe('invalid_phone');
    expect(Object.keys(errorBody(response).fields ?? {})).toEqual(['phone']);
    const pairing = await stage.post('/api/start-session', { organization_id: 2, pairing_phone: phone }).expect(400);
    expect(errorBody(pairing).code).toBe('invalid_phone');
  });

  it.each<[string, unknown, RegExp]>([
    ['a digit too many', '30044455667', /^It has too many digits/],
    ['a digit too few', '612345678', /^It has too few digits/],
    ['no country', '+999 123 456 789', /^It begins with the code of no country/],
    ['no such numbers', '+57 200 111 2233', /^Its country has no numbers like this one/],
  ])('a phone that its country does not have is told why, wherever it is given: %s', async (_name, phone, why) => {
    const answers = [
      await stage.post('/api/send-message', { organization_id: 2, phone, message: 'x' }).set('accept-language', 'en'),
      await stage.post('/api/start-session', { organization_id: 2, pairing_phone: phone }).set('accept-language', 'en'),
      await stage
        .get(`/api/messages?organization_id=2&phone=${encodeURIComponent(String(phone))}`)
        .set('accept-language', 'en'),
    ];
    for (const response of answers) {
      expect(response.status).toBe(400);
      expect(errorBody(response).code).toBe('invalid_phone');
      expect(Object.values(errorBody(response).fields ?? {})).toEqual([expect.stringMatching(why)]);
    }
    expect(stage.courier.accepted).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['empty', '', 'No puede estar vacío.'],
    ['blank', ' \n ', 'No puede estar vacío.'],
    ['a number', 5, 'Debe ser un texto.'],
    ['null', null, 'Debe ser un texto.'],
    ['an object', { text: 'x' }, 'Debe ser un texto.'],
    ['too long', 'x'.repeat(65_537), 'Debe tener como máximo 65.536 caracteres.'],
  ])('a message: %s', async (_name, message, sentence) => {
    const response = await stage
      .post('/api/send-message', { organization_id: 2, phone: '3001112233', message })
      .expect(400);
    expect(errorBody(response)).toMatchObject({ code: 'invalid_request', fields: { message: sentence } });
  });

  it.each([-1, 30_001, 1.5, '1000', null, true])('wait_ms: %j', async (wait_ms) => {
    const response = await stage.post('/api/start-session', { organization_id: 2, wait_ms }).expect(400);
    expect(Object.keys(errorBody(response).fields ?? {})).toEqual(['wait_ms']);
  });

  it.each(['../../etc', '/etc', '', 5, null, 'a'.repeat(200)])('backup: %.20j', async (backup) => {
    const response = await stage.post('/api/restore-session', { organization_id: 2, backup }).expect(400);
    expect(Object.keys(errorBody(response).fields ?? {})).toEqual(['backup']);
    expect(stage.sessions.calls).toEqual([]);
  });

  it('several at once are one invalid request', async () => {
    const response = await stage
      .post('/api/send-message', { organization_id: '..', phone: 'x', message: '' })
      .expect(400);
    expect(errorBody(response).code).toBe('invalid_request');
    expect(Object.keys(errorBody(response).fields ?? {})).toEqual(['organization_id', 'phone', 'message']);
  });
});

describe('a body that is none of ours', () => {
  it.each(['{', '{"organization_id": 2', "{'organization_id': 2}", 'organization_id=2', ' ', '{"a":1}{"b":2}'])(
    'bad JSON: %j',
    async (text) => {
      const response = await stage.post('/api/start-session').type('json').send(text).expect(400);
      expect(errorBody(response).code).toBe('invalid_json');
    },
  );

  it.each(['[]', '"2"', '2', 'true', '[{"organization_id":2}]'])('JSON, but no object: %s', async (text) => {
    const response = await stage.post('/api/start-session').type('json').send(text).expect(400);
    expect(errorBody(response)).toMatchObject({
      code: 'invalid_request',
      fields: { body: 'El cuerpo debe ser un objeto JSON.' },
    });
  });

  it('null counts as empty', async () => {
    const response = await stage.post('/api/start-session').type('json').send('null').expect(400);
    expect(Object.keys(errorBody(response).fields ?? {})).toEqual(['organization_id']);
  });

  it('nesting to the brim of the limit', async () => {
    const response = await stage.post('/api/start-session').type('json').send('['.repeat(200_000)).expect(400);
    expect(errorBody(response).code).toBe('invalid_json');
  });

  it.each([300_000, 3_000_000])('too large: %i bytes', async (size) => {
    const response = await stage.post('/api/start-session', { organization_id: 'a'.repeat(size) }).expect(413);
    expect(errorBody(response).code).toBe('body_too_large');
  });

  it('too large in chunks, its length not told', async () => {
    const request = stage.post('/api/start-session').type('json').set('Transfer-Encoding', 'chunked');
    for (let sent = 0; sent < 40; sent += 1) request.write(' '.repeat(10_000));
    const response = await request.expect(413);
    expect(errorBody(response).code).toBe('body_too_large');
  });

  it.each([
    'application/x-www-form-urlencoded',
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/xml',
    'json',
  ])('of another kind: %s', async (type) => {
    const response = await stage
      .post('/api/start-session')
      .set('Content-Type', type)
      .send('organization_id=2')
      .expect(415);
    expect(errorBody(response).code).toBe('unsupported_media_type');
  });

  it('with an unknown charset, or compressed', async () => {
    const charset = await stage
      .post('/api/start-session')
      .set('Content-Type', 'application/json; charset=klingon')
      .send('{}')
      .expect(415);
    expect(errorBody(charset).code).toBe('unsupported_media_type');
    const zipped = stage
      .post('/api/start-session')
      .set('Content-Type', 'application/json')
      .set('Content-Encoding', 'gzip');
    zipped.write(gzipSync('{"organization_id":"2"}'));
    const response = await zipped.expect(415);
    expect(errorBody(response).code).toBe('unsupported_media_type');
  });

  it('JSON with a charset is JSON', async () => {
    await stage
      .post('/api/start-session')
      .set('Content-Type', 'application/json; charset=utf-8')
      .send('{"organization_id":"2"}')
      .expect(200);
  });

  it('of a GET is ignored', async () => {
    await stage.get('/api/sessions').set('Content-Type', 'text/plain').send('whatever').expect(200);
  });
});

describe('a wrong address or method', () => {
  it.each([
    '/nothing',
    '/api',
    '/api/nothing',
    '/api/status',
    '/api/status/2/more',
    '/favicon.ico',
    '/api/status/../../etc',
  ])('GET %s', async (path) => {
    const response = await stage.get(path).expect(404);
    expect(errorBody(response).code).toBe('not_found');
  });

  it('an unknown one is not told apart without a key', async () => {
    await stage.anonymous.get('/api/nothing').expect(401);
  });

  it('does not read the body first', async () => {
    await stage.post('/api/nothing').type('json').send('{').expect(404);
  });

  it.each(WITH_ORGANIZATION)('GET %s', async (path) => {
    const response = await stage.get(path).expect(405);
    expect(errorBody(response).code).toBe('method_not_allowed');
    expect(response.headers.allow).toBe('POST');
  });

  it.each([
    ...BY_PATH.map((path) => `${path}/2`),
    '/api/sessions',
    '/api/messages',
    '/health',
    '/health/live',
    '/health/ready',
  ])('POST %s', async (path) => {
    const response = await stage.post(path, {}).expect(405);
    expect(response.headers.allow).toBe('GET, HEAD');
  });

  it('OPTIONS is a method like others', async () => {
    const response = await supertestOptions('/api/sessions');
    expect(response.status).toBe(405);
  });

  async function supertestOptions(path: string) {
    return stage.anonymous.options(path).set('x-api-key', API_KEY);
  }

  it('HEAD is a GET without a body', async () => {
    stage.sessions.hold(snapshotOf('2'));
    await stage.anonymous.head('/api/status/2').set('x-api-key', API_KEY).expect(200);
  });
});

describe('what is no HTTP request that Express would see', () => {
  it('an address of a megabyte, and garbage, are answered in our shape', async () => {
    const server = createHttpServer(stage.app, 'es');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const long = await new Promise<string>((resolve, reject) => {
        const path = `/api/status/${'a'.repeat(1_000_000)}`;
        const request = httpRequest({ port, path, headers: { 'x-api-key': API_KEY } }, (response) => {
          let text = `${response.statusCode} `;
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () => resolve(text));
        });
        request.on('error', reject).end();
      });
      const garbage = await new Promise<string>((resolve, reject) => {
        let text = '';
        const socket = connect(port, '127.0.0.1', () => socket.write('\x16\x03\x01 not http\r\n\r\n'));
        socket.on('data', (chunk) => (text += chunk.toString()));
        socket.on('close', () => resolve(text)).on('error', reject);
      });
      for (const answer of [long, garbage]) {
        expect(answer).toContain('400 ');
        expect(answer).toContain('"code":"invalid_request"');
      }
    } finally {
      server.close();
    }
  });
});
