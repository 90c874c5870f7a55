import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';
const OTHER_CUSTOMER = '573109998866';

describe('bad MACs', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  for (const type of ['pkmsg', 'msg'] as const) {
    it(`three within the window, as ${type}: backup, new QR, log with counts; after the scan all is well`, async () => {
      stage = await Stage.set({ env: { HEALTH_STABLE_AFTER: '100000' } });
      await stage.pair('2', PHONE);
      await stage.receive(PHONE, CUSTOMER);
      await stage.send('2', CUSTOMER);
      await stage.receive(PHONE, CUSTOMER);

      stage.whatsapp.mishaps.badMac(PHONE, 3, { type });
      for (let i = 0; i < 3; i++) await stage.whatsapp.customer(CUSTOMER).write(PHONE, stage.text());

      const cleaned = await stage.log.until('session_cleaned', { org: '2' });
      expect(cleaned).toMatchObject({ level: 'error', reason: 'bad_mac', counts: { bad_mac: 3, stream_error: 0 } });
      const counted = stage.log.events('fault_counted', '2');
      expect(counted.map(({ kind, counts }) => ({ kind, counts }))).toEqual([
        { kind: 'bad_mac', counts: { bad_mac: 1, stream_error: 0 } },
        { kind: 'bad_mac', counts: { bad_mac: 2, stream_error: 0 } },
        { kind: 'bad_mac', counts: { bad_mac: 3, stream_error: 0 } },
      ]);

      const waiting = await stage.api.ready('2');
      expect(waiting.body.status).toBe('qr_ready');
      // A booking that comes now is not turned away: its confirmation waits for the scan.
      const confirmation = stage.text();
      expect(await stage.api.send('2', CUSTOMER, confirmation, { wait_ms: 0 })).toMatchObject({
        status: 202,
        body: { success: true, status: 'queued', session_status: 'qr_ready' },
      });
      const backups = await stage.api.backups('2');
      expect(backups.body.backups).toHaveLength(1);
      expect(backups.body.backups[0]).toMatchObject({ reason: 'bad_mac', phone_number: PHONE });
      expect(cleaned.backup).toContain(backups.body.backups[0].name);
      expect(cleaned.msg).toContain(backups.body.backups[0].name);

      await stage.scan('2', PHONE);
      const status = await stage.api.status('2');
      expect(status.body.health).toMatchObject({
        verdict: 'healthy',
        counters: { bad_mac: { count: 0 }, stream_error: { count: 0 } },
        cleanings_24h: 1,
      });
      await stage.whatsapp.customer(CUSTOMER).receivedText(confirmation);
      await stage.send('2', CUSTOMER);
      await stage.receive(PHONE, CUSTOMER);
    });
  }

  it('two, then quiet, then one: nothing is cleaned, and every text arrives by retry', async () => {
    stage = await Stage.set({ env: { BAD_MAC_RESET_TIME: '1500', HEALTH_STABLE_AFTER: '100000' } });
    await stage.pair('2', PHONE);
    const customer = stage.whatsapp.customer(CUSTOMER);
    const other = stage.whatsapp.customer(OTHER_CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);

    stage.whatsapp.mishaps.badMac(PHONE, 2);
    const ids = [await customer.write(PHONE, stage.text()), await other.write(PHONE, stage.text())];
    await stage.log.until('fault_counted', { org: '2', count: 2 });
    expect((await stage.api.status('2')).body.health).toMatchObject({
      verdict: 'suspect',
      counters: { bad_mac: { count: 2, limit: 3, window_ms: 1500 } },
    });
    await Promise.all([customer.delivered(ids[0]!.id), other.delivered(ids[1]!.id)]);

    // Quiet for as long as the window: the window is the thing under test, and this is its length.
    await new Promise((resolve) => setTimeout(resolve, 1600));
    stage.whatsapp.mishaps.badMac(PHONE, 1);
    const last = await customer.write(PHONE, stage.text());
    await stage.log.until('fault_counted', { org: '2', count: 3 });
    await customer.delivered(last.id);
    expect((await stage.api.status('2')).body.health.counters.bad_mac.count).toBe(1);
    expect(stage.log.events('session_cleaned')).toEqual([]);
    expect((await stage.api.status('2')).body.status).toBe('connected');
  });

  it('ten duplicates count as duplicates and never lead to a cleaning', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    const customer = stage.whatsapp.customer(CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);
    await stage.send('2', CUSTOMER);
    stage.whatsapp.mishaps.duplicate(PHONE, 10);
    for (let i = 0; i < 10; i++) await customer.write(PHONE, stage.text());
    const line = await stage.log.until('fault_counted', { org: '2', count: 10 });
    expect(line).toMatchObject({ kind: 'duplicate_message', counts: { bad_mac: 0, stream_error: 0 } });
    const status = await stage.api.status('2');
    expect(status.body).toMatchObject({ status: 'connected', health: { verdict: 'healthy' } });
    expect(status.body.health.totals).toMatchObject({ duplicate_message: 10, bad_mac: 0 });
    expect(stage.log.events('session_cleaned')).toEqual([]);
    await stage.receive(PHONE, CUSTOMER);
  });
});

