import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';

describe('pairing', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  it('leads from the QR picture over the phone and 515 to connected, without a fault', async () => {
    stage = await Stage.set();
    const started = await stage.api.ready('2');
    expect(started.status).toBe(200);
    expect(started.body).toMatchObject({ organization_id: '2', status: 'qr_ready' });

    await stage.whatsapp.phone(PHONE).scanQrPicture(await stage.api.qrPicture('2'));
    const connected = await stage.api.ready('2');
    expect(connected.body.status).toBe('connected');

    const status = await stage.api.status('2');
    expect(status.body).toMatchObject({
      organization_id: '2',
      status: 'connected',
      connected: true,
      has_qr: false,
      phone_number: PHONE,
      last_disconnect: { reason: 'restart_required', code: 515 },
      health: { verdict: 'healthy', counters: { bad_mac: { count: 0 }, stream_error: { count: 0 } } },
    });
    expect(stage.log.events('fault_counted')).toEqual([]);
    expect(stage.log.events('session_connected', '2')).toHaveLength(1);

    await stage.send('2', CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);
    await stage.send('2', CUSTOMER);
  });
});
