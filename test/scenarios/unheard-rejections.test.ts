import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';

describe('what Baileys answers by itself', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  it('meets a connection that has just been cut: no rejection is left without anybody who hears it', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    for (let n = 0; n < 10; n++) {
      const logins = stage.whatsapp.record.loginsOf(PHONE).length;
      const connected = stage.log.events('session_connected', '2').length;
      // It is read, and the answer to it meets the reset.
      stage.whatsapp.sendDirty(PHONE, 'account_sync');
      stage.whatsapp.mishaps.cut(PHONE);
      await stage.whatsapp.record.untilLogins(PHONE, logins + 1);
      await stage.log.until('session_connected', { org: '2', count: connected + 1 });
    }
    expect(stage.log.events('unhandled_rejection')).toEqual([]);
    await stage.send('2', '573109998877');
  });
});