describe('stream errors', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  it('"Stream Errored (ack)" once: reconnected, nothing cleaned', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.streamError(PHONE, 'ack');
    await stage.log.until('session_connected', { org: '2', count: 2 });
    expect(stage.log.events('session_cleaned')).toEqual([]);
    expect(stage.log.events('fault_counted', '2')).toMatchObject([
      { kind: 'stream_error', counts: { stream_error: 1 } },
    ]);
    await stage.send('2', CUSTOMER);
  });

  it('twice in 60 s, also when the session opens for a moment in between: cleaned', async () => {
    stage = await Stage.set({ env: { HEALTH_STABLE_AFTER: '10000' } });
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.streamError(PHONE, 'ack');
    await stage.log.until('session_connected', { org: '2', count: 2 });
    stage.whatsapp.mishaps.streamError(PHONE, 'ack');
    const cleaned = await stage.log.until('session_cleaned', { org: '2' });
    expect(cleaned).toMatchObject({ reason: 'stream_error', counts: { bad_mac: 0, stream_error: 2 } });
    expect((await stage.api.ready('2')).body.status).toBe('qr_ready');
    await stage.scan('2', PHONE);
    await stage.send('2', CUSTOMER);
  });

  it('twice with a connection between that proved stable: the counters started from zero', async () => {
    stage = await Stage.set({ env: { HEALTH_STABLE_AFTER: '200' } });
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.streamError(PHONE, 'ack');
    await stage.log.until('session_stable', { org: '2' });
    expect((await stage.api.status('2')).body.health.counters.stream_error.count).toBe(0);
    stage.whatsapp.mishaps.streamError(PHONE, 'ack');
    await stage.log.until('session_connected', { org: '2', count: 3 });
    expect(stage.log.events('session_cleaned')).toEqual([]);
  });

  it('515, 503, failures, network trouble and refused upgrades, many times: reconnected, never cleaned', async () => {
    stage = await Stage.set({ env: { HEALTH_STABLE_AFTER: '100000' } });
    await stage.pair('2', PHONE);
    const { mishaps } = stage.whatsapp;
    let connected = 1;
    const again = async (): Promise<void> => {
      connected += 1;
      await stage.log.until('session_connected', { org: '2', count: connected });
    };
    for (let round = 0; round < 3; round++) {
      mishaps.streamError(PHONE, undefined, { code: 515 });
      await again();
      mishaps.streamError(PHONE, undefined, { code: 503 });
      await again();
      mishaps.failure(PHONE, 500);
      mishaps.cut(PHONE);
      await again();
      mishaps.failure(PHONE, 503);
      mishaps.cut(PHONE);
      await again();
      mishaps.rejectUpgrade(503);
      mishaps.cut(PHONE);
      await again();
      mishaps.rejectUpgrade(429);
      mishaps.endStream(PHONE);
      await again();
      await mishaps.refuseConnections(true);
      mishaps.cut(PHONE);
      await stage.log.until('session_disconnected', {
        org: '2',
        count: stage.log.events('session_disconnected', '2').length + 2,
      });
      await mishaps.refuseConnections(false);
      await again();
    }
    expect(stage.log.events('fault_counted')).toEqual([]);
    expect(stage.log.events('session_cleaned')).toEqual([]);
    const kinds = new Set(stage.log.events('session_disconnected', '2').map(({ kind }) => kind));
    expect(kinds).toEqual(new Set(['restart_required', 'server_busy', 'network', 'upgrade_refused']));
    await stage.send('2', CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);
  });
});
