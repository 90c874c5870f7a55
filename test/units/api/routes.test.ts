import { beforeEach, describe, expect, it } from 'vitest';
import { ServiceError } from '../../../src/errors.js';
import { NOW, snapshotOf, waitingForScan } from './in-memory-sessions.js';
import { errorBody, onStage, type Stage } from './stage.js';

const TIME = '2026-01-02T03:04:05.000Z';
let stage: Stage;
beforeEach(() => {
  stage = onStage();
});

describe('health needs no key', () => {
  it('tells how many sessions are held', async () => {
    stage.sessions.hold(snapshotOf('1'));
    const response = await stage.anonymous.get('/health').expect(200);
    expect(response.body).toEqual({ status: 'ok', sessions: 1, timestamp: TIME });
  });

  it('lives', async () => {
    const response = await stage.anonymous.get('/health/live').expect(200);
    expect(response.body).toEqual({ status: 'ok' });
  });

  it('is ready when the saved sessions had their first try', async () => {
    const ready = await stage.anonymous.get('/health/ready').expect(200);
    expect(ready.body).toEqual({ status: 'ready', ready: true, restoring: 0, version_refused: false });
    stage.sessions.ready = { ready: false, restoring: 3, versionRefused: false };
    const starting = await stage.anonymous.get('/health/ready').expect(503);
    expect(starting.body).toEqual({ status: 'starting', ready: false, restoring: 3, version_refused: false });
  });
});

describe('start-session', () => {
  it('answers message, organization_id and status', async () => {
    const response = await stage.post('/api/start-session', { organization_id: '2' }).expect(200);
    expect(response.body).toEqual({
      message: 'Hay un código QR listo para escanear.',
      organization_id: '2',
      status: 'qr_ready',
      hint: expect.stringContaining('Dispositivos vinculados') as unknown,
    });
    expect(stage.sessions.calls).toEqual([['start', '2', { pairingPhone: undefined, waitMs: undefined }]]);
  });

  it('takes an integer and answers a string', async () => {
    const response = await stage.post('/api/start-session', { organization_id: 2 }).expect(200);
    expect(response.body).toMatchObject({ organization_id: '2' });
  });

  it('waits as long as it is told', async () => {
    await stage.post('/api/start-session', { organization_id: 2, wait_ms: 30_000 }).expect(200);
    await stage.post('/api/start-session', { organization_id: 2, wait_ms: 0 }).expect(200);
    expect(stage.sessions.calls.map(([, , options]) => options)).toEqual([{ waitMs: 30_000 }, { waitMs: 0 }]);
  });

  it('answers a pairing code to who asks for one, and waits for it unasked', async () => {
    const response = await stage
      .post('/api/start-session', { organization_id: 2, pairing_phone: '300 111 2233' })
      .expect(200);
    expect(response.body).toMatchObject({ status: 'qr_ready', pairing_code: 'ABCD1234' });
    expect(stage.sessions.calls).toEqual([['start', '2', { pairingPhone: '573001112233', waitMs: 6000 }]]);
  });

  it('says so when a phone is linked already', async () => {
    stage.sessions.failure = new ServiceError('already_paired', { status: 'connected' });
    const body = { organization_id: 2, pairing_phone: 573001112233 };
    const response = await stage.post('/api/start-session', body).expect(409);
    expect(errorBody(response)).toMatchObject({ code: 'already_paired', status: 'connected' });
  });
});

it('sessions lists all', async () => {
  stage.sessions.hold(snapshotOf('1'));
  stage.sessions.hold(waitingForScan('2'));
  const response = await stage.get('/api/sessions').expect(200);
  expect(response.body).toMatchObject({
    total: 2,
    sessions: [
      { organization_id: '1', status: 'connected', connected: true, has_qr: false, phone_number: '573001112233' },
      { organization_id: '2', status: 'qr_ready', connected: false, has_qr: true, phone_number: null },
    ],
  });
});

