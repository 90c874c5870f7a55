import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import path from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { Stage } from '../stage/stage.js';

const PHONE = '573001112233';
const CUSTOMER = '573109998877';

interface Told {
  posted: boolean;
  first: string;
  cleaned: boolean | null;
}

/** The existing booking backend, as a process of its own. */
function reflexClient(stage: Stage, sleepSeconds: number) {
  const script = path.join(import.meta.dirname, '../stage/reflex_client.py');
  const client = spawn('python3', [script, stage.api.url, stage.key, '2', String(sleepSeconds)]);
  onTestFinished(async () => {
    client.stdin.end();
    if (client.exitCode === null) await once(client, 'exit');
  });
  let errors = '';
  client.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
  return async (text: string): Promise<Told> => {
    client.stdin.write(`${CUSTOMER}\t${text}\n`);
    const { value, done } = (await lines.next()) as { value: string; done?: boolean };
    if (done) throw new Error(`the client ended: ${errors}`);
    return JSON.parse(value) as Told;
  };
}

describe('a client that cleans by reflex', () => {
  let stage: Stage;
  afterEach(() => stage.end());
  const clean = (more: object = {}) => stage.api.post('/api/force-clean-session', { organization_id: '2', ...more });
  const reconnects = () => stage.log.events('session_connected', '2').length;

  it('20 cuts: nothing is cleaned, and every message is posted and delivered', async () => {
    // Long enough that the client meets the session while it is away.
    stage = await Stage.set({ env: { RECONNECT_BASE_DELAY: '3000', RECONNECT_MAX_DELAY: '3000' } });
    await stage.pair('2', PHONE);
    const say = reflexClient(stage, 0.2);
    const texts: string[] = [];
    const told: Told[] = [];
    for (let n = 0; n < 20; n++) {
      const before = stage.log.events('session_disconnected', '2').length;
      stage.whatsapp.mishaps.cut(PHONE);
      await stage.log.until('session_disconnected', { org: '2', count: before + 1 });
      texts.push(stage.text());
      told.push(await say(texts[n] as string));
    }
    expect(told.filter(({ posted }) => !posted)).toEqual([]);
    // Otherwise it was not tried.
    expect(told.filter(({ first }) => first === 'disconnected').length).toBeGreaterThan(5);
    expect(told.filter(({ cleaned }) => cleaned === true)).toEqual([]);
    for (const text of texts) await stage.whatsapp.customer(CUSTOMER).receivedText(text);
    expect(stage.log.events('session_cleaned')).toEqual([]);
    expect((await stage.api.backups('2')).body.total).toBe(0);
    expect(stage.whatsapp.record.registrations).toHaveLength(1);
  });

  it('a session that waits for its next try logs in now; ten that ask at once share it', async () => {
    stage = await Stage.set({ env: { RECONNECT_BASE_DELAY: '600000', RECONNECT_MAX_DELAY: '600000' } });
    await stage.pair('2', PHONE);
    const logins = stage.whatsapp.record.loginsOf(PHONE).length;
    stage.whatsapp.mishaps.cut(PHONE);
    await stage.log.until('session_disconnected', { org: '2', count: 2 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => clean()));
    for (const { status, body } of answers) {
      expect(status).toBe(200);
      expect(body).toMatchObject({ success: true, cleaned: false, status: 'connected', backup: null, has_qr: false });
      expect(body.message).toBe('Nothing needed cleaning: the session is connected with the keys it has.');
    }
    expect(stage.whatsapp.record.loginsOf(PHONE)).toHaveLength(logins + 1);
    await stage.send('2', CUSTOMER);
  });

  it('WhatsApp does not answer: the answer says so within 10 s, and nothing is wiped', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    await stage.whatsapp.mishaps.refuseConnections(true);
    stage.whatsapp.mishaps.cut(PHONE);
    await stage.log.until('session_disconnected', { org: '2', count: 2 });
    const begun = Date.now();
    const { body } = await clean();
    expect(Date.now() - begun).toBeLessThan(10_000);
    expect(body).toMatchObject({ success: true, cleaned: false, backup: null });
    expect(['connecting', 'disconnected']).toContain(body.status);
    expect(body.message).toContain('Nothing was cleaned: the keys are good');
    const before = reconnects();
    await stage.whatsapp.mishaps.refuseConnections(false);
    await stage.log.until('session_connected', { org: '2', count: before + 1 });
    expect(stage.whatsapp.record.registrations).toHaveLength(1);
    await stage.send('2', CUSTOMER);
  });

  it('force, a connected session, and one that asks for a person are cleaned as before', async () => {
    stage = await Stage.set({ env: { RECONNECT_BASE_DELAY: '600000', RECONNECT_MAX_DELAY: '600000' } });
    await stage.pair('2', PHONE);
    // Connected, and not just back.
    expect((await clean()).body).toMatchObject({
      cleaned: true,
      status: 'qr_ready',
      backup: expect.any(String) as string,
    });
    await stage.scan('2', PHONE);
    stage.whatsapp.mishaps.cut(PHONE);
    await stage.log.until('session_disconnected', { org: '2', count: 3 });
    expect((await clean({ force: true })).body).toMatchObject({ cleaned: true, status: 'qr_ready' });
    await stage.scan('2', PHONE);
    stage.whatsapp.mishaps.failure(PHONE, 403);
    await stage.api.restart('2');
    await stage.log.until('session_disconnected', { org: '2', count: 5 });
    expect((await stage.api.status('2')).body.attention.code).toBe('locked');
    expect((await clean()).body).toMatchObject({ cleaned: true, status: 'qr_ready' });
    // Unpaired.
    expect((await clean()).body).toMatchObject({ cleaned: true, backup: null });
    expect((await clean({ force: 'yes' })).body).toMatchObject({
      code: 'invalid_request',
      fields: { force: expect.any(String) as string },
    });
  });

  it('while WhatsApp refuses this client version new keys would not help: nothing is wiped', async () => {
    stage = await Stage.set();
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.failure(PHONE, 405);
    stage.whatsapp.mishaps.cut(PHONE);
    await stage.log.until('session_disconnected', { org: '2', count: 3 });
    expect((await stage.api.status('2')).body.attention.code).toBe('version_refused');
    expect((await clean()).body).toMatchObject({
      cleaned: false,
      status: 'disconnected',
      backup: null,
      message:
        'Nothing was cleaned (with "force": true it is cleaned all the same). ' +
        'WhatsApp no longer accepts this client version; no session tries again.',
    });
    await stage.api.restart('2');
    await stage.log.until('session_connected', { org: '2', count: 2 });
    await stage.send('2', CUSTOMER);
  });

  it('the phone unlinked the device meanwhile: the answer says that, and not that the keys are good', async () => {
    stage = await Stage.set({ env: { RECONNECT_BASE_DELAY: '600000', RECONNECT_MAX_DELAY: '600000' } });
    await stage.pair('2', PHONE);
    stage.whatsapp.mishaps.cut(PHONE);
    await stage.log.until('session_disconnected', { org: '2', count: 2 });
    await stage.whatsapp.phone(PHONE).unlink();
    const { body } = await clean();
    expect(body).toMatchObject({ cleaned: false });
    expect(body.message).not.toContain('keys are good');
  });
});
