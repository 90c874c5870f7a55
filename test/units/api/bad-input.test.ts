import { request as httpRequest } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
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
