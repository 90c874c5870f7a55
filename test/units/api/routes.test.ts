import { decodePNG } from './decode-png.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { ServiceError } from '../../../src/errors.js';
import type { OrganizationId } from '../../../src/organization-id.js';
import { NOW, QR_TEXT, snapshotOf, waitingForScan } from './in-memory-sessions.js';
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

describe('status', () => {
  it('of an organization that never was', async () => {
    const response = await stage.get('/api/status/nobody').expect(200);
    expect(response.body).toMatchObject({
      organization_id: 'nobody',
      status: 'not_started',
      connected: false,
      has_qr: false,
      phone_number: null,
      backups: 0,
      queue: { pending: 0, oldest_at: null },
      first_contacts_paused_until: null,
    });
    expect(stage.sessions.calls).toEqual([]);
  });

  it('tells everything', async () => {
    stage.sessions.hold(
      snapshotOf('2', {
        status: 'disconnected',
        lastDisconnect: { kind: 'stream_error', code: 500, text: 'Stream Errored (ack)', at: NOW },
        nextReconnectAt: NOW + 1000,
        attention: { code: 'outage', since: NOW, until: null },
        heldUp: { by: 'disk', since: NOW },
        lastCleaning: { at: NOW, reason: 'bad_mac', automatic: true, backup: '2_corrupted_1' },
        automaticCleanings: { count: 1, limit: 3 },
      }),
    );
    stage.sessions.backupsOf.set('2', [
      { name: '2_corrupted_1', set_aside_at: TIME, phone_number: null, reason: 'bad_mac', size: 1 },
    ]);
    const response = await stage.get('/api/status/2').set('Accept-Language', 'en').expect(200);
    expect(response.body).toEqual({
      organization_id: '2',
      status: 'disconnected',
      connected: false,
      has_qr: false,
      phone_number: '573001112233',
      // What needs attention says more than the status, and the two must not contradict each other.
      sentence: expect.stringContaining('WhatsApp or the network') as unknown,
      hint: expect.stringContaining('network') as unknown,
      since: TIME,
      last_connected_at: TIME,
      last_disconnect: { code: 500, reason: 'stream_error', text: 'Stream Errored (ack)', at: TIME },
      next_reconnect_at: '2026-01-02T03:04:06.000Z',
      qr_expires_at: null,
      health: {
        verdict: 'healthy',
        counters: {
          bad_mac: { count: 0, limit: 3, window_ms: 30_000 },
          stream_error: { count: 0, limit: 2, window_ms: 60_000 },
        },
        totals: expect.objectContaining({ duplicate_message: 0 }) as unknown,
        last_cleaning: { at: TIME, reason: 'bad_mac', automatic: true, backup: '2_corrupted_1' },
        cleanings_24h: 1,
        cleanings_limit: 3,
      },
      attention: {
        code: 'outage',
        sentence: expect.stringContaining('WhatsApp or the network') as unknown,
        hint: expect.any(String) as unknown,
        since: TIME,
        until: null,
      },
      logout: null,
      held_up: { by: 'disk', sentence: expect.stringContaining('The disk') as unknown, since: TIME },
      backups: 1,
      queue: { pending: 0, oldest_at: null },
      first_contacts_paused_until: null,
    });
  });

  it(
    'tells until when no new customers are written to, also of an organization that is gone, ' +
      'and no more when it is over',
    async () => {
      stage.sessions.hold(snapshotOf('2'));
      const paused = async (id: string) =>
        (await stage.get(`/api/status/${id}`).expect(200)).body as { first_contacts_paused_until: string | null };
      for (const id of ['2', 'gone']) {
        await stage.outbox.pauseFirstContacts(id as OrganizationId, NOW + 1000);
        expect(await paused(id)).toMatchObject({ first_contacts_paused_until: new Date(NOW + 1000).toISOString() });
      }
      stage.clock.now += 1000;
      for (const id of ['2', 'gone']) expect(await paused(id)).toMatchObject({ first_contacts_paused_until: null });
    },
  );

  it('counts what waits in the outbox, and since when, also of an organization that is gone', async () => {
    stage.sessions.hold(snapshotOf('2'));
    const organizationId = '2' as OrganizationId;
    for (const text of ['one', 'two']) {
      await stage.outbox.accept({
        organizationId,
        phone: '573001112233',
        content: { kind: 'text', version: 1, text },
        expiresAt: NOW + 1000,
      });
      stage.clock.now += 1000;
    }
    const queue = { pending: 2, oldest_at: TIME };
    expect((await stage.get('/api/status/2').expect(200)).body).toMatchObject({ queue });
    const listed = await stage.get('/api/sessions').expect(200);
    expect(listed.body).toMatchObject({ sessions: [{ organization_id: '2', queue: { pending: 2 } }] });
    stage.sessions.held.clear();
    expect((await stage.get('/api/status/2').expect(200)).body).toMatchObject({ status: 'not_started', queue });
  });

  it('has the same fields for known and unknown', async () => {
    stage.sessions.hold(snapshotOf('2'));
    const known = await stage.get('/api/status/2').expect(200);
    const unknown = await stage.get('/api/status/3').expect(200);
    expect(Object.keys(known.body as object)).toEqual(Object.keys(unknown.body as object));
  });

  it('is told also when the backups cannot be read', async () => {
    stage.sessions.hold(snapshotOf('2'));
    stage.sessions.failure = new Error('EACCES');
    const response = await stage.get('/api/status/2').expect(200);
    expect(response.body).toMatchObject({ status: 'connected', connected: true, backups: null });
    expect(stage.log.map(({ event }) => event)).toContain('backups_unreadable');
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
