import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { errorBody, onStage, type Stage } from './stage.js';

let stage: Stage;
beforeEach(() => {
  stage = onStage();
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
