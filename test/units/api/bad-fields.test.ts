import { beforeEach, describe, expect, it } from 'vitest';
import { errorBody, onStage, type Stage } from './stage.js';

let stage: Stage;
beforeEach(() => {
  stage = onStage();
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
