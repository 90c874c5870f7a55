import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const CUSTOMER = '573109998877';

describe('a restart', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  it('brings those back first whose messages wait, the longest wait first', async () => {
    stage = await Stage.set({ env: { MAX_CONCURRENT_LOGINS: '1' } });
    const ids = Array.from({ length: 6 }, (_, n) => `shop-${n}`);
    for (const [n, id] of ids.entries()) await stage.pair(id, `57300111220${n}`);
    // Nobody is connected, so what is accepted now waits over the restart.
    await stage.whatsapp.mishaps.refuseConnections();
    for (const n of ids.keys()) stage.whatsapp.mishaps.cut(`57300111220${n}`);
    await stage.log.until('session_disconnected', { count: ids.length });
    const late = stage.text();
    for (const [id, text] of [
      ['shop-4', stage.text()],
      ['shop-2', stage.text()],
      ['shop-4', late],
    ] as const) {
      expect((await stage.api.send(id, CUSTOMER, text, { wait_ms: 0 })).status).toBe(202);
    }
    // Later than this test lasts: no reason to come first.
    const tomorrow = new Date(Date.now() + 3_600_000).toISOString();
    await stage.api.send('shop-5', CUSTOMER, stage.text(), { wait_ms: 0, send_at: tomorrow });
    await stage.stopService();
    await stage.whatsapp.mishaps.refuseConnections(false);
    const before = stage.log.events('session_connected').length;
    await stage.startService();
    await stage.log.until('session_connected', { count: before + ids.length });
    const order = stage.log.events('session_connected').slice(before);
    expect(order.map(({ org }) => org)).toEqual(
      ['shop-4', 'shop-2', 'shop-0', 'shop-1', 'shop-3', 'shop-5'].map((id) => `org_id_${id}`),
    );
    await stage.whatsapp.customer(CUSTOMER).receivedText(late);
  });
});
