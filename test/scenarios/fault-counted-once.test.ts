import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';

describe('a fault is counted once', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  it('one message that fails four times by retry is one Bad MAC; two more messages reach the limit', async () => {
    stage = await Stage.set({ env: { HEALTH_STABLE_AFTER: '100000' } });
    await stage.pair('2', PHONE);
    const customer = stage.whatsapp.customer(CUSTOMER);
    await stage.receive(PHONE, CUSTOMER);
    await stage.send('2', CUSTOMER);

    // The first try and three of the four that are asked for; the last one arrives whole.
    stage.whatsapp.mishaps.badMac(PHONE, 4, { retriesToo: true });
    const { id } = await customer.write(PHONE, stage.text());
    await customer.delivered(id);
    const failures = stage.log.events('fault_counted', '2').filter(({ kind }) => kind === 'bad_mac');
    expect(failures).toHaveLength(4);
    expect(failures.at(-1)).toMatchObject({ counts: { bad_mac: 1, stream_error: 0 } });
    expect((await stage.api.status('2')).body).toMatchObject({
      status: 'connected',
      health: { verdict: 'suspect', counters: { bad_mac: { count: 1 } }, totals: { bad_mac: 4 } },
    });
    expect(stage.log.events('session_cleaned')).toEqual([]);

    stage.whatsapp.mishaps.badMac(PHONE, 2);
    for (let i = 0; i < 2; i++) await customer.write(PHONE, stage.text());
    expect(await stage.log.until('session_cleaned', { org: '2' })).toMatchObject({ counts: { bad_mac: 3 } });
  });
});
