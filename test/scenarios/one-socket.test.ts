import { AsyncLocalStorage } from 'node:async_hooks';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';

describe('one live socket per organization', () => {
  let stage: Stage;
  afterEach(() => stage.end());

  it('start-session on a connected session changes nothing', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    const before = await stage.api.status('2');
    for (let i = 0; i < 5; i++) {
      const again = await stage.api.start('2');
      expect(again.status).toBe(200);
      expect(again.body.status).toBe('connected');
    }
    const after = await stage.api.status('2');
    expect(after.body.since).toBe(before.body.since);
    expect(after.body.last_connected_at).toBe(before.body.last_connected_at);
    expect(stage.whatsapp.record.loginsOf(PHONE)).toHaveLength(1);
    await stage.send('2', CUSTOMER);
  });

  it('ten starts at once make one socket, before and after the pairing', async () => {
    stage = await Stage.set();
    await Promise.all(Array.from({ length: 10 }, () => stage.api.start('2', { wait_ms: 10_000 })));
    expect(stage.whatsapp.record.upgrades).toBe(1);
    await stage.scan('2', PHONE);
    expect(stage.whatsapp.record.upgrades).toBe(2);

    await stage.restartService();
    const answers = await Promise.all(Array.from({ length: 10 }, () => stage.api.start('2', { wait_ms: 10_000 })));
    expect(new Set(answers.map(({ body }) => body.status as string))).toEqual(new Set(['connected']));
    expect(stage.whatsapp.record.upgrades).toBe(3);
    expect(stage.whatsapp.record.replaced).toEqual([]);
  });

  it('never enters Baileys’ own transactions: each socket that did would slow every promise for good', async () => {
    const entered = new Set<unknown>();
    type Run = (store: unknown, work: (...rest: unknown[]) => unknown, ...rest: unknown[]) => unknown;
    const original = Object.getOwnPropertyDescriptor(AsyncLocalStorage.prototype, 'run')?.value as Run;
    const run = vi.spyOn(AsyncLocalStorage.prototype, 'run').mockImplementation(function (
      this: AsyncLocalStorage<unknown>,
      store: unknown,
      work: (...rest: unknown[]) => unknown,
      ...rest: unknown[]
    ) {
      // vitest has its own; those of a call through Baileys hold a socket (ours) or what was written (Baileys').
      if (typeof store === 'object' && store !== null && ('socket' in store || 'mutations' in store)) entered.add(this);
      return original.call(this, store, work, ...rest);
    });
    onTestFinished(() => run.mockRestore());
    stage = await Stage.set();
    for (const [id, phone] of [
      ['2', PHONE],
      ['3', '573001112244'],
    ] as const) {
      await stage.pair(id, phone);
      await stage.send(id, CUSTOMER);
      await stage.receive(phone, CUSTOMER);
    }
    await stage.restartService();
    await stage.send('2', CUSTOMER);
    expect(entered.size).toBe(1);
  });

  it('stop and restart, however wildly called, leave one connection or none', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await Promise.all([
      stage.api.restart('2'),
      stage.api.stop('2'),
      stage.api.start('2'),
      stage.api.restart('2'),
      stage.api.restart('2'),
      stage.api.start('2'),
    ]);
    expect((await stage.api.ready('2')).body.status).toBe('connected');
    await stage.send('2', CUSTOMER);
    expect(stage.whatsapp.record.replaced).toEqual([]);
    const stopped = await stage.api.stop('2');
    expect(stopped.body.status).toBe('stopped');
    await stage.whatsapp.record.until(() =>
      stage.whatsapp
        .phone(PHONE)
        .devices()
        .every(({ connected }) => !connected),
    );
    const text = stage.text();
    const accepted = await stage.api.send('2', CUSTOMER, text, { wait_ms: 0 });
    expect(accepted).toMatchObject({
      status: 202,
      body: {
        success: true,
        status: 'queued',
        session_status: 'stopped',
        hint: expect.stringMatching(/start-session/),
      },
    });

    await stage.restartService();
    expect((await stage.api.status('2')).body).toMatchObject({ status: 'stopped', queue: { pending: 1 } });
    expect((await stage.api.ready('2')).body.status).toBe('connected');
    await stage.whatsapp.customer(CUSTOMER).receivedText(text);
    await stage.receive(PHONE, CUSTOMER);
  });

  it('replaced by another login, again after the one slow try: no fight, no login until somebody asks', async () => {
    stage = await Stage.set({ env: { MAX_CONCURRENT_LOGINS: '1', REPLACED_RETRY_DELAY: '50' } });
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.streamError(PHONE, 'conflict', { attrs: { type: 'replaced' } });
    await stage.log.until('session_connected', { org: '2', count: 2 });
    const logins = stage.whatsapp.record.loginsOf(PHONE).length;
    stage.whatsapp.mishaps.streamError(PHONE, 'conflict', { attrs: { type: 'replaced' } });
    const line = await stage.log.until('session_disconnected', { org: '2', count: 3 });
    expect(line).toMatchObject({ level: 'error', kind: 'replaced', next_try: null });
    const status = await stage.api.status('2');
    expect(status.body).toMatchObject({
      status: 'disconnected',
      next_reconnect_at: null,
      attention: { code: 'replaced' },
    });
    const text = stage.text();
    expect(await stage.api.send('2', CUSTOMER, text, { wait_ms: 0 })).toMatchObject({
      status: 202,
      // Accepted, and told at once that it needs a person.
      body: {
        success: true,
        status: 'queued',
        session_status: 'disconnected',
        hint: expect.stringMatching(/same keys/),
      },
    });
    // Another organization pairs and is cut and comes back meanwhile; whatever this one had planned would have happened
    // by then.
    await stage.pair('3', '573001114455');
    stage.whatsapp.mishaps.cut('573001114455');
    await stage.log.until('session_connected', { org: '3', count: 2 });
    expect(stage.whatsapp.record.loginsOf(PHONE)).toHaveLength(logins);
    expect(stage.log.events('session_cleaned')).toEqual([]);

    expect((await stage.api.ready('2')).body.status).toBe('connected');
    expect((await stage.api.status('2')).body.attention).toBeNull();
    await stage.whatsapp.customer(CUSTOMER).receivedText(text);
    await stage.send('2', CUSTOMER);
  });

  it('unlinked on the phone: logged_out, the folder set aside, a QR when somebody asks', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.whatsapp.phone(PHONE).unlink();
    await stage.log.until('session_unlinked', { org: '2' });
    expect((await stage.api.status('2')).body).toMatchObject({
      status: 'logged_out',
      connected: false,
      phone_number: null,
      attention: { code: 'unlinked' },
    });
    expect((await stage.api.backups('2')).body.backups).toMatchObject([{ reason: 'unlinked', phone_number: PHONE }]);
    const upgrades = stage.whatsapp.record.upgrades;
    const text = stage.text();
    expect(await stage.api.send('2', CUSTOMER, text, { wait_ms: 0 })).toMatchObject({
      status: 202,
      body: { success: true, status: 'queued', session_status: 'logged_out' },
    });
    await stage.restartService();
    expect((await stage.api.status('2')).body.status).toBe('logged_out');
    expect(stage.whatsapp.record.upgrades).toBe(upgrades);

    const qr = await stage.api.qr('2');
    expect(qr.body).toMatchObject({ status: 'qr_ready', has_qr: true });
    await stage.scan('2', PHONE);
    await stage.whatsapp.customer(CUSTOMER).receivedText(text);
    await stage.send('2', CUSTOMER);
  });

  it('unlinked while the service was away: 401 at the next login, logged_out', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.stopService();
    await stage.whatsapp.phone(PHONE).unlink();
    await stage.startService();
    await stage.log.until('session_unlinked', { org: '2' });
    expect((await stage.api.status('2')).body.status).toBe('logged_out');
  });

  it.each(['stopped', 'cleaned'])(
    'linked under a version that did not note it, and %s since: a send is accepted all the same',
    async (since) => {
      stage = await Stage.set();
      await stage.pair('2', PHONE);
      if (since === 'stopped') await stage.api.stop('2');
      else await stage.api.forceClean('2');
      await stage.stopService();
      const register = new Database(path.join(stage.directory, 'data', 'service.sqlite'));
      expect(register.prepare('DELETE FROM paired').run().changes).toBe(1);
      register.close();
      await stage.startService();
      const text = stage.text();
      expect(await stage.api.send('2', CUSTOMER, text, { wait_ms: 0 })).toMatchObject({
        status: 202,
        body: { success: true, status: 'queued' },
      });
      if (since === 'stopped') await stage.api.start('2');
      else await stage.api.restore('2');
      await stage.whatsapp.customer(CUSTOMER).receivedText(text);
    },
  );

  it('logout unlinks at WhatsApp, removes the keys, and stays so over a restart', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    const answer = await stage.api.logout('2');
    expect(answer.body).toMatchObject({ success: true });
    expect(stage.whatsapp.phone(PHONE).devices()).toEqual([]);
    expect(stage.whatsapp.record.unlinked).toMatchObject([{ org: PHONE, by: 'service' }]);
    expect((await stage.api.backups('2')).body.backups).toEqual([]);
    await stage.restartService();
    expect((await stage.api.status('2')).body.status).toBe('logged_out');
  });

  it('logout without an answer of WhatsApp sets the keys aside instead of destroying them', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.muteQueries(PHONE);
    const answer = await stage.api.logout('2');
    expect(answer.body).toMatchObject({ success: true });
    expect((await stage.api.backups('2')).body.backups).toMatchObject([{ reason: 'logout_unconfirmed' }]);
  });

  it('pairing by code: connected, without a camera', async () => {
    stage = await Stage.set();
    const started = await stage.api.start('2', { pairing_phone: `+57 300 111 2233` });
    expect(started.status).toBe(200);
    expect(started.body.pairing_code).toMatch(/^[A-Z0-9]{8}$/);
    await stage.whatsapp.phone(PHONE).enterPairingCode(started.body.pairing_code as string);
    expect((await stage.api.ready('2')).body.status).toBe('connected');
    expect((await stage.api.status('2')).body.phone_number).toBe(PHONE);
    await stage.send('2', CUSTOMER);
    const again = await stage.api.start('2', { pairing_phone: PHONE });
    expect(again.status).toBe(409);
    expect(again.body.code).toBe('already_paired');
  });
});
