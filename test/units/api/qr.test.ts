import { decodePNG } from './decode-png.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { QR_TEXT, snapshotOf, waitingForScan } from './in-memory-sessions.js';
import { errorBody, onStage, type Stage } from './stage.js';

let stage: Stage;
beforeEach(() => {
  stage = onStage();
});

describe('qr', () => {
  beforeEach(() => {
    stage.sessions.hold(waitingForScan('2'));
  });

  it('is a data URL in JSON', async () => {
    const response = await stage.get('/api/qr/2').expect(200);
    const body = response.body as { qr: string };
    expect(body).toEqual({ organization_id: '2', status: 'qr_ready', has_qr: true, qr: body.qr, qr_expires_at: null });
    const [kind, base64] = body.qr.split(',');
    expect(kind).toBe('data:image/png;base64');
    expect(decodePNG(Buffer.from(base64 ?? '', 'base64'))).toBe(QR_TEXT);
    expect(stage.sessions.calls).toEqual([['qr', '2', { waitMs: 5000 }]]);
  });

  it('is null when there is none', async () => {
    stage.sessions.hold(snapshotOf('2'));
    const response = await stage.get('/api/qr/2').expect(200);
    expect(response.body).toEqual({
      organization_id: '2',
      status: 'connected',
      has_qr: false,
      qr: null,
      qr_expires_at: null,
    });
  });

  it.each([
    ['?format=png', 'application/json'],
    ['', 'image/png'],
    ['', 'image/*'],
  ])('is a picture for %j with Accept %s', async (query, accept) => {
    const response = await stage.get(`/api/qr/2${query}`).set('Accept', accept).expect(200).responseType('blob');
    expect(response.headers['content-type']).toBe('image/png');
    expect(response.headers['cache-control']).toBe('no-store');
    expect(decodePNG(response.body as Buffer)).toBe(QR_TEXT);
  });

  it.each([
    '*/*',
    'application/json, text/plain, */*',
    'text/html,image/webp,*/*;q=0.8',
    'application/json',
    'text/csv',
  ])('is JSON for Accept %s', async (accept) => {
    const response = await stage.get('/api/qr/2').set('Accept', accept).expect(200);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it('is blocks for a terminal, dark or light', async () => {
    const dark = await stage.get('/api/qr/2?format=text').expect(200);
    expect(dark.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(dark.text).toMatch(/^[ █▀▄\n]+$/);
    const light = await stage.get('/api/qr/2?format=text&background=light').expect(200);
    expect(light.text).toHaveLength(dark.text.length);
    // The quiet zone is light: drawn on a dark terminal, left out on a light one.
    expect(dark.text.startsWith('████')).toBe(true);
    expect(light.text.startsWith('    ')).toBe(true);
  });

  it('as picture or text, needs a QR', async () => {
    stage.sessions.hold(snapshotOf('2'));
    const connected = await stage.get('/api/qr/2?format=png').expect(409);
    expect(errorBody(connected)).toMatchObject({ code: 'already_connected', status: 'connected' });
    stage.sessions.hold(snapshotOf('2', { status: 'connecting' }));
    const connecting = await stage.get('/api/qr/2?format=text').expect(409);
    expect(errorBody(connecting)).toMatchObject({
      code: 'state_conflict',
      status: 'connecting',
      hint: 'Espere unos segundos y consulte de nuevo.',
    });
  });

  it('refuses another format and an unknown organization', async () => {
    const format = await stage.get('/api/qr/2?format=svg').expect(400);
    expect(errorBody(format)).toMatchObject({
      code: 'invalid_request',
      fields: { format: 'Debe ser json, png o text.' },
    });
    await stage.get('/api/qr/2?format=png&format=text').expect(400);
    const unknown = await stage.get('/api/qr/nobody').expect(404);
    expect(errorBody(unknown).code).toBe('unknown_organization');
  });
});
