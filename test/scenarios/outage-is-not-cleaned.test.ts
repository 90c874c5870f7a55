import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const CUSTOMER = '573109998877';
const SHOPS = Array.from({ length: 6 }, (_, n) => ({ id: `shop-${n + 1}`, phone: `5730011${String(10000 + n)}` }));

describe('a cleaning by reflex during an outage', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  const clean = (id: string, more: object = {}) =>
    stage.api.post('/api/force-clean-session', { organization_id: id, ...more });

  it('wipes nobody: it logs in with the keys there are; only force cleans', async () => {
    stage = await Stage.set({
      env: {
        STREAM_ERROR_LIMIT: '2',
        HEALTH_STABLE_AFTER: '600000',
        RECONNECT_BASE_DELAY: '600000',
        RECONNECT_MAX_DELAY: '600000',
      },
    });
    for (const { id, phone } of SHOPS) await stage.pair(id, phone);
    for (let round = 1; round <= 2; round++) {
      stage.whatsapp.mishaps.streamError('*', 'ack');
      await Promise.all(SHOPS.map(({ id }) => stage.log.until('session_disconnected', { org: id, count: round + 1 })));
      if (round === 2) break;
      for (const { id } of SHOPS) await stage.api.restart(id);
      await Promise.all(SHOPS.map(({ id }) => stage.log.until('session_connected', { org: id, count: 2 })));
    }
    expect(stage.log.events('cleaning_held_back').map(({ reason }) => reason)).toEqual(Array(6).fill('outage'));
    const [first, second] = SHOPS as [(typeof SHOPS)[number], (typeof SHOPS)[number]];
    expect((await stage.api.status(first.id)).body).toMatchObject({
      status: 'disconnected',
      attention: { code: 'outage', until: null },
      // The limit is still reached: this is no verdict about the keys.
      health: { verdict: 'corrupted' },
    });
    expect((await clean(first.id)).body).toMatchObject({ cleaned: false, status: 'connected', backup: null });
    expect((await stage.api.status(first.id)).body.attention).toBeNull();
    await stage.send(first.id, CUSTOMER);
    expect(stage.log.events('session_cleaned')).toEqual([]);

    // WhatsApp is still away: the answer says so, and nothing is wiped either.
    await stage.whatsapp.mishaps.refuseConnections(true);
    const { body } = await clean(second.id);
    expect(body).toMatchObject({ success: true, cleaned: false, backup: null });
    await stage.whatsapp.mishaps.refuseConnections(false);
    expect((await stage.api.backups(second.id)).body.total).toBe(0);
    expect((await clean(second.id, { force: true })).body).toMatchObject({ cleaned: true });
  });
});
