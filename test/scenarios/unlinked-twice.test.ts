import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';
const DEVICE_REMOVED = { code: 401, attrs: { type: 'device_removed' } };

describe('"this device is unlinked" is believed when a second login says the same', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  const unlinkedEnds = () => stage.log.events('session_disconnected', '2').filter(({ kind }) => kind === 'unlinked');
  const nothingSetAside = async () => {
    expect(stage.log.events('session_unlinked')).toEqual([]);
    expect((await stage.api.backups('2')).body.total).toBe(0);
    expect(stage.whatsapp.record.registrations).toHaveLength(1);
  };

  it.each(['while it was connected', 'at the login'])(
    'said once, %s, and wrong: one login more, no scan',
    async (when) => {
      stage = await Stage.set();
      await stage.pair('2', PHONE);
      if (when === 'at the login') {
        stage.whatsapp.mishaps.failure(PHONE, 401);
        stage.whatsapp.mishaps.cut(PHONE);
      } else {
        stage.whatsapp.mishaps.streamError(PHONE, 'conflict', DEVICE_REMOVED);
      }
      await stage.log.until('session_connected', { org: '2', count: 2 });
      expect(unlinkedEnds().map(({ msg }) => msg)).toEqual([
        expect.stringContaining(when === 'at the login' ? 'next try in' : 'logging in once more, to be sure'),
      ]);
      expect((await stage.api.status('2')).body).toMatchObject({ status: 'connected', attention: null });
      await nothingSetAside();
      await stage.send('2', CUSTOMER);
    },
  );

  it('said again and again of a device that can log in: it stays linked, with logins ever more seldom', async () => {
    stage = await Stage.set({
      env: { HEALTH_STABLE_AFTER: '60000', RECONNECT_BASE_DELAY: '20', RECONNECT_MAX_DELAY: '100' },
    });
    await stage.pair('2', PHONE);
    for (let time = 1; time <= 4; time++) {
      stage.whatsapp.mishaps.streamError(PHONE, 'conflict', DEVICE_REMOVED);
      await stage.log.until('session_connected', { org: '2', count: time + 1 });
    }
    expect(unlinkedEnds().map(({ msg }) => /once more|next try/.exec(msg ?? '')?.[0])).toEqual([
      'once more',
      'next try',
      'next try',
      'next try',
    ]);
    await nothingSetAside();
  });

  it('said twice: the keys are set aside, the hint names the way back, which needs no scan', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.failure(PHONE, 401);
    stage.whatsapp.mishaps.streamError(PHONE, 'conflict', DEVICE_REMOVED);
    const { msg } = await stage.log.until('session_unlinked', { org: '2' });
    expect(msg).toContain('restore-session');
    expect(unlinkedEnds()).toHaveLength(2);
    const { body } = await stage.api.status('2');
    expect(body).toMatchObject({ status: 'logged_out', phone_number: null, attention: { code: 'unlinked' } });
    expect(body.attention.hint).toContain('/api/restore-session');
    // WhatsApp was wrong twice.
    expect((await stage.api.post('/api/restore-session', { organization_id: '2' })).body.status).toBe('connected');
    expect(stage.whatsapp.record.registrations).toHaveLength(1);
    await stage.send('2', CUSTOMER);
  });

  it('really unlinked: one login more is refused, and no third is tried', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.whatsapp.phone(PHONE).unlink();
    await stage.log.until('session_unlinked', { org: '2' });
    expect(stage.whatsapp.record.failedLogins.map(({ reason }) => reason)).toEqual(['401']);
    expect((await stage.api.backups('2')).body.backups).toMatchObject([{ reason: 'unlinked', phone_number: PHONE }]);
  });

  it('a restart of the service between the two: it only asks once more', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.whatsapp.mishaps.refuseConnections(true);
    stage.whatsapp.mishaps.streamError(PHONE, 'conflict', DEVICE_REMOVED);
    await stage.log.until('session_disconnected', { org: '2', count: 3 });
    expect(unlinkedEnds()).toHaveLength(1);
    await stage.stopService();
    stage.whatsapp.mishaps.failure(PHONE, 401);
    await stage.whatsapp.mishaps.refuseConnections(false);
    await stage.startService();
    await stage.log.until('session_connected', { org: '2', count: 2 });
    expect(unlinkedEnds()).toHaveLength(2);
    await nothingSetAside();
  });
});
