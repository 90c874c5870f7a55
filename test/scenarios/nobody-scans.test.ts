import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readQrPicture } from '../../emulator/qr-picture.js';
import { Stage } from '../stage/stage.js';

const CUSTOMER = '573109998877';
const ROOM = 'empty-room';
const ROOM_PHONE = '573001130001';
const BUSY = 'busy';
const BUSY_PHONE = '573001130002';

describe('nobody scans', () => {
  let stage: Stage;
  beforeAll(async () => {
    // WhatsApp gives six codes. Shown for 60 s and then for 20 s each, they last almost three minutes; here they last
    // three seconds.
    stage = await Stage.set({ env: { QR_TIMEOUT: '500' } });
    await stage.pair(BUSY, BUSY_PHONE);
  });
  afterAll(() => stage.end());

  const connections = (): number => stage.whatsapp.record.upgrades;

  /**
   * Lets the session next door be cut, come back and talk ten times, which takes several times the longest delay before
   * a login, and returns how many connections to WhatsApp there were that were not its own.
   */
  async function connectionsOfOthersMeanwhile(): Promise<number> {
    const { record, mishaps } = stage.whatsapp;
    const before = connections() - record.loginsOf(BUSY_PHONE).length;
    for (let round = 0; round < 10; round++) {
      const logins = record.loginsOf(BUSY_PHONE).length;
      mishaps.cut(BUSY_PHONE);
      await record.untilLogins(BUSY_PHONE, logins + 1);
      expect((await stage.api.ready(BUSY)).body.status).toBe('connected');
      await stage.receive(BUSY_PHONE, CUSTOMER);
    }
    return connections() - record.loginsOf(BUSY_PHONE).length - before;
  }

  it('shows one QR after the other, then asks for a scan and logs in no more', async () => {
    expect((await stage.api.ready(ROOM)).body.status).toBe('qr_ready');
    const first = readQrPicture(await stage.api.qrPicture(ROOM));
    const before = connections();

    const end = await stage.log.until('session_disconnected', { org: ROOM });
    expect(end).toMatchObject({ kind: 'qr_expired', code: 408, level: 'info' });
    const { body } = await stage.api.status(ROOM);
    expect(body).toMatchObject({
      status: 'qr_required',
      connected: false,
      has_qr: false,
      phone_number: null,
      next_reconnect_at: null,
      attention: { code: 'qr_expired', until: null },
      last_disconnect: { reason: 'qr_expired', code: 408 },
      health: { verdict: 'healthy', counters: { bad_mac: { count: 0 }, stream_error: { count: 0 } } },
    });
    // All six were shown over one connection.
    expect(connections()).toBe(before);
    expect(await connectionsOfOthersMeanwhile()).toBe(0);
    expect((await stage.api.status(ROOM)).body.status).toBe('qr_required');
    await expect(stage.whatsapp.phone(ROOM_PHONE).scanQr(first)).rejects.toThrow('no open registration');
  });

  it('looking at the status starts nothing', async () => {
    const before = connections();
    await stage.api.status(ROOM);
    await stage.api.get('/api/sessions');
    await stage.api.get('/health');
    await stage.api.get('/health/ready');
    await stage.api.backups(ROOM);
    expect(await stage.api.send(ROOM, CUSTOMER, stage.text())).toMatchObject({
      status: 404,
      body: { code: 'session_not_started', status: 'not_started' },
    });
    expect((await stage.api.status(ROOM)).body).toMatchObject({ status: 'qr_required', has_qr: false });
    expect(connections()).toBe(before);
  });

  it('asking for the QR starts a new pairing: one, however many ask', async () => {
    const before = connections();
    const answers = await Promise.all(Array.from({ length: 10 }, () => stage.api.qr(ROOM)));
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 200, body: { organization_id: ROOM, status: 'qr_ready', has_qr: true } });
    }
    expect(connections()).toBe(before + 1);
    expect((await stage.api.status(ROOM)).body.attention).toBeNull();
    // Nobody scans this one either.
    await stage.log.until('session_disconnected', { org: ROOM, count: 2 });
    expect((await stage.api.status(ROOM)).body).toMatchObject({
      status: 'qr_required',
      attention: { code: 'qr_expired' },
    });
    expect(connections()).toBe(before + 1);
  });

  it('a restart of the service starts nothing for it either', async () => {
    await stage.restartService();
    expect((await stage.api.ready(BUSY)).body.status).toBe('connected');
    expect((await stage.api.status(ROOM)).body).toMatchObject({ status: 'qr_required', has_qr: false });
    expect(await connectionsOfOthersMeanwhile()).toBe(0);
  });

  it('the picture that somebody asks for then is a new one, and scanning it connects', async () => {
    const before = connections();
    await stage.whatsapp.phone(ROOM_PHONE).scanQrPicture(await stage.api.qrPicture(ROOM));
    expect((await stage.api.ready(ROOM)).body.status).toBe('connected');
    // The pairing, and the login after it.
    expect(connections()).toBe(before + 2);
    expect((await stage.api.status(ROOM)).body).toMatchObject({ phone_number: ROOM_PHONE, attention: null });
    await stage.send(ROOM, CUSTOMER);
    await stage.receive(ROOM_PHONE, CUSTOMER);
  });
});
