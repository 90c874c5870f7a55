import { beforeEach, describe, expect, it } from 'vitest';
import { ERROR_CODES, type ErrorCode, ServiceError } from '../../../src/errors.js';
import { SENTENCES } from '../../../src/api/sentences.js';
import { ATTENTION_CODES } from '../../../src/session/session-view.js';
import { snapshotOf } from './in-memory-sessions.js';
import { config, errorBody, onStage, type Stage } from './stage.js';

let stage: Stage;
beforeEach(() => {
  stage = onStage();
  stage.sessions.hold(snapshotOf('2'));
});

const ALLOWED_IN_ERRORS = new Set(['error', 'code', 'request_id', 'status', 'hint', 'fields']);

describe('an error', () => {
  it.each(Object.entries(ERROR_CODES))('%s is always of one shape, in both languages', async (code, status) => {
    const answers = [];
    for (const language of ['es', 'en'] as const) {
      stage.sessions.failure = new ServiceError(code as ErrorCode, { fields: { phone: 'phone' } });
      const response = await stage
        .post('/api/logout', { organization_id: 2 })
        .set('Accept-Language', language)
        .expect(status);
      const body = errorBody(response);
      expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
      expect(response.headers['content-language']).toBe(language);
      expect(body.code).toBe(code);
      expect(body.request_id).toBe(response.headers['x-request-id']);
      expect(body.error).toMatch(/^\S.+\.$/);
      expect(body.error).not.toMatch(/[{}]/);
      expect(Object.keys(body).filter((key) => !ALLOWED_IN_ERRORS.has(key))).toEqual([]);
      answers.push(body.error);
    }
    expect(answers[0]).not.toBe(answers[1]);
  });

  it('tells the session status and what to do about it', async () => {
    stage.sessions.failure = new ServiceError('state_conflict', { status: 'stopped', retryAfterSeconds: 7 });
    const response = await stage.post('/api/logout', { organization_id: 2 }).expect(409);
    expect(errorBody(response)).toMatchObject({ status: 'stopped', hint: SENTENCES.es.statuses.stopped.hint });
    expect(response.headers['retry-after']).toBe('7');
  });

  it.each<[string, unknown]>([
    ['an Error', Object.assign(new Error('no such key a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5 for 573001112233'), {})],
    ['an Error with a status of its own', Object.assign(new Error('teapot'), { status: 418 })],
    ['a text', 'just a text about +57 300 111 2233'],
    ['an object', { secret: 'x' }],
  ])('that nobody expected (%s) tells the caller nothing and the log where', async (_name, failure) => {
    stage.sessions.failure = failure;
    const response = await stage.post('/api/logout', { organization_id: 2 }).expect(500);
    expect(errorBody(response)).toEqual({
      error: SENTENCES.es.errors.internal_error.sentence,
      hint: SENTENCES.es.errors.internal_error.hint,
      code: 'internal_error',
      request_id: errorBody(response).request_id,
    });
    const line = stage.log.find(({ event }) => event === 'internal_error');
    expect(line).toMatchObject({ level: 'error', org: 'org_id_2', request_id: errorBody(response).request_id });
    const text = JSON.stringify(stage.log);
    expect(text).not.toContain('a2V5a2V5');
    expect(text).not.toContain('573001112233');
    expect(text).not.toContain('300 111 2233');
    if (failure instanceof Error) expect(text).toContain('answers.test.ts');
  });

  it('comes in time, also when the work does not', async () => {
    let open = (): void => undefined;
    stage = onStage({ limits: { answerWithin: 30 } });
    stage.sessions.hold(snapshotOf('2'));
    stage.sessions.gate = new Promise((resolve) => (open = resolve));
    const response = await stage.post('/api/logout', { organization_id: 2 }).expect(503);
    expect(errorBody(response).code).toBe('whatsapp_unavailable');
    expect(response.headers['retry-after']).toBe('5');
    stage.sessions.failure = new Error('too late anyway');
    open();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(stage.log.find(({ event }) => event === 'late_result')).toMatchObject({ level: 'warn', org: 'org_id_2' });
  });
});

