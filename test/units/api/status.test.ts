import { beforeEach, describe, expect, it } from 'vitest';
import type { OrganizationId } from '../../../src/organization-id.js';
import { NOW, snapshotOf } from './in-memory-sessions.js';
import { onStage, type Stage } from './stage.js';

const TIME = '2026-01-02T03:04:05.000Z';
let stage: Stage;
beforeEach(() => {
  stage = onStage();
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
