import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';

describe('what holds up an organization for more than ten seconds', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  it('a login that WhatsApp does not complete, and one that waits for it: both say so, until its end', async () => {
    stage = await Stage.set({ env: { MAX_CONCURRENT_LOGINS: '1', QUERY_TIMEOUT: '60000' } });
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.muteQueries(PHONE, { xmlns: 'encrypt' });
    const logins = stage.whatsapp.record.totals.logins;
    stage.whatsapp.mishaps.cut(PHONE);
    await stage.whatsapp.record.until(({ totals }) => totals.logins > logins);
    await stage.api.start('3');
    const heldUp = async (id: string) => (await stage.api.status(id)).body.held_up as unknown;
    // Not yet: a moment is no trouble.
    expect([await heldUp('2'), await heldUp('3'), await heldUp('nobody')]).toEqual([null, null, null]);

    const lines = await Promise.all(['2', '3'].map((org) => stage.log.until('session_held_up', { org })));
    expect(lines.map(({ level, by }) => [level, by])).toEqual([
      ['warn', 'login'],
      // At a start many wait for their turn.
      ['debug', 'login_turn'],
    ]);
    expect((await stage.api.status('2')).body).toMatchObject({
      status: 'connecting',
      held_up: { by: 'login', sentence: 'WhatsApp has not completed the login yet.', since: lines[0]?.since },
    });
    expect(await heldUp('3')).toMatchObject({ by: 'login_turn', since: lines[1]?.since });
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [path.resolve('dist/cli/main.js'), 'status', '3', '--url', stage.api.url],
      { env: { PATH: process.env.PATH, LANG: 'en_US.UTF-8', API_KEY: stage.key }, cwd: stage.directory },
      // It ends with 1, for the session is not connected.
    ).catch((error: { stdout: string }) => error);
    expect(stdout).toMatch(/Held up by: +login_turn: The session waits for its turn to log in: .*\(Since/);

    stage.whatsapp.mishaps.muteQueries(PHONE, { on: false });
    stage.whatsapp.mishaps.cut(PHONE);
    await stage.log.until('session_connected', { org: '2', count: 2 });
    await stage.log.until('qr_ready', { org: '3' });
    expect([await heldUp('2'), await heldUp('3')]).toEqual([null, null]);
    await stage.send('2', CUSTOMER);
  });
});