describe('the language', () => {
  it.each([
    [undefined, 'es'],
    ['es', 'es'],
    ['en', 'en'],
    ['en-US,en;q=0.9', 'en'],
    ['es-CO', 'es'],
    ['fr, en;q=0.3, es;q=0.8', 'es'],
    ['en;q=0.8, es;q=0.9', 'es'],
    ['es;q=0, en', 'en'],
    ['fr', 'es'],
    ['*', 'es'],
    ['; ;;q=,', 'es'],
  ])('%s -> %s', async (header, language) => {
    const request = stage.get('/api/nothing');
    const response = await (header === undefined ? request : request.set('Accept-Language', header)).expect(404);
    expect(errorBody(response).error).toBe(SENTENCES[language as 'es' | 'en'].errors.not_found.sentence);
    expect(response.headers.vary).toContain('Accept-Language');
  });

  it('without a wish is the configured one', async () => {
    stage = onStage({ config: { ...config, DEFAULT_LANGUAGE: 'en' } });
    const response = await stage.get('/api/nothing').expect(404);
    expect(errorBody(response).error).toBe(SENTENCES.en.errors.not_found.sentence);
    const spanish = await stage.get('/api/nothing').set('Accept-Language', 'es').expect(404);
    expect(errorBody(spanish).error).toBe(SENTENCES.es.errors.not_found.sentence);
  });

  it('has a sentence for every reason of attention', async () => {
    for (const code of ATTENTION_CODES) {
      stage.sessions.hold(snapshotOf('2', { attention: { code, since: 0, until: 1000 } }));
      const response = await stage.get('/api/status/2').expect(200);
      expect(response.body).toMatchObject({
        attention: { code, hint: SENTENCES.es.attention[code].hint, until: '1970-01-01T00:00:01.000Z' },
      });
      const { attention } = response.body as { attention: { sentence: string } };
      if (code !== 'other_phone') expect(attention.sentence).toBe(SENTENCES.es.attention[code].sentence);
    }
  });

  it('names the phones that messages wait for by their last digits, and three of them at most', async () => {
    const phones = ['573001112244', '573001112255', '573001112266', '573001112277'];
    const waiting = { messages: 7, phones, linked: '573001112233' };
    stage.sessions.hold(
      snapshotOf('2', {
        attention: { code: 'other_phone', since: 0, until: null, waiting },
      }),
    );
    const { sentence } = ((await stage.get('/api/status/2').expect(200)).body as { attention: { sentence: string } })
      .attention;
    expect(sentence).toBe(
      'El último teléfono que se vinculó es …2233; esperan mensajes que son del teléfono …2244, …2255, ' +
        '…2266, 7 en total.',
    );
    const listed = (await stage.get('/api/sessions').expect(200)).body as { sessions: object[] };
    expect(listed.sessions).toMatchObject([{ attention: 'other_phone', sentence }]);
  });

  it('reads as sentences throughout', () => {
    const sayings = Object.values(SENTENCES).flatMap(
      ({ errors, statuses, attention, messages, messageErrors, waiting, done, fields }) => [
        ...[errors, statuses, attention, messages, messageErrors].flatMap((table) =>
          Object.values(table).flatMap((saying): string[] => Object.values(saying)),
        ),
        ...Object.values(waiting),
        ...Object.values(done),
        ...Object.values(fields),
      ],
    );
    for (const text of sayings) expect(text).toMatch(/^["¿A-ZÁÉÍÓÚ].*\.$/);
  });
});

describe('every answer', () => {
  it('has headers that keep browsers and caches out', async () => {
    for (const response of [
      await stage.anonymous.get('/health'),
      await stage.get('/api/status/2'),
      await stage.anonymous.get('/x'),
    ]) {
      expect(response.headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
      });
      expect(response.headers['content-security-policy']).toContain("default-src 'none'");
      expect(response.headers).not.toHaveProperty('x-powered-by');
      expect(response.headers).not.toHaveProperty('etag');
    }
  });

  it('has a request id: the caller’s, if it is a harmless one', async () => {
    const own = await stage.get('/api/nothing').set('X-Request-Id', 'booking-42.a_b').expect(404);
    expect(errorBody(own).request_id).toBe('booking-42.a_b');
    const ids = new Set<string>();
    for (const bad of ['a b', 'x'.repeat(65), '"}{', 'ñ']) {
      const response = await stage.get('/api/nothing').set('X-Request-Id', bad).expect(404);
      expect(errorBody(response).request_id).toMatch(/^[A-Za-z0-9_-]{12}$/);
      ids.add(errorBody(response).request_id);
    }
    expect(ids.size).toBe(4);
  });
});

describe('the log', () => {
  const requests = () => stage.log.filter(({ event }) => event === 'http_request');

  it('has one line for each request, with the pattern of its path', async () => {
    await stage.get('/api/status/2?phone=573001112233').expect(200);
    await stage
      .post('/api/send-message', { organization_id: 2, phone: '3001112233', message: 'Hola, Ana' })
      .expect(200);
    await stage.post('/api/send-message', { organization_id: 2, phone: '3001112233' }).expect(400);
    stage.courier.failure = new ServiceError('storage_unavailable');
    await stage.post('/api/send-message', { organization_id: 2, phone: '3001112233', message: 'Hola' }).expect(503);
    await stage.anonymous.get('/api/status/573001112233').expect(401);
    expect(requests()).toMatchObject([
      { level: 'debug', method: 'GET', path: '/api/status/:organization_id', status: 200, ms: 0, org: 'org_id_2' },
      { level: 'info', method: 'POST', path: '/api/send-message', status: 200, org: 'org_id_2' },
      { level: 'info', path: '/api/send-message', status: 400, code: 'invalid_request', org: 'org_id_2' },
      { level: 'warn', path: '/api/send-message', status: 503, code: 'storage_unavailable' },
      { level: 'debug', path: '(none)', status: 401, code: 'missing_api_key' },
    ]);
    const text = JSON.stringify(stage.log);
    for (const secret of ['3001112233', 'Hola', 'phone=']) expect(text).not.toContain(secret);
  });
});
