import { afterEach, describe, expect, it } from 'vitest';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const OTHER_PHONE = '573001114455';
const CUSTOMER = '573109998877';

describe('replaced by another login', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  const replace = () => stage.whatsapp.mishaps.streamError(PHONE, 'conflict', { attrs: { type: 'replaced' } });
  const clean = () => stage.api.post('/api/force-clean-session', { organization_id: '2' });

  it('once, and nobody is there: one slow try by itself, and it goes on', async () => {
    stage = await Stage.set({ env: { REPLACED_RETRY_DELAY: '1500' } });
    await stage.pair('2', PHONE);
    const logins = stage.whatsapp.record.loginsOf(PHONE).length;
    replace();
    const line = await stage.log.until('session_disconnected', { org: '2', count: 2 });
    expect(line).toMatchObject({ level: 'info', kind: 'replaced' });
    const { body } = await stage.api.status('2');
    expect(body).toMatchObject({
      status: 'disconnected',
      attention: { code: 'replaced_once', until: body.next_reconnect_at as string },
      last_disconnect: { reason: 'replaced' },
    });
    // Neither a client that starts nor one that cleans by reflex makes a fight of it.
    await stage.api.start('2');
    expect((await clean()).body).toMatchObject({ cleaned: false, status: 'disconnected', backup: null });
    const text = stage.text();
    const sent = await stage.api.send('2', CUSTOMER, text, { wait_ms: 0 });
    expect(sent).toMatchObject({ status: 202, body: { status: 'queued' } });
    expect(stage.whatsapp.record.loginsOf(PHONE)).toHaveLength(logins);

    await stage.log.until('session_connected', { org: '2', count: 2 });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(body.next_reconnect_at as string));
    expect(stage.whatsapp.record.loginsOf(PHONE)).toHaveLength(logins + 1);
    await stage.whatsapp.customer(CUSTOMER).receivedText(text);
    expect((await stage.api.status('2')).body.attention).toBeNull();
    expect(stage.log.events('fault_counted')).toEqual([]);
  });

  it('again after that try, though it lasted: it asks for a person, logs in no more; then it begins anew', async () => {
    stage = await Stage.set({ env: { REPLACED_RETRY_DELAY: '50', HEALTH_STABLE_AFTER: '50' } });
    await stage.pair('2', PHONE);
    await stage.log.until('session_stable', { org: '2', count: 1 });
    replace();
    await stage.log.until('session_connected', { org: '2', count: 2 });
    await stage.log.until('session_stable', { org: '2', count: 2 });
    replace();
    await stage.log.until('session_disconnected', { org: '2', count: 3 });
    const logins = stage.whatsapp.record.loginsOf(PHONE).length;
    expect((await stage.api.status('2')).body).toMatchObject({
      status: 'disconnected',
      next_reconnect_at: null,
      attention: { code: 'replaced', until: null },
    });
    // Another organization comes and goes meanwhile: a try after 50 ms would have been seen.
    await stage.pair('3', OTHER_PHONE);
    stage.whatsapp.mishaps.cut(OTHER_PHONE);
    await stage.log.until('session_connected', { org: '3', count: 2 });
    expect(stage.whatsapp.record.loginsOf(PHONE)).toHaveLength(logins);

    await stage.api.restart('2');
    await stage.log.until('session_connected', { org: '2', count: 3 });
    replace();
    await stage.log.until('session_connected', { org: '2', count: 4 });
    await stage.send('2', CUSTOMER);
  });

  it('the slow try comes after a minute, unless it is configured otherwise', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    replace();
    await stage.log.until('session_disconnected', { org: '2', count: 2 });
    const { attention, last_disconnect } = (await stage.api.status('2')).body;
    expect(Date.parse(attention.until as string) - Date.parse(last_disconnect.at as string)).toBe(60_000);
  });
});