describe('ending a session', () => {
  beforeEach(() => {
    stage.sessions.hold(snapshotOf('2'));
  });

  it('logout', async () => {
    const response = await stage.post('/api/logout', { organization_id: 2 }).expect(200);
    expect(response.body).toEqual({
      success: true,
      message:
        'Sesión cerrada, pero WhatsApp no lo confirmó: el dispositivo puede seguir vinculado. ' +
        'Sus claves están en el respaldo 2_corrupted_1.',
      organization_id: '2',
      outcome: 'not_confirmed',
      backup: '2_corrupted_1',
    });
    expect(stage.sessions.calls).toEqual([['logout', '2']]);
  });

  it('stop and restart', async () => {
    const stopped = await stage.post('/api/stop-session', { organization_id: 2 }).expect(200);
    expect(stopped.body).toMatchObject({ success: true, organization_id: '2', status: 'stopped' });
    const restarted = await stage.post('/api/restart-session', { organization_id: 2 }).expect(200);
    expect(restarted.body).toMatchObject({ success: true, organization_id: '2', status: 'connecting' });
  });

  it.each(['/api/logout', '/api/stop-session', '/api/restart-session'])('%s: unknown is 404', async (path) => {
    const response = await stage.post(path, { organization_id: 'nobody' }).expect(404);
    expect(errorBody(response).code).toBe('unknown_organization');
  });
});

describe('cleaning and the way back', () => {
  it.each(['/api/force-clean-session', '/api/clear-corrupted-session', '/api/clear-session'])('%s', async (path) => {
    stage.sessions.hold(snapshotOf('2'));
    const response = await stage.post(path, { organization_id: '2' }).expect(200);
    expect(response.body).toEqual({
      success: true,
      cleaned: true,
      message: expect.stringContaining('respaldo') as unknown,
      organization_id: '2',
      backup: `2_corrupted_${NOW}`,
      backup_path: `auth_sessions/2_corrupted_${NOW}`,
      status: 'qr_ready',
      has_qr: true,
      qr: expect.stringMatching(/^data:image\/png;base64,/) as unknown,
    });
    expect(stage.sessions.calls).toEqual([['forceClean', '2', { waitMs: 5000, force: false }]]);
  });

  it('keeps no backup of what was never paired', async () => {
    stage.sessions.hold(waitingForScan('2'));
    const response = await stage.post('/api/force-clean-session', { organization_id: '2' }).expect(200);
    expect(response.body).toMatchObject({ success: true, backup: null, backup_path: null, status: 'qr_ready' });
  });

  it('of an unknown organization is 404', async () => {
    const response = await stage.post('/api/force-clean-session', { organization_id: 'nobody' }).expect(404);
    expect(errorBody(response).code).toBe('unknown_organization');
  });

  it('lists backups, field by field', async () => {
    stage.sessions.hold(snapshotOf('2'));
    const backup = {
      name: '2_corrupted_1',
      set_aside_at: TIME,
      phone_number: '573001112233',
      reason: 'bad_mac',
      size: 9,
    };
    stage.sessions.backupsOf.set('2', [{ ...backup, path: '/secret/place' } as typeof backup]);
    const response = await stage.get('/api/backups/2').expect(200);
    expect(response.body).toEqual({ organization_id: '2', total: 1, backups: [backup] });
    await stage.get('/api/backups/nobody').expect(404);
  });

  it('restores the newest, or the one named', async () => {
    stage.sessions.hold(snapshotOf('2'));
    const named = (name: string) => ({ name, set_aside_at: TIME, phone_number: null, reason: 'forced', size: 1 });
    const none = await stage.post('/api/restore-session', { organization_id: 2 }).expect(404);
    expect(errorBody(none).code).toBe('no_backup');
    stage.sessions.backupsOf.set('2', [named('2_corrupted_2'), named('2_corrupted_1')]);
    const newest = await stage.post('/api/restore-session', { organization_id: 2 }).expect(200);
    expect(newest.body).toEqual({
      success: true,
      message: expect.stringContaining('Respaldo restaurado') as unknown,
      organization_id: '2',
      backup: '2_corrupted_2',
      status: 'connecting',
      phone_number: '573001112233',
    });
    const older = { organization_id: 2, backup: '2_corrupted_1' };
    const chosen = await stage.post('/api/restore-session', older).expect(200);
    expect(chosen.body).toMatchObject({ backup: '2_corrupted_1' });
    const unknown = await stage
      .post('/api/restore-session', { organization_id: 2, backup: '2_corrupted_7' })
      .expect(404);
    expect(errorBody(unknown).code).toBe('unknown_backup');
  });
});
